"""The cloud that breaks its word: rows that are not of their documented type, filters that are not heeded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from handler import settings
from handler.budget import Budget
from handler.cloud import rows
from handler.cloud.api import Api
from handler.cloud.vpc import Vpc
from handler.errors import Transient
from localcloud.core.faults import Reply, chain, error
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import Function, environment, outcomes
from tests.support.records import REGION
from tests.support.strikes import changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud import LocalCloud
    from localcloud.core.faults import Fault, Incoming, Proceed

CREATE, LOOK, LOGS = "CreateFlowLog", "DescribeNetworkInterfaces", "DescribeFlowLogs"
ROW = {"NetworkInterfaceId": "eni-78ysaex1", "VpcId": "vpc-pq9vxykj", "Attachment": {"InstanceId": "ins-8dn9vdif"}}
LOG = {"FlowLogId": "fl-f42uhpkj", "ResourceId": "eni-78ysaex1", "TagSet": [{"Key": "a", "Value": "b"}]}


def with_rows(change: Callable[[dict[str, Any]], Any]) -> Fault:
    """A fault that changes each row of a listing of interfaces."""
    name = "NetworkInterfaceSet"
    return changed(lambda response: response.update({name: [change(row) for row in response[name]]}))


def unheeded(filters: str) -> Fault:
    """A fault by which a filter does nothing: what it should have kept out comes too."""

    def fault(call: Incoming, proceed: Proceed) -> Reply:
        params: Any = call.params
        params.pop(filters, None)
        return proceed()

    return fault


@pytest.fixture
def interfaces(cloud: LocalCloud) -> list[str]:
    """Three interfaces that are attached to running instances."""
    return [cloud.seed_interface(REGION, instance_id=cloud.seed_instance(REGION)) for _ in range(3)]


@pytest.mark.parametrize(
    "change",
    [
        {"NetworkInterfaceId": 5}, {"NetworkInterfaceId": None}, {"NetworkInterfaceId": "vpc-pq9vxykj"}, {"VpcId": 1},
        {"VpcId": ["vpc-pq9vxykj"]}, {"SubnetId": {}}, {"Attachment": "ins-8dn9vdif"}, {"Attachment": [1]},
        {"Attachment": True}, {"Attachment": {"InstanceId": 5}}, {"TagSet": {}}, {"TagSet": ["a"]},
        {"TagSet": [{"Key": 1}]},
    ],
)  # fmt: skip
def test_an_interface_s_row_of_a_wrong_type(change: dict[str, Any]) -> None:
    """It is passed over and counted, with its id where that can be read; its neighbours are read."""
    read = rows.interfaces({"NetworkInterfaceSet": [ROW, {**ROW, **change}, ROW], "TotalCount": 3}, REGION)
    assert [each.interface_id for each in read.entries] == ["eni-78ysaex1"] * 2
    assert read.malformed == ["" if "NetworkInterfaceId" in change else "eni-78ysaex1"]
    assert (read.number, read.total) == (3, 3)


@pytest.mark.parametrize(
    "change",
    [
        {"ResourceId": None}, {"ResourceId": 5}, {"FlowLogId": []}, {"TrafficType": 1}, {"CloudLogId": {}},
        {"Enable": "true"}, {"Enable": 1}, {"StorageType": 1}, {"FlowLogStorage": "x"}, {"TagSet": "x"},
        {"ResourceType": 1},
        {"StorageType": "ckafka", "FlowLogStorage": {"StorageId": 5}},
    ],
)  # fmt: skip
def test_a_flow_log_s_row_of_a_wrong_type(change: dict[str, Any]) -> None:
    """The same."""
    read = rows.flow_logs({"FlowLog": [{**LOG, **change}, LOG, 5, None, "x", [LOG]], "TotalNum": 6})
    assert [each.flow_log_id for each in read.entries] == ["fl-f42uhpkj"]
    assert len(read.malformed) == 5


def test_what_a_row_may_leave_out() -> None:
    """A field may be null or missing; that is no wrong type."""
    bare = {"NetworkInterfaceId": "eni-1", "VpcId": None, "Attachment": None, "TagSet": None}
    (interface,) = rows.interfaces({"NetworkInterfaceSet": [bare]}, REGION).entries
    assert (interface.vpc_id, interface.attached, interface.tags) == ("", False, {})
    (log,) = rows.flow_logs({"FlowLog": [{"ResourceId": "eni-1", "Enable": None}]}).entries
    assert (log.enabled, log.storage, log.resource_type) == (True, "cls", "NETWORKINTERFACE")
    assert rows.flow_logs({"FlowLog": None}).number == rows.interfaces({}, REGION).number == 0


@pytest.mark.parametrize("listed", ["x", {"a": 1}, 5, True])
def test_rows_that_are_no_list(listed: Any) -> None:
    """Nothing could be read, which is not the same as that there is nothing."""
    with pytest.raises(Transient, match="NetworkInterfaceSet is no list"):
        rows.interfaces({"NetworkInterfaceSet": listed}, REGION)


def test_a_sweep_passes_over_a_malformed_row_and_says_so(
    function: Function, cloud: LocalCloud, interfaces: list[str]
) -> None:
    """All others of its region are covered; nobody can say of it that it is."""
    odd = interfaces[1]
    cloud.faults.add(
        LOOK,
        with_rows(lambda row: {**row, "Attachment": "x"} if row["NetworkInterfaceId"] == odd else row),
    )
    report = function({"command": "backfill", "regions": [REGION]})
    assert outcomes(report)["created"] >= 2
    assert [bool(cloud.flow_logs_of(REGION, each)) for each in interfaces] == [True, False, True]
    assert f"1 rows of {REGION} were passed over" in report["stopped"]
    assert f"1 rows of {REGION} were passed over" in function({"command": "status", "regions": [REGION]})["stopped"]


def test_an_event_of_an_interface_whose_row_is_malformed(
    function: Function, cloud: LocalCloud, interfaces: list[str]
) -> None:
    """It is not gone: it is a dead letter that a redrive makes good. Another of the same event is covered."""
    odd, other, _ = interfaces
    cloud.faults.add(
        LOOK,
        with_rows(lambda row: {**row, "Attachment": [1]} if row["NetworkInterfaceId"] == odd else row),
    )
    report = function(records.event_list(records.attached(odd), records.attached(other)), clock=Clock())
    assert outcomes(report) == {"created": 1, "dead_lettered": 1}
    (letter,) = function.letters()
    assert letter["interface"]["interface_id"] == odd
    assert (letter["error"]["class"], letter["error"]["code"]) == ("transient", "MalformedReply")
    assert letter["error"]["retryable"] is True


def test_an_interface_that_is_not_found_and_whose_row_is_malformed(
    function: Function, cloud: LocalCloud, interfaces: list[str]
) -> None:
    """A create finds nothing, and the look cannot be read: nobody knows that it is gone."""
    cloud.faults.add(CREATE, error("ResourceNotFound"))
    cloud.faults.add(LOOK, with_rows(lambda row: {**row, "VpcId": 5}))
    record = records.created(interfaces[0], cloud.network_of(REGION)[0])
    assert outcomes(function(record, clock=Clock())) == {"dead_lettered": 1}
    assert function.letters()[0]["error"]["code"] == "MalformedReply"


def test_only_what_was_asked_for_is_found(cloud: LocalCloud, interfaces: list[str]) -> None:
    """By id and by instance, whatever else the cloud answers with."""
    keys = settings.credentials(environment(cloud))
    vpc = Vpc(Api(cloud.endpoint, lambda: keys, Budget(20.0)), settings.load(environment(cloud)))
    (wanted,) = vpc.interfaces_by_id(REGION, [interfaces[2]])
    cloud.faults.add(LOOK, chain(unheeded("NetworkInterfaceIds"), unheeded("Filters")))
    assert vpc.interfaces_by_id(REGION, [interfaces[2]]) == [wanted]
    assert wanted in vpc.interfaces_by_instance(REGION, [wanted.instance_id])
    assert {each.instance_id for each in vpc.interfaces_by_instance(REGION, [wanted.instance_id])} == {
        wanted.instance_id
    }


def test_a_vpc_filter_that_is_not_heeded(function: Function, cloud: LocalCloud, interfaces: list[str]) -> None:
    """A backfill of one VPC covers no other."""
    vpc_id, subnet_id = cloud.seed_vpc(REGION)
    del subnet_id
    cloud.faults.add(LOOK, unheeded("Filters"))
    report = function({"command": "backfill", "regions": [REGION], "vpc_ids": [vpc_id]})
    assert "created" not in outcomes(report)
    assert [bool(cloud.flow_logs_of(REGION, each)) for each in interfaces] == [False] * 3


def test_a_listing_that_is_the_same_at_every_offset(
    function: Function, cloud: LocalCloud, interfaces: list[str]
) -> None:
    """A look for an instance's interfaces ends where nothing new comes."""
    instance = cloud.seed_instance(REGION)
    cloud.seed_interfaces(REGION, 120, instance_id=instance)

    def first_page(call: Incoming, proceed: Proceed) -> Reply:
        params: Any = call.params
        params["Offset"] = 0
        return proceed()

    cloud.faults.add(LOOK, first_page)
    report = function(records.run_instances(instance), clock=Clock())
    assert report["received"] >= 100
    assert cloud.calls.count(LOOK) <= 2 * 14 + len(interfaces)
