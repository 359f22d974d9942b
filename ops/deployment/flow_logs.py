"""The flow logs that the function made, for `remove --flow-logs`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handler.errors import CloudError
from ops.deployment.cloud import VPC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ops.deployment.cloud import Cloud


@dataclass(frozen=True)
class FlowLog:
    """One flow log, as DeleteFlowLog names it (doc 215/35014)."""

    region: str
    vpc_id: str
    flow_log_id: str
    interface_id: str


def ours(cloud: Cloud, regions: Iterable[str], description: str) -> Iterator[FlowLog]:
    """The interfaces' flow logs that carry our description, and nothing else: a tag may be shared with others.

    Args:
        cloud: the account.
        regions: where to look.
        description: FLOWLOG_DESCRIPTION; empty matches nothing.
    """
    for region in regions:
        for entry in _of_interfaces(cloud, region):
            if description and entry.get("FlowLogDescription") == description:
                yield FlowLog(region, str(entry.get("VpcId")), str(entry["FlowLogId"]), str(entry.get("ResourceId")))


def _of_interfaces(cloud: Cloud, region: str) -> Iterator[dict[str, Any]]:
    try:
        yield from cloud.pages(VPC, "DescribeFlowLogs", "FlowLog", {"ResourceType": "NETWORKINTERFACE"}, region)
    except CloudError as error:
        if not error.code.startswith("UnsupportedRegion"):  # a region that has no VPCs has no flow logs
            raise


def delete_all(cloud: Cloud, logs: Iterable[FlowLog], tell: Callable[[bool], None]) -> list[CloudError]:
    """Delete flow logs one after the other; one that fails does not stop the rest.

    Args:
        cloud: the account.
        logs: which.
        tell: told after each whether it failed.

    Returns:
        The errors of those that could not be deleted.
    """
    failures: list[CloudError] = []
    for log in logs:
        before = len(failures)
        try:
            delete(cloud, log)
        except CloudError as error:
            failures.append(error)
        tell(len(failures) > before)
    return failures


def delete(cloud: Cloud, flow_log: FlowLog) -> None:
    """DeleteFlowLog; one that is gone already is no error.

    Raises:
        CloudError: the call failed for good.
    """
    params = {"VpcId": flow_log.vpc_id, "FlowLogId": flow_log.flow_log_id}
    cloud.delete(VPC, "DeleteFlowLog", params, flow_log.region)
