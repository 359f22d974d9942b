"""Rules of the service bus and their targets: create, show, change, delete (API 2021-04-16)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.core.clock import beijing_iso
from localcloud.core.errors import ApiError, existing
from localcloud.core.listing import page_of
from localcloud.eb import pattern
from localcloud.eb.model import API, Bridge, Rule, Target, bus_of, function_of
from localcloud.scf.model import Functions

if TYPE_CHECKING:
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

MOST_TARGETS = 10
_NAME = re.compile(r"[A-Za-z\u4e00-\u9fff][\w-]{0,58}[A-Za-z0-9\u4e00-\u9fff]")
_DESCRIPTION = 200
_DEFAULTS = {"Enable": True, "Description": ""}
"""What CreateRule takes it to be where a call does not say; that a rule is on is inferred."""


@API.action()
def create_rule(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a rule."""
    bus_of(ctx, params)
    rule = _changed(ctx, Rule(f"rule-{ctx.account.ids.letters(8)}", ctx.now(), ctx.now(), _DEFAULTS), params)
    return {"RuleId": rule.rule_id}


@API.action()
def get_rule(ctx: Context, params: Params) -> dict[str, Any]:
    """Describe a rule with its pattern."""
    return _rule_reply(_rule(ctx, params))


@API.action()
def list_rules(ctx: Context, params: Params) -> dict[str, Any]:
    """List a bus's rules, without their patterns (documented)."""
    bus_of(ctx, params)
    bridge = _bridge(ctx)
    found = []
    for rule in page_of(params, list(bridge.rules.values())):
        reply = _rule_reply(rule)
        del reply["EventPattern"]
        targets = [{"TargetId": one.target_id, "Type": "scf"} for one in bridge.targets_of(rule.rule_id)]
        found.append({**reply, "Targets": targets})
    return {"TotalCount": len(bridge.rules), "Rules": found}


@API.action()
def update_rule(ctx: Context, params: Params) -> dict[str, Any]:
    """Change what is given of a rule."""
    _changed(ctx, _rule(ctx, params), params)
    return {}


@API.action()
def delete_rule(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a rule that has no targets."""
    rule, bridge = _rule(ctx, params), _bridge(ctx)
    if bridge.targets_of(rule.rule_id):
        raise ApiError("ResourceInUse.Rule", f"The rule `{rule.rule_id}` still has targets: delete them first.")
    del bridge.rules[rule.rule_id]
    return {}


@API.action()
def create_target(ctx: Context, params: Params) -> dict[str, Any]:
    """Let a rule's events run a function."""
    rule, bridge = _rule(ctx, params), _bridge(ctx)
    if params["Type"] != "scf":
        raise ApiError(
            "InvalidParameterValue.Type", f"The target type `{params['Type']}` is not scf, the only one here."
        )
    resource = params["TargetDescription"]["ResourceDescription"]
    function = function_of(resource, ctx.account.uin)
    if function is None:
        raise ApiError("InvalidParameterValue.TargetDescription", f"`{resource}` is no function of this account.")
    if len(bridge.targets_of(rule.rule_id)) >= MOST_TARGETS:
        raise ApiError("LimitExceeded.Target", f"The rule `{rule.rule_id}` has {MOST_TARGETS} targets already.")
    if params.get("EnableBatchDelivery") or "SCFParams" in params["TargetDescription"]:
        raise ApiError(
            "InvalidParameterValue.TargetDescription",
            "Targets get no batches here: leave EnableBatchDelivery and SCFParams out.",
        )
    known = ctx.account.region(function.region).state(Functions).rows.get(function)
    existing(known, "ResourceNotFound.Function", f"function `{function.name}`")
    target = Target(f"target-{ctx.account.ids.letters(8)}", rule.rule_id, resource, function)
    bridge.targets[target.target_id] = target
    return {"TargetId": target.target_id}


@API.action()
def list_targets(ctx: Context, params: Params) -> dict[str, Any]:
    """List a rule's targets."""
    rows = _bridge(ctx).targets_of(_rule(ctx, params).rule_id)
    found = [
        {
            "Type": "scf",
            "EventBusId": params["EventBusId"],
            "TargetId": target.target_id,
            "RuleId": target.rule_id,
            "TargetDescription": {"ResourceDescription": target.resource},
        }
        for target in page_of(params, rows)
    ]
    return {"TotalCount": len(rows), "Targets": found}


@API.action()
def delete_target(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a target."""
    rule, target_id = _rule(ctx, params), params["TargetId"]
    targets = {one.target_id: one for one in _bridge(ctx).targets_of(rule.rule_id)}
    existing(targets.get(target_id), "ResourceNotFound.Target", f"target `{target_id}`")
    del _bridge(ctx).targets[target_id]
    return {}


def _bridge(ctx: Context) -> Bridge:
    return ctx.region.state(Bridge)


def _rule(ctx: Context, params: Params) -> Rule:
    bus_of(ctx, params)
    return existing(_bridge(ctx).rules.get(params["RuleId"]), "ResourceNotFound.Rule", f"rule `{params['RuleId']}`")


def _changed(ctx: Context, rule: Rule, params: Params) -> Rule:
    """Keep a rule with what a call gives of it, and return it."""
    settings = {**rule.settings, **params}
    name, parsed = settings["RuleName"], pattern.parse(settings["EventPattern"])
    if not _NAME.fullmatch(name):
        raise ApiError("InvalidParameterValue.RuleName", f"The rule name `{name}` is not valid.")
    if len(settings["Description"]) > _DESCRIPTION:
        raise ApiError("InvalidParameterValue.Description", f"The description has more than {_DESCRIPTION} characters.")
    changed = replace(rule, settings=settings, parsed=parsed, modified=ctx.now())
    _bridge(ctx).rules[rule.rule_id] = changed
    return changed


def _rule_reply(rule: Rule) -> dict[str, Any]:
    times = {"AddTime": beijing_iso(rule.created), "ModTime": beijing_iso(rule.modified)}
    return {**rule.settings, "RuleId": rule.rule_id, "Status": "Active", **times}
