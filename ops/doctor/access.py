"""The keys, what the role may do, and the service role of flow logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.deployment import documents, grants, service_roles
from ops.deployment.cloud import CAM
from ops.deployment.policy import Policy
from ops.deployment.role import Role
from ops.doctor.finding import DEPLOY, Finding, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.doctor.case import Case


def credentials(there: Case) -> Iterator[Finding]:
    """The operator's keys work."""
    yield Finding("credentials", State.OK, f"account {there.cloud.uin}")


def permissions(there: Case) -> Iterator[Finding]:
    """The role may do each thing that the reviewed policy lists, by whatever policies it has."""
    if Role(there.wanted, there.cloud).find() is None:
        return
    attached = Policy(there.wanted, there.cloud).attached()
    replies = [there.cloud.find(CAM, "GetPolicy", {"PolicyId": policy["PolicyId"]}) for policy in attached]
    given = [grants.parse(reply.get("PolicyDocument")) for reply in replies if reply]
    needed = documents.role_policy(there.wanted, there.cloud.uin)
    missing = grants.lacking(needed, given)
    for action in dict.fromkeys(grant.action for grant in missing):
        where = ", ".join(grant.resource for grant in missing if grant.action == action)
        what = f"the role {there.wanted.role} may not {action} on {where}"
        yield Finding("permission", State.FAIL, what, DEPLOY)
    if not missing:
        number = len({grant.action for grant in grants.grants(needed)})
        yield Finding("permission", State.OK, f"all {number} actions of ops/policies/role-policy.json")


def granted_roles(there: Case) -> Iterator[Finding]:
    """Tencent's own services may do their part."""
    storage = there.settings.storage if there.settings else "cls"
    lacking = service_roles.lacking(storage, there.cloud)
    for role in lacking:
        yield Finding("service role", State.FAIL, f"there is no role {role.name}, {role.purpose}", f"{role.todo}.")
    if not lacking:
        yield Finding("service role", State.OK, " and ".join(role.name for role in service_roles.needed(storage)))
