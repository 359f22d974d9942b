"""The roles with which Tencent's own services act for the account: a person grants them once, in the console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.deployment.cloud import CAM

if TYPE_CHECKING:
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


def lacking(storage: str, cloud: Cloud) -> list[ServiceRole]:
    """Those of the needed roles that the account lacks.

    Raises:
        CloudError: they could not be looked for.
    """
    return [role for role in needed(storage) if cloud.find(CAM, "GetRole", {"RoleName": role.name}) is None]
