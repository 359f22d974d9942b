"""ListEventBuses, GetEventBus and the actions of rules and targets (API 2021-04-16)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.core.clock import beijing_iso
from localcloud.core.errors import ApiError
from localcloud.core.paging import page_of
from localcloud.eb import pattern
from localcloud.eb.model import API, Bus, Buses, Rule, Target, bus_of, function_of
from localcloud.scf.model import Functions

if TYPE_CHECKING:
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

MOST_TARGETS = 10
_NAME = re.compile(r"[A-Za-z\u4e00-\u9fff][\w-]{0,58}[A-Za-z0-9\u4e00-\u9fff]")
_DESCRIPTION = 200


@API.action()
def list_event_buses(ctx: Context, params: Params) -> dict[str, Any]:
    """List buses."""
    rows = [_bus_reply(bus) for bus in _buses(ctx).buses.values()]
    return {"TotalCount": len(rows), "EventBuses": page_of(params, rows)}


@API.action()
def get_event_bus(ctx: Context, params: Params) -> dict[str, Any]:
    """Describe a bus with its store of events."""
    bus = bus_of(ctx, params)
    return {
        **_bus_reply(bus),
        "EnableStore": bus.keeps,
    }


@API.action()
def create_rule(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a rule; it is on unless Enable is false (the default is inferred)."""
    bus = bus_of(ctx, params)
    rule = _changed(ctx, Rule(f"rule-{ctx.account.ids.letters(8)}", bus.bus_id, ctx.now()), params)
    _buses(ctx).rules[rule.rule_id] = rule
    return {"RuleId": rule.rule_id}


@API.action()
def get_rule(ctx: Context, params: Params) -> dict[str, Any]:
    """Describe a rule with its pattern."""
    rule = _rule(ctx, params)
    return {**_rule_reply(rule), "EventPattern": rule.pattern}


@API.action()
def list_rules(ctx: Context, params: Params) -> dict[str, Any]:
    """List a bus's rules, without their patterns (documented)."""
    buses, bus = _buses(ctx), bus_of(ctx, params)
    rows = buses.rules_of(bus.bus_id)
    found = [
        {
            **_rule_reply(rule),
            "Targets": [{"TargetId": one.target_id, "Type": "scf"} for one in buses.targets_of(rule.rule_id)],
        }
        for rule in page_of(params, rows)
    ]
    return {"TotalCount": len(rows), "Rules": found}


@API.action()
def update_rule(ctx: Context, params: Params) -> dict[str, Any]:
    """Change what is given of a rule."""
    rule = _changed(ctx, _rule(ctx, params), params)
    _buses(ctx).rules[rule.rule_id] = rule
    return {}


@API.action()
def delete_rule(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a rule that has no targets."""
    rule, buses = _rule(ctx, params), _buses(ctx)
    if buses.targets_of(rule.rule_id):
        raise ApiError("ResourceInUse.Rule", f"The rule `{rule.rule_id}` still has targets: delete them first.")
    del buses.rules[rule.rule_id]
    return {}


@API.action()
def create_target(ctx: Context, params: Params) -> dict[str, Any]:
    """Let a rule's events run a function."""
    rule, buses = _rule(ctx, params), _buses(ctx)
    if params["Type"] != "scf":
        raise ApiError(
            "InvalidParameterValue.Type", f"The target type `{params['Type']}` is not scf, the only one here."
        )
    resource = params["TargetDescription"]["ResourceDescription"]
    function = function_of(resource, ctx.account.uin)
    if function is None:
        raise ApiError("InvalidParameterValue.TargetDescription", f"`{resource}` is no function of this account.")
    if len(buses.targets_of(rule.rule_id)) >= MOST_TARGETS:
        raise ApiError("LimitExceeded.Target", f"The rule `{rule.rule_id}` has {MOST_TARGETS} targets already.")
    if params.get("EnableBatchDelivery") or "SCFParams" in params["TargetDescription"]:
        raise ApiError("InvalidParameterValue.TargetDescription", "A target gathers no events here.")
    if ctx.account.region(function.region).state(Functions).get(function.namespace, function.name) is None:
        raise ApiError("ResourceNotFound.Function", f"The function `{function.name}` does not exist.")
    target = Target(f"target-{ctx.account.ids.letters(8)}", rule.rule_id, rule.bus_id, resource, function)
    buses.targets[target.target_id] = target
    return {"TargetId": target.target_id}


@API.action()
def list_targets(ctx: Context, params: Params) -> dict[str, Any]:
    """List a rule's targets."""
    rows = _buses(ctx).targets_of(_rule(ctx, params).rule_id)
    return {"TotalCount": len(rows), "Targets": [_target_reply(target) for target in page_of(params, rows)]}


@API.action()
def delete_target(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a target."""
    del _buses(ctx).targets[_target(ctx, params).target_id]
    return {}


def _buses(ctx: Context) -> Buses:
    return ctx.region.state(Buses)


def _rule(ctx: Context, params: Params) -> Rule:
    bus, rule = bus_of(ctx, params), _buses(ctx).rules.get(params["RuleId"])
    if rule is None or rule.bus_id != bus.bus_id:
        raise ApiError("ResourceNotFound.Rule", f"The rule `{params['RuleId']}` does not exist.")
    return rule


def _target(ctx: Context, params: Params) -> Target:
    rule, target = _rule(ctx, params), _buses(ctx).targets.get(params["TargetId"])
    if target is None or target.rule_id != rule.rule_id:
        raise ApiError("ResourceNotFound.Target", f"The target `{params['TargetId']}` does not exist.")
    return target


def _changed(ctx: Context, rule: Rule, params: Params) -> Rule:
    """Return a rule with what a call gives of it."""
    name, written = params.get("RuleName", rule.name), params.get("EventPattern", rule.pattern)
    description = params.get("Description", rule.description)
    if not _NAME.fullmatch(name):
        raise ApiError("InvalidParameterValue.RuleName", f"The rule name `{name}` is not valid.")
    if len(description) > _DESCRIPTION:
        raise ApiError("InvalidParameterValue.Description", f"The description has more than {_DESCRIPTION} characters.")
    return replace(
        rule,
        name=name,
        pattern=written,
        parsed=pattern.parse(written),
        enabled=params.get("Enable", rule.enabled),
        description=description,
        modified=ctx.now(),
    )


def _bus_reply(bus: Bus) -> dict[str, Any]:
    return {
        "EventBusId": bus.bus_id,
        "EventBusName": bus.name,
        "Type": bus.kind,
        "Description": bus.description,
        "AddTime": beijing_iso(bus.created),
        "ModTime": beijing_iso(bus.created),
    }


def _rule_reply(rule: Rule) -> dict[str, Any]:
    return {
        "EventBusId": rule.bus_id,
        "RuleId": rule.rule_id,
        "RuleName": rule.name,
        "Status": "Active",
        "Enable": rule.enabled,
        "Description": rule.description,
        "AddTime": beijing_iso(rule.created),
        "ModTime": beijing_iso(rule.modified),
    }


def _target_reply(target: Target) -> dict[str, Any]:
    return {
        "Type": "scf",
        "EventBusId": target.bus_id,
        "TargetId": target.target_id,
        "RuleId": target.rule_id,
        "TargetDescription": {"ResourceDescription": target.resource},
    }
