"""The roles with which Tencent's own services act for the account: a person grants them once, in the console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.deployment.cloud import CAM
from ops.deployment.part import Step, Verb

if TYPE_CHECKING:
    from ops.config import Deployment
    from ops.deployment.cloud import Cloud


@dataclass(frozen=True)
class ServiceRole:
    """One role.

    Attributes:
        name: of the role.
        purpose: what is not done without it.
        todo: how it comes to be.
    """

    name: str
    purpose: str
    todo: str

    def is_there(self, cloud: Cloud) -> bool:
        """Whether the account has it.

        Raises:
            CloudError: it could not be looked for.
        """
        return cloud.find(CAM, "GetRole", {"RoleName": self.name}) is not None


FLOW_LOGS = ServiceRole(
    "FlowLogClsRole",  # doc 682/18934
    "with which VPC writes flow logs to CLS",
    "Open VPC > Flow logs once in the console and grant it when asked (docs/deploy.md)",
)
CLOUDAUDIT = ServiceRole(
    "CloudAudit_QCSRole",  # doc 248/87543
    "with which CloudAudit hands its records to EventBridge",
    "Open CloudAudit once in the console and grant it when asked (docs/deploy.md)",
)


def needed(storage: str) -> list[ServiceRole]:
    """The roles that a deployment needs whose flow logs go to CLS, or to somewhere else."""
    return [FLOW_LOGS, CLOUDAUDIT] if storage == "cls" else [CLOUDAUDIT]


def lacking(deployment: Deployment, cloud: Cloud) -> list[Step]:
    """A line of the plan for each role that is not there.

    Raises:
        CloudError: they could not be looked for.
    """
    roles = needed(deployment.variables.get("FLOWLOG_STORAGE", "cls"))
    return [
        Step("service role", role.name, Verb.MISSING, note=f"{role.purpose}, is not there. {role.todo}")
        for role in roles
        if not role.is_there(cloud)
    ]
