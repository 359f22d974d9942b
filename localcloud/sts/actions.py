"""STS 2018-08-13: who am I, and keys of a role (docs 1312/48195, 1312/48197)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from localcloud.cam import policy
from localcloud.cam.model import issue_keys, look_for_role
from localcloud.core.actions import Context, Service
from localcloud.core.clock import iso_time
from localcloud.core.errors import ApiError, existing, unauthorized

if TYPE_CHECKING:
    from localcloud.cam.model import Role
    from localcloud.core.account import Account
    from localcloud.core.parameters import Params

API = Service("sts", "2018-08-13", regional=False)
DEFAULT_SECONDS, MOST_SECONDS = 7200, 43_200
_ROLE_ARN = re.compile(r"qcs::cam::uin/(?P<uin>\d+):(?:roleName/(?P<name>[\w+=,.@-]+)|role/(?P<id>\d+))")
_SESSION = re.compile(r"[\w+=,.@-]{2,128}")


@API.action()
def get_caller_identity(ctx: Context, _params: Params) -> dict[str, Any]:
    """Tell the caller who it is, as the documented examples do. The account itself is a CAMUser here (inferred)."""
    caller = ctx.caller
    user_id = f"{caller.role_id}:{caller.session_name}" if caller.role_id else caller.principal_id
    return {
        "Arn": caller.arn,
        "AccountId": caller.uin,
        "UserId": user_id,
        "PrincipalId": caller.principal_id,
        "Type": "CAMRole" if caller.role_id else "CAMUser",
    }


@API.action()
def assume_role(ctx: Context, params: Params) -> dict[str, Any]:
    """Give out temporary keys of a role."""
    seconds = params.get("DurationSeconds", DEFAULT_SECONDS)
    if not 1 <= seconds <= MOST_SECONDS:
        raise ApiError("InvalidParameter.OverTimeError", f"DurationSeconds is {seconds}, not within 1-{MOST_SECONDS}.")
    if not _SESSION.fullmatch(params["RoleSessionName"]):
        raise ApiError("InvalidParameter.ParamError", "The parameter `RoleSessionName` is not valid.")
    role = _role(ctx.account, params["RoleArn"])
    if not role.trusts("qcs", ctx.account.principal):
        raise unauthorized("sts", "AssumeRole", params["RoleArn"])
    narrowed = _session_policy(params.get("Policy", ""))
    credential = issue_keys(ctx.account, role.name, seconds, params["RoleSessionName"], narrowed)
    assert credential.expires_at is not None
    return {
        "Credentials": {
            "Token": credential.token,
            "TmpSecretId": credential.secret_id,
            "TmpSecretKey": credential.secret_key,
        },
        "ExpiredTime": int(credential.expires_at),
        "Expiration": iso_time(credential.expires_at),
    }


def _role(account: Account, arn: str) -> Role:
    match = _ROLE_ARN.fullmatch(arn)
    role = look_for_role(account, match["name"], match["id"]) if match and match["uin"] == account.uin else None
    return existing(role, "InternalError.GetRoleError", f"role `{arn}`")


def _session_policy(encoded: str) -> str:
    """Return the policy that narrows a session; it comes with percent-encoding (documented)."""
    document = unquote(encoded)
    if document:
        try:
            policy.check_grants(document)
        except ApiError as error:
            raise ApiError("InvalidParameter.StrategyFormatError", error.message) from None
    return document
