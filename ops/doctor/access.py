"""The keys, the role and what it may do, and the service role of flow logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.deployment import documents
from ops.deployment.cloud import CAM
from ops.deployment.role import Policy
from ops.doctor.finding import DEPLOY, Finding, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.doctor.deployed import Deployed

FLOW_LOG_ROLE = "FlowLogClsRole"
"""The service role with which VPC writes flow logs to CLS (doc 682/18934)."""


def credentials(there: Deployed) -> Iterator[Finding]:
    """The operator's keys work."""
    yield Finding("credentials", State.OK, f"account {there.cloud.uin}")


def role(there: Deployed) -> Iterator[Finding]:
    """The role is there, and SCF may take it."""
    name, found = there.wanted.role, there.role
    if found is None:
        yield Finding("role", State.FAIL, f"there is no role {name}", DEPLOY)
        return
    missing = documents.trusted(documents.trust()) - documents.trusted(documents.parse(found.get("PolicyDocument")))
    if missing:
        yield Finding("role", State.FAIL, f"the role {name} does not trust {', '.join(sorted(missing))}", DEPLOY)
    else:
        yield Finding("role", State.OK, f"{name}, which SCF may take")


def permissions(there: Deployed) -> Iterator[Finding]:
    """The role may do each thing that the reviewed policy lists, by whatever policies it has."""
    if there.role is None:
        return
    attached = Policy(there.wanted, there.cloud).attached()
    replies = [there.cloud.find(CAM, "GetPolicy", {"PolicyId": policy["PolicyId"]}) for policy in attached]
    given = [documents.parse(reply.get("PolicyDocument")) for reply in replies if reply]
    needed = documents.role_policy(there.wanted, there.cloud.uin)
    missing = documents.lacking(needed, given)
    for action in dict.fromkeys(grant.action for grant in missing):
        where = ", ".join(grant.resource for grant in missing if grant.action == action)
        what = f"the role {there.wanted.role} may not {action} on {where}"
        yield Finding("permission", State.FAIL, what, DEPLOY)
    if not missing:
        number = len({grant.action for grant in documents.grants(needed)})
        yield Finding("permission", State.OK, f"all {number} actions of ops/policies/role-policy.json")


def service_role(there: Deployed) -> Iterator[Finding]:
    """VPC may write flow logs to CLS."""
    if there.settings and there.settings.storage != "cls":
        yield Finding("service role", State.OK, f"not needed: flow logs go to {there.settings.storage}")
    elif there.cloud.find(CAM, "GetRole", {"RoleName": FLOW_LOG_ROLE}) is None:
        what = f"there is no role {FLOW_LOG_ROLE}, with which VPC writes flow logs to CLS"
        todo = "Open VPC > Flow logs once in the console and grant it when asked (docs/deploy.md)."
        yield Finding("service role", State.FAIL, what, todo)
    else:
        yield Finding("service role", State.OK, FLOW_LOG_ROLE)
