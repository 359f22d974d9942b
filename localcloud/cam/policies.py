"""Policies, and their attachment to roles (API 2019-01-16)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.cam import policy
from localcloud.cam.model import API, CUSTOM, DEFAULTS, PRESET, Access, Policy, find_role
from localcloud.cam.roles import NAME, page
from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError, existing

if TYPE_CHECKING:
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

_TYPES = {CUSTOM: "User", PRESET: "QCS"}
_SCOPES = {"All": (CUSTOM, PRESET), "QCS": (PRESET,), "Local": (CUSTOM,)}


@API.action()
def create_policy(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a policy."""
    name = params["PolicyName"]
    if not NAME.fullmatch(name):
        raise ApiError("InvalidParameter.PolicyNameError", f"The policy name `{name}` is not valid.")
    policy.check_grants(params["PolicyDocument"])
    access = ctx.account.state(Access)
    if any(one.name == name for one in access.policies.values()):
        raise ApiError("FailedOperation.PolicyNameInUse", f"The policy `{name}` exists already.")
    made = Policy(next(access.policy_ids), ctx.now(), ctx.now(), {**DEFAULTS, **params})
    access.policies[made.policy_id] = made
    return {"PolicyId": made.policy_id}


@API.action()
def get_policy(ctx: Context, params: Params) -> dict[str, Any]:
    """Describe one policy."""
    row = _policy(ctx, params)
    return {**_described(row), "PolicyDocument": row.settings["PolicyDocument"]}


@API.action()
def update_policy(ctx: Context, params: Params) -> dict[str, Any]:
    """Change a policy's document or description."""
    row = _own_policy(ctx, params)
    changes: Params = {name: params[name] for name in ("PolicyDocument", "Description") if name in params}
    changed = replace(row, settings={**row.settings, **changes}, modified=ctx.now())
    policy.check_grants(changed.settings["PolicyDocument"])
    _policies(ctx)[row.policy_id] = changed
    return {"PolicyId": row.policy_id}


@API.action()
def list_policies(ctx: Context, params: Params) -> dict[str, Any]:
    """List policies, by scope and keyword."""
    scope = params.get("Scope", "All")
    if scope not in _SCOPES:
        raise ApiError("InvalidParameter.ScopeError", f"The scope `{scope}` is not one of All, QCS, Local.")
    keyword = params.get("Keyword", "")
    rows = [
        row for row in ctx.account.state(Access).policies.values() if row.kind in _SCOPES[scope] and keyword in row.name
    ]
    return {
        "TotalNum": len(rows),
        "List": [{"PolicyId": row.policy_id, **_described(row)} for row in page(params, rows)],
    }


@API.action()
def delete_policy(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete policies; they are detached from roles (inferred)."""
    access = ctx.account.state(Access)
    for row in [_own_policy(ctx, {"PolicyId": policy_id}) for policy_id in dict.fromkeys(params["PolicyId"])]:
        del access.policies[row.policy_id]
        for role in list(access.roles.values()):
            access.put(role.without_policy(row.policy_id))
    return {}


@API.action()
def attach_role_policy(ctx: Context, params: Params) -> dict[str, Any]:
    """Attach a policy to a role; doing it again changes nothing (inferred)."""
    role = find_role(ctx.account, params.get("AttachRoleName"), params.get("AttachRoleId"))
    ctx.account.state(Access).put(role.with_policy(_policy(ctx, params).policy_id, ctx.now()))
    return {}


@API.action()
def detach_role_policy(ctx: Context, params: Params) -> dict[str, Any]:
    """Detach a policy from a role; doing it again changes nothing (inferred)."""
    role = find_role(ctx.account, params.get("DetachRoleName"), params.get("DetachRoleId"))
    ctx.account.state(Access).put(role.without_policy(_policy(ctx, params).policy_id))
    return {}


@API.action()
def list_attached_role_policies(ctx: Context, params: Params) -> dict[str, Any]:
    """List the policies of a role."""
    role = find_role(ctx.account, params.get("RoleName"), params.get("RoleId"))
    shown = [_shown(_policies(ctx)[policy_id], since) for policy_id, since in page(params, list(role.attached))]
    return {"TotalNum": len(role.attached), "List": shown}


def _policies(ctx: Context) -> dict[int, Policy]:
    return ctx.account.state(Access).policies


def _shown(row: Policy, since: float) -> dict[str, Any]:
    return {
        "PolicyId": row.policy_id,
        "PolicyName": row.name,
        "AddTime": beijing_time(since),
        "PolicyType": _TYPES[row.kind],
        "Description": row.settings["Description"],
    }


def _policy(ctx: Context, params: Params) -> Policy:
    """Return the policy of a call's PolicyId; that of a PolicyName is not looked for here."""
    if "PolicyId" not in params:
        raise ApiError("InvalidParameter.ParamError", "PolicyId must be given.")
    policy_id = params["PolicyId"]
    return existing(_policies(ctx).get(policy_id), "ResourceNotFound.PolicyIdNotFound", f"policy `{policy_id}`")


def _own_policy(ctx: Context, params: Params) -> Policy:
    row = _policy(ctx, params)
    if row.kind == PRESET:
        raise ApiError("InvalidParameter.PolicyIdError", f"The policy `{row.name}` is a preset one.")
    return row


def _described(row: Policy) -> dict[str, Any]:
    shown = {name: row.settings[name] for name in ("PolicyName", "Description", "Tags")}
    times = {"AddTime": beijing_time(row.created), "UpdateTime": beijing_time(row.modified)}
    return {**shown, **times, "Type": row.kind}
