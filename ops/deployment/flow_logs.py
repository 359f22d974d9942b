"""The flow logs that the function made, for `remove --flow-logs`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from handler import schema
from handler.errors import CloudError
from handler.settings import named_regions
from ops.deployment.cloud import VPC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ops.deployment.cloud import Cloud
    from ops.deployment.wanted import Deployment

_DEFAULT_DESCRIPTION: str = schema.document("settings")["properties"]["FLOWLOG_DESCRIPTION"]["default"]


@dataclass(frozen=True)
class FlowLog:
    """One flow log, as DeleteFlowLog names it (doc 215/35014)."""

    region: str
    vpc_id: str
    flow_log_id: str
    interface_id: str


def regions_of(deployment: Deployment, cloud: Cloud) -> list[str]:
    """The regions that the sweep covers, each once: those of FLOWLOG_REGIONS, or all that are open to the account.

    Raises:
        CloudError: all are meant, and they could not be listed: what is left behind would go on costing.
    """
    return list(named_regions(deployment.variables.get("FLOWLOG_REGIONS", ""))) or cloud.regions()


def ours(deployment: Deployment, cloud: Cloud, regions: Iterable[str]) -> list[FlowLog]:
    """The interfaces' flow logs in some regions that carry our description, and no others: a tag may be shared."""
    description = deployment.variables.get("FLOWLOG_DESCRIPTION") or _DEFAULT_DESCRIPTION
    return [log for region in regions for log in _described(cloud, region, description)]


def _described(cloud: Cloud, region: str, description: str) -> list[FlowLog]:
    try:
        entries = list(cloud.pages(VPC, "DescribeFlowLogs", "FlowLog", {"ResourceType": "NETWORKINTERFACE"}, region))
    except CloudError as error:
        if not error.code.startswith("UnsupportedRegion"):  # a region that has no VPCs has no flow logs
            raise
        return []
    return [
        FlowLog(region, str(entry.get("VpcId")), str(entry["FlowLogId"]), str(entry.get("ResourceId")))
        for entry in entries
        if entry.get("FlowLogDescription") == description
    ]


def delete(cloud: Cloud, logs: Iterable[FlowLog]) -> Iterator[CloudError | None]:
    """Delete flow logs one after the other; one that fails does not stop the rest.

    Yields:
        For each its error, or None where it is gone, as it may have been before.
    """
    for log in logs:
        try:
            cloud.delete(VPC, "DeleteFlowLog", {"VpcId": log.vpc_id, "FlowLogId": log.flow_log_id}, log.region)
        except CloudError as error:
            yield error
        else:
            yield None
