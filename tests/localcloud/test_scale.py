"""100,000 interfaces: a page costs the same wherever it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from localcloud import LocalCloud
from tests.localcloud.conftest import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "ap-beijing"
MANY = 100_000
PAGES_WITHIN_S = 3.0


@pytest.fixture(scope="module")
def big() -> Iterator[Client]:
    with LocalCloud(enforce_limits=False) as cloud:
        cloud.seed_interfaces(REGION, MANY, flow_logs=1000)
        yield Client(cloud)


@pytest.mark.parametrize("more", [{}, {"Filters": [{"Name": "vpc-id", "Values": []}]}], ids=["all", "of a vpc"])
def test_deep_pages_are_as_quick_as_the_first(big: Client, more: dict[str, Any]) -> None:
    """40 pages over the whole list; each would take a tenth of a second if it copied or sorted everything."""
    if more:
        more["Filters"][0]["Values"] = [big.cloud.network_of(REGION)[0]]
    began = time.monotonic()
    for offset in range(0, MANY, MANY // 40):
        page = big("vpc", "DescribeNetworkInterfaces", REGION, Offset=offset, Limit=100, **more)
        assert len(page["NetworkInterfaceSet"]) == 100
        assert page["TotalCount"] == MANY + 1
    assert time.monotonic() - began < PAGES_WITHIN_S


def test_creating_and_looking_up_stay_quick(big: Client) -> None:
    cloud = big.cloud
    vpc_id, _ = cloud.network_of(REGION)
    loose = cloud.seed_interfaces(REGION, 40)
    began = time.monotonic()
    for interface in loose:
        big(
            "vpc",
            "CreateFlowLog",
            REGION,
            FlowLogName=interface,
            ResourceType="NETWORKINTERFACE",
            ResourceId=interface,
            VpcId=vpc_id,
            TrafficType="ALL",
            CloudLogId=cloud.topic_id,
        )
        assert big("vpc", "DescribeFlowLogs", REGION, ResourceId=interface)["TotalNum"] == 1
    assert time.monotonic() - began < PAGES_WITHIN_S
