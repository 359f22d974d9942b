"""Roles: create, describe, trust, delete (API 2019-01-16)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.cam import policy
from localcloud.cam.model import API, DEFAULTS, Access, Role, find_role
from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,128}")
MOST_ROWS = 200


@API.action()
def create_role(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a role that its trust policy's principals may take."""
    name, access = params["RoleName"], ctx.account.state(Access)
    if not NAME.fullmatch(name):
        raise ApiError("InvalidParameter.RoleNameError", f"The role name `{name}` is not valid.")
    policy.check_trust(params["PolicyDocument"])
    if name in access.roles:
        raise ApiError("InvalidParameter.RoleNameInUse", f"The role `{name}` exists already.")
    role = Role(str(next(access.role_ids)), ctx.now(), ctx.now(), {**DEFAULTS, **params})
    return {"RoleId": access.put(role).role_id}


@API.action()
def get_role(ctx: Context, params: Params) -> dict[str, Any]:
    """Describe one role."""
    return {"RoleInfo": _reply(ctx, _role(ctx, params))}


@API.action()
def update_assume_role_policy(ctx: Context, params: Params) -> dict[str, Any]:
    """Replace a role's trust policy."""
    role, trust = _role(ctx, params), params["PolicyDocument"]
    policy.check_trust(trust)
    settings = {**role.settings, "PolicyDocument": trust}
    ctx.account.state(Access).put(replace(role, settings=settings, modified=ctx.now()))
    return {}


@API.action()
def delete_role(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a role; its policies are detached, and its sessions may do nothing any more."""
    del ctx.account.state(Access).roles[_role(ctx, params).name]
    return {}


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
    return {
        **role.settings,
        "RoleId": role.role_id,
        "AddTime": beijing_time(role.created),
        "UpdateTime": beijing_time(role.modified),
        "RoleType": role.kind,
        "RoleArn": f"qcs::cam::uin/{ctx.account.uin}:roleName/{role.name}",
    }
