"""What the account's access management holds, and the roles and policies that are there from the start."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from localcloud.cam import policy
from localcloud.core.actions import Service
from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from localcloud.core.account import Account, Role

API = Service("cam", "2019-01-16", regional=False)
SCF_SERVICE = "scf.qcloud.com"
FLOW_LOG_ROLE = "FlowLogClsRole"
"""The service role with which flow logs are written to CLS."""
CLOUDAUDIT_ROLE = "CloudAudit_QCSRole"
"""The service role without which CloudAudit hands no event on."""

_ALLOW_ALL = '{"version":"2.0","statement":[{"effect":"allow","action":["*"],"resource":["*"]}]}'
_ALLOW_LOGGING = '{"version":"2.0","statement":[{"effect":"allow","action":["cls:*"],"resource":["*"]}]}'
_ADMINISTRATOR_ID, _FLOW_LOG_POLICY_ID, _CLOUDAUDIT_POLICY_ID, _FIRST_OWN_ID = 1, 8_000_001, 18_150_187, 230_000_001

_SERVICE_ROLES = {
    FLOW_LOG_ROLE: ("vpc.cloud.tencent.com", _FLOW_LOG_POLICY_ID, "Flow logs' access to CLS"),
    CLOUDAUDIT_ROLE: ("cloudaudit.cloud.tencent.com", _CLOUDAUDIT_POLICY_ID, "CloudAudit's access to other services"),
}
"""By name: the service that takes it, the policy attached to it, and what it is for."""


@dataclass(frozen=True)
class Policy:
    """A policy; `preset` ones are Tencent's own."""

    policy_id: int
    name: str
    document: str
    created: float
    modified: float
    description: str = ""
    preset: bool = False
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def parsed(self) -> dict[str, Any]:
        """Return the document as an object."""
        return parsed(self.document)


@dataclass(frozen=True)
class Details:
    """What a role is beyond its name and id: `trust` is its trust policy, `attached` maps policy ids to times."""

    trust: str
    created: float
    modified: float
    description: str = ""
    session_s: int = 43_200
    console_login: int = 0
    kind: str = "user"
    tags: tuple[tuple[str, str], ...] = ()
    attached: tuple[tuple[int, float], ...] = ()

    def has(self, policy_id: int) -> bool:
        """Tell whether a policy is attached."""
        return any(policy_id == attached for attached, _ in self.attached)

    def with_policy(self, policy_id: int, now: float) -> Details:
        """Return the same with one policy more."""
        return self if self.has(policy_id) else replace(self, attached=(*self.attached, (policy_id, now)))

    def without_policy(self, policy_id: int) -> Details:
        """Return the same with one policy less."""
        return replace(self, attached=tuple(one for one in self.attached if one[0] != policy_id))


class Access:
    """The account's policies by id, and its roles' details by name."""

    def __init__(self) -> None:
        self.policies = {
            _ADMINISTRATOR_ID: Policy(_ADMINISTRATOR_ID, "AdministratorAccess", _ALLOW_ALL, 0.0, 0.0, preset=True),
            _FLOW_LOG_POLICY_ID: Policy(
                _FLOW_LOG_POLICY_ID, "QcloudAccessForFlowLogClsRole", _ALLOW_LOGGING, 0.0, 0.0, preset=True
            ),
            _CLOUDAUDIT_POLICY_ID: Policy(
                _CLOUDAUDIT_POLICY_ID, "QcloudAccessForCARole", _ALLOW_LOGGING, 0.0, 0.0, preset=True
            ),
        }
        self.details: dict[str, Details] = {}
        self._ids = count(_FIRST_OWN_ID)

    def new_policy_id(self) -> int:
        """Return an id that was never given before."""
        return next(self._ids)


@functools.lru_cache(maxsize=1024)
def parsed(document: str) -> dict[str, Any]:
    """Return a stored document as an object; it was checked when it came in."""
    content: dict[str, Any] = json.loads(document)
    return content


def add_service_role(account: Account, name: str) -> None:
    """Make a service role that an account gets when it agrees to a service in the console.

    Args:
        account: Where.
        name: FLOW_LOG_ROLE or CLOUDAUDIT_ROLE.
    """
    service, policy_id, description = _SERVICE_ROLES[name]
    account.add_role(name)
    now = account.now()
    details = Details(_trust({"service": [service]}), now, now, description, kind="system")
    account.state(Access).details[name] = details.with_policy(policy_id, now)


def details_of(account: Account, role: Role) -> Details:
    """Return a role's details. One that was made by `Account.add_role` may do everything, and anybody may take it."""
    access = account.state(Access)
    if role.name not in access.details:
        trust = _trust({"service": [SCF_SERVICE], "qcs": [f"qcs::cam::uin/{account.uin}:root"]})
        access.details[role.name] = Details(trust, account.now(), account.now(), attached=((_ADMINISTRATOR_ID, 0.0),))
    return access.details[role.name]


def find_role(account: Account, name: str | None, role_id: str | None = None) -> Role:
    """Return the role of this name or id.

    Raises:
        ApiError: InvalidParameter.ParamError, when neither is given; InvalidParameter.RoleNotExist.
    """
    if not (name or role_id):
        raise ApiError("InvalidParameter.ParamError", "One of the role's name and id must be given.")
    for role in account.roles.values():
        if role.name == name or role.role_id == role_id:
            return role
    raise ApiError("InvalidParameter.RoleNotExist", f"The role `{name or role_id}` does not exist.")


def service_may_assume(account: Account, role_name: str, service: str) -> bool:
    """Tell whether there is such a role and it trusts this service."""
    role = account.roles.get(role_name)
    return role is not None and policy.may_assume(parsed(details_of(account, role).trust), service)


def account_may_assume(account: Account, role_name: str) -> bool:
    """Tell whether there is such a role and it trusts the account itself."""
    role = account.roles.get(role_name)
    return role is not None and policy.may_account_assume(parsed(details_of(account, role).trust), account.uin)


def _trust(principal: dict[str, list[str]]) -> str:
    statement = {"action": ["name/sts:AssumeRole"], "effect": "allow", "principal": principal}
    return json.dumps({"version": "2.0", "statement": [statement]}, separators=(",", ":"))
