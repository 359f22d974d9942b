"""What the account's access management holds: roles and policies, and those that are there from the start."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from localcloud.cam import policy
from localcloud.core.actions import Service
from localcloud.core.errors import ApiError, existing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.core.account import Account, Credential

API = Service("cam", "2019-01-16", regional=False)
SCF_SERVICE = "scf.qcloud.com"
LOCAL_ROLE = "local-role"
FLOW_LOG_ROLE = "FlowLogClsRole"
"""The service role with which flow logs are written to CLS."""
CLOUDAUDIT_ROLE = "CloudAudit_QCSRole"
"""The service role without which CloudAudit hands no event on."""

_ALLOW_ALL = '{"version":"2.0","statement":[{"effect":"allow","action":["*"],"resource":["*"]}]}'
_ALLOW_LOGGING = '{"version":"2.0","statement":[{"effect":"allow","action":["cls:*"],"resource":["*"]}]}'
_ADMINISTRATOR_ID, _FLOW_LOG_POLICY_ID, _CLOUDAUDIT_POLICY_ID, _FIRST_OWN_ID = 1, 8_000_001, 18_150_187, 230_000_001
CUSTOM, PRESET = 1, 2
"""Whose a policy is, as the API numbers it: the account's own, or Tencent's."""
_PRESETS = {
    _ADMINISTRATOR_ID: ("AdministratorAccess", _ALLOW_ALL),
    _FLOW_LOG_POLICY_ID: ("QcloudAccessForFlowLogClsRole", _ALLOW_LOGGING),
    _CLOUDAUDIT_POLICY_ID: ("QcloudAccessForCARole", _ALLOW_LOGGING),
}
"""Tencent's own policies, by id: name and document."""
_SERVICE_ROLES = {
    FLOW_LOG_ROLE: ("vpc.cloud.tencent.com", _FLOW_LOG_POLICY_ID, "Flow logs' access to CLS"),
    CLOUDAUDIT_ROLE: ("cloudaudit.cloud.tencent.com", _CLOUDAUDIT_POLICY_ID, "CloudAudit's access to other services"),
}
"""By name: the service that takes it, the policy attached to it, and what it is for."""
_FIRST_ROLE_ID = 4_611_686_018_400_000_001


DEFAULTS: dict[str, Any] = {"Description": "", "Tags": []}
"""Of the settings of policies and roles, what a call need not give."""


@dataclass(frozen=True)
class Policy:
    """A policy: `settings` are what CreatePolicy takes, by its names; `kind` is CUSTOM or PRESET, Tencent's own."""

    policy_id: int
    created: float
    modified: float
    settings: Mapping[str, Any]
    kind: int = CUSTOM

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.settings["PolicyName"])


@dataclass(frozen=True)
class Role:
    """A role that a service or a user can take: `settings` are what CreateRole takes, by its names.

    `attached` maps policy ids to times.
    """

    role_id: str
    created: float
    modified: float
    settings: Mapping[str, Any]
    kind: str = "user"
    attached: tuple[tuple[int, float], ...] = ()

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.settings["RoleName"])

    def with_policy(self, policy_id: int, now: float) -> Role:
        """Return the same with one policy more."""
        return replace(self, attached=tuple({policy_id: now, **dict(self.attached)}.items()))

    def without_policy(self, policy_id: int) -> Role:
        """Return the same with one policy less."""
        return replace(self, attached=tuple(one for one in self.attached if one[0] != policy_id))

    def trusts(self, kind: str, principal: str) -> bool:
        """Tell whether a principal may take the role.

        Args:
            kind: "service", or "qcs" for an account.
            principal: Such as `scf.qcloud.com` or `qcs::cam::uin/UIN:root`.
        """
        return policy.trusts(parsed(self.settings["PolicyDocument"]), kind, principal)


class Access:
    """The account's policies by id and its roles by name."""

    def __init__(self) -> None:
        self.policies = {}
        for one_id, (name, document) in _PRESETS.items():
            settings = {**DEFAULTS, "PolicyName": name, "PolicyDocument": document}
            self.policies[one_id] = Policy(one_id, 0.0, 0.0, settings, PRESET)
        self.roles: dict[str, Role] = {}
        self.policy_ids = count(_FIRST_OWN_ID)
        self.role_ids = count(_FIRST_ROLE_ID)

    def put(self, role: Role) -> Role:
        """Add a role, or replace the one of its name, and return it."""
        self.roles[role.name] = role
        return role

    def documents_of(self, role: Role) -> list[dict[str, Any]]:
        """Return the documents of the policies that a role has."""
        return [parsed(self.policies[policy_id].settings["PolicyDocument"]) for policy_id, _ in role.attached]


@functools.lru_cache(maxsize=1024)
def parsed(document: str) -> dict[str, Any]:
    """Return a stored document as an object; it was checked when it came in."""
    content: dict[str, Any] = json.loads(document)
    return content


def add_role(account: Account, name: str) -> Role:
    """Make a role that may do everything and that SCF and the account itself may take, unless there is one."""
    with account.lock:
        found = account.state(Access).roles.get(name)
        trusted = {"service": [SCF_SERVICE], "qcs": [account.principal]}
        return found or _new_role(account, {"RoleName": name}, trusted, _ADMINISTRATOR_ID)


def add_service_role(account: Account, name: str) -> None:
    """Make a service role that an account gets when it agrees to a service in the console.

    Args:
        account: Where.
        name: FLOW_LOG_ROLE or CLOUDAUDIT_ROLE.
    """
    service, policy_id, description = _SERVICE_ROLES[name]
    settings = {"RoleName": name, "Description": description}
    _new_role(account, settings, {"service": [service]}, policy_id, kind="system")


def find_role(account: Account, name: str | None, role_id: str | None = None) -> Role:
    """Return the role of this name or id.

    Raises:
        ApiError: InvalidParameter.ParamError, when neither is given; InvalidParameter.RoleNotExist.
    """
    if not (name or role_id):
        raise ApiError("InvalidParameter.ParamError", "One of the role's name and id must be given.")
    role = look_for_role(account, name, role_id)
    return existing(role, "InvalidParameter.RoleNotExist", f"role `{name or role_id}`")


def look_for_role(account: Account, name: str | None, role_id: str | None) -> Role | None:
    """Return the role of this name or id, if there is one."""
    roles = account.state(Access).roles.values()
    return next((role for role in roles if role.name == name or role.role_id == role_id), None)


def issue_keys(
    account: Account, role_name: str, seconds: float, session_name: str = "session", session_policy: str = ""
) -> Credential:
    """Return temporary keys of a role.

    Args:
        account: The account.
        role_name: The role.
        seconds: How long they are good for, by the cloud's clock.
        session_name: What the session is called.
        session_policy: A policy that narrows what the role may do, as JSON; none if empty.

    Raises:
        KeyError: There is no such role.
    """
    with account.lock:
        role = account.state(Access).roles[role_name]
        return account.new_session(role.name, role.role_id, session_name, session_policy, seconds)


def _new_role(
    account: Account, settings: dict[str, Any], trusted: dict[str, list[str]], policy_id: int, kind: str = "user"
) -> Role:
    access, now = account.state(Access), account.now()
    statement = {"action": ["name/sts:AssumeRole"], "effect": "allow", "principal": trusted}
    trust = json.dumps({"version": "2.0", "statement": [statement]}, separators=(",", ":"))
    whole = {**DEFAULTS, **settings, "PolicyDocument": trust}
    role = Role(str(next(access.role_ids)), now, now, whole, kind)
    return access.put(role.with_policy(policy_id, now))
