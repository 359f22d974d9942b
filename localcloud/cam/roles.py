"""Roles: create, describe, trust, delete (API 2019-01-16)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.cam import policy
from localcloud.cam.model import API, Access, Details, details_of, find_role
from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError
from localcloud.core.parameters import list_of, text, unsigned

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.core.account import Role
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,128}")
MOST_ROWS = 200


_TAGS = list_of({"Key": text.must(), "Value": text.must()})
_ROLE = {"RoleId": text, "RoleName": text}


@API.action(
    {
        "RoleName": text.must(),
        "PolicyDocument": text.must(),
        "Description": text,
        "ConsoleLogin": unsigned,
        "SessionDuration": unsigned,
        "Tags": _TAGS,
    }
)
def create_role(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a role that its trust policy's principals may take."""
    name, trust = params["RoleName"], params["PolicyDocument"]
    if not NAME.fullmatch(name):
        raise ApiError("InvalidParameter.RoleNameError", f"The role name `{name}` is not valid.")
    check(trust, policy.check_trust_policy)
    if name in ctx.account.roles:
        raise ApiError("InvalidParameter.RoleNameInUse", f"The role `{name}` exists already.")
    role = ctx.account.add_role(name)
    access_of(ctx).details[name] = Details(
        trust=trust,
        created=ctx.now(),
        modified=ctx.now(),
        description=params.get("Description", ""),
        session_s=params.get("SessionDuration") or 43_200,
        console_login=params.get("ConsoleLogin", 0),
        tags=tuple((tag["Key"], tag["Value"]) for tag in params.get("Tags", ())),
    )
    return {"RoleId": role.role_id}


@API.action(_ROLE)
def get_role(ctx: Context, params: Params) -> dict[str, Any]:
    """Describe one role."""
    return {"RoleInfo": _reply(ctx, _role(ctx, params))}


@API.action({"Page": unsigned.must(), "Rp": unsigned.must(), "Tags": _TAGS})
def describe_role_list(ctx: Context, params: Params) -> dict[str, Any]:
    """List roles."""
    wanted = {(tag["Key"], tag["Value"]) for tag in params.get("Tags", ())}
    roles = [role for role in ctx.account.roles.values() if wanted <= set(details_of(ctx.account, role).tags)]
    return {"TotalNum": len(roles), "List": [_reply(ctx, role) for role in page(params, roles)]}


@API.action({"PolicyDocument": text.must(), **_ROLE})
def update_assume_role_policy(ctx: Context, params: Params) -> dict[str, Any]:
    """Replace a role's trust policy."""
    role = _role(ctx, params)
    check(params["PolicyDocument"], policy.check_trust_policy)
    changed = replace(details_of(ctx.account, role), trust=params["PolicyDocument"], modified=ctx.now())
    access_of(ctx).details[role.name] = changed
    return {}


@API.action({"Description": text.must(), **_ROLE})
def update_role_description(ctx: Context, params: Params) -> dict[str, Any]:
    """Replace a role's description."""
    role = _role(ctx, params)
    changed = replace(details_of(ctx.account, role), description=params["Description"], modified=ctx.now())
    access_of(ctx).details[role.name] = changed
    return {}


@API.action(_ROLE)
def delete_role(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a role; its policies are detached, and its sessions may do nothing any more."""
    role = _role(ctx, params)
    del ctx.account.roles[role.name]
    access_of(ctx).details.pop(role.name, None)
    return {}


def access_of(ctx: Context) -> Access:
    """Return the account's access management."""
    return ctx.account.state(Access)


def check(document: str, checker: Callable[[dict[str, Any]], None]) -> None:
    """Refuse a malformed policy document.

    Raises:
        ApiError: with CAM's code for what is wrong.
    """
    try:
        checker(policy.parse(document))
    except policy.PolicyError as error:
        raise ApiError(error.code, str(error)) from None


def page(params: Params, rows: list[Any]) -> list[Any]:
    """Return the page that `Page`, from 1 on, and `Rp`, its rows, ask for.

    Raises:
        ApiError: InvalidParameter.ParamError.
    """
    number, size = params.get("Page", 1), params.get("Rp", 20)
    if number < 1 or not 1 <= size <= MOST_ROWS:
        message = f"The page {number} of {size} rows is not one from 1 on, of 1-{MOST_ROWS} rows."
        raise ApiError("InvalidParameter.ParamError", message)
    return rows[(number - 1) * size : number * size]


def _role(ctx: Context, params: Params) -> Role:
    return find_role(ctx.account, params.get("RoleName"), params.get("RoleId"))


def _reply(ctx: Context, role: Role) -> dict[str, Any]:
    details = details_of(ctx.account, role)
    return {
        "RoleId": role.role_id,
        "RoleName": role.name,
        "PolicyDocument": details.trust,
        "Description": details.description,
        "AddTime": beijing_time(details.created),
        "UpdateTime": beijing_time(details.modified),
        "ConsoleLogin": details.console_login,
        "RoleType": details.kind,
        "SessionDuration": details.session_s,
        "DeletionTaskId": None,
        "Tags": [{"Key": key, "Value": value} for key, value in details.tags],
        "RoleArn": f"qcs::cam::uin/{ctx.account.uin}:roleName/{role.name}",
    }
