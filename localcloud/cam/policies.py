"""Policies, and their attachment to roles (API 2019-01-16)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.cam import policy
from localcloud.cam.model import API, Access, Policy, Role, find_role
from localcloud.cam.roles import NAME, page
from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError
from localcloud.core.parameters import tag_set, tags_of

if TYPE_CHECKING:
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

CUSTOM, PRESET = 1, 2
BY_SYNTAX = 2
_TYPES = {CUSTOM: "User", PRESET: "QCS"}
_SCOPES = {"All": (CUSTOM, PRESET), "QCS": (PRESET,), "Local": (CUSTOM,)}


@API.action()
def create_policy(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a policy."""
    name, document = params["PolicyName"], params["PolicyDocument"]
    if not NAME.fullmatch(name):
        raise ApiError("InvalidParameter.PolicyNameError", f"The policy name `{name}` is not valid.")
    policy.check_grants(document)
    access = ctx.account.state(Access)
    if any(one.name == name for one in access.policies.values()):
        raise ApiError("FailedOperation.PolicyNameInUse", f"The policy `{name}` exists already.")
    made = Policy(
        policy_id=next(access.policy_ids),
        name=name,
        document=document,
        created=ctx.now(),
        modified=ctx.now(),
        description=params.get("Description", ""),
        tags=tags_of(params),
    )
    access.policies[made.policy_id] = made
    return {"PolicyId": made.policy_id}


@API.action()
def get_policy(ctx: Context, params: Params) -> dict[str, Any]:
    """Describe one policy."""
    row = _policy(ctx, params)
    return {
        "PolicyName": row.name,
        "Description": row.description,
        "Type": _kind(row),
        "AddTime": beijing_time(row.created),
        "UpdateTime": beijing_time(row.modified),
        "PolicyDocument": row.document,
        "PresetAlias": "",
        "IsServiceLinkedRolePolicy": 0,
        "Tags": tag_set(row.tags),
    }


@API.action()
def update_policy(ctx: Context, params: Params) -> dict[str, Any]:
    """Change a policy's document or description."""
    row = _own_policy(ctx, params)
    document = params.get("PolicyDocument", row.document)
    policy.check_grants(document)
    ctx.account.state(Access).policies[row.policy_id] = replace(
        row, document=document, description=params.get("Description", row.description), modified=ctx.now()
    )
    return {"PolicyId": row.policy_id}


@API.action()
def list_policies(ctx: Context, params: Params) -> dict[str, Any]:
    """List policies, by scope and keyword."""
    scope = params.get("Scope", "All")
    if scope not in _SCOPES:
        raise ApiError("InvalidParameter.ScopeError", f"The scope `{scope}` is not one of All, QCS, Local.")
    keyword = params.get("Keyword", "")
    rows = [
        row
        for row in ctx.account.state(Access).policies.values()
        if _kind(row) in _SCOPES[scope] and keyword in row.name
    ]
    return {
        "TotalNum": len(rows),
        "List": [_summary(ctx, row) for row in page(params, rows)],
        "ServiceTypeList": [],
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
    row = _policy(ctx, params)
    ctx.account.state(Access).put(role.with_policy(row.policy_id, ctx.now()))
    return {}


@API.action()
def detach_role_policy(ctx: Context, params: Params) -> dict[str, Any]:
    """Detach a policy from a role; doing it again changes nothing (inferred)."""
    role = find_role(ctx.account, params.get("DetachRoleName"), params.get("DetachRoleId"))
    row = _policy(ctx, params)
    ctx.account.state(Access).put(role.without_policy(row.policy_id))
    return {}


@API.action()
def list_attached_role_policies(ctx: Context, params: Params) -> dict[str, Any]:
    """List the policies of a role."""
    role = find_role(ctx.account, params.get("RoleName"), params.get("RoleId"))
    rows = [row for row in _attached(ctx, role) if params.get("PolicyType", row["PolicyType"]) == row["PolicyType"]]
    rows = [row for row in rows if params.get("Keyword", "") in row["PolicyName"]]
    return {"TotalNum": len(rows), "List": page(params, rows)}


def _attached(ctx: Context, role: Role) -> list[dict[str, Any]]:
    policies = ctx.account.state(Access).policies
    return [
        {
            "PolicyId": policy_id,
            "PolicyName": policies[policy_id].name,
            "AddTime": beijing_time(since),
            "PolicyType": _TYPES[_kind(policies[policy_id])],
            "CreateMode": BY_SYNTAX,
            "Deactived": 0,
            "DeactivedDetail": [],
            "Description": policies[policy_id].description,
        }
        for policy_id, since in role.attached
    ]


def _policy(ctx: Context, params: Params) -> Policy:
    policies, name = ctx.account.state(Access).policies, params.get("PolicyName")
    if "PolicyId" in params:
        if params["PolicyId"] in policies:
            return policies[params["PolicyId"]]
        raise ApiError("ResourceNotFound.PolicyIdNotFound", f"The policy `{params['PolicyId']}` does not exist.")
    for row in policies.values():
        if row.name == name:
            return row
    if name:
        raise ApiError("ResourceNotFound.NotFound", f"The policy `{name}` does not exist.")
    raise ApiError("InvalidParameter.ParamError", "One of PolicyId and PolicyName must be given.")


def _own_policy(ctx: Context, params: Params) -> Policy:
    row = _policy(ctx, params)
    if row.preset:
        raise ApiError("InvalidParameter.PolicyIdError", f"The policy `{row.name}` is a preset one.")
    return row


def _kind(row: Policy) -> int:
    return PRESET if row.preset else CUSTOM


def _summary(ctx: Context, row: Policy) -> dict[str, Any]:
    attachments = sum(role.has(row.policy_id) for role in ctx.account.state(Access).roles.values())
    return {
        "PolicyId": row.policy_id,
        "PolicyName": row.name,
        "AddTime": beijing_time(row.created),
        "Type": _kind(row),
        "Description": row.description,
        "CreateMode": BY_SYNTAX,
        "Attachments": attachments,
        "ServiceType": "",
        "IsAttached": None,
        "Deactived": 0,
        "DeactivedDetail": [],
        "IsServiceLinkedPolicy": 0,
        "AttachEntityCount": attachments,
        "AttachEntityBoundaryCount": 0,
        "UpdateTime": beijing_time(row.modified),
        "Tags": tag_set(row.tags),
    }
