"""Flow logs: every refusal of CreateFlowLog, and what is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client

KO = ("S1.SMALL1", "M1.LARGE8", "HCCG5v.52XLARGE640")


def names(reply: dict[str, Any]) -> list[str]:
    return [one["FlowLogName"] for one in reply["FlowLog"]]


def test_a_flow_log_is_made_and_described(call: Client, cloud: LocalCloud, flow_log: dict[str, Any]) -> None:
    """The answer to CreateFlowLog is a list of one, without state and time, as the documented example shows it."""
    tags = [{"Key": "team", "Value": "net"}]
    (made,) = call("vpc", "CreateFlowLog", **flow_log, FlowLogDescription="why", Tags=tags)["FlowLog"]
    assert (made["CloudLogState"], made["CloudLogRegion"], made["CreatedTime"]) == ("", "", "0000-00-00 00:00:00")
    found = call("vpc", "DescribeFlowLogs", ResourceId=flow_log["ResourceId"])
    (shown,) = found["FlowLog"]
    assert found["TotalNum"] == 1
    assert shown == {
        **flow_log,
        "FlowLogId": made["FlowLogId"],
        "FlowLogDescription": "why",
        "CloudLogState": "SUCCESS",
        "CloudLogRegion": cloud.region,
        "CreatedTime": shown["CreatedTime"],
        "Enable": True,
        "StorageType": "cls",
        "FlowLogStorage": {"StorageId": cloud.topic_id},
        "TagSet": tags,
    }
    assert shown["CreatedTime"] > "2020"


def test_an_interface_has_one_flow_log(call: Client, flow_log: dict[str, Any]) -> None:
    """Documented since 2025-09-15: doc 682/18934. It is told before a taken name."""
    call("vpc", "CreateFlowLog", **flow_log)
    assert call.refused("vpc", "CreateFlowLog", **flow_log)[0] == "UnsupportedOperation.FlowLogInstanceExisted"
    assert call.refused("vpc", "CreateFlowLog", **{**flow_log, "FlowLogName": "another"}) == (
        "UnsupportedOperation.FlowLogInstanceExisted",
        f"A flow log of the instance `{flow_log['ResourceId']}` exists already.",
    )


def test_a_loose_interface_cannot_have_one(call: Client, cloud: LocalCloud, flow_log: dict[str, Any]) -> None:
    loose = cloud.seed_interface(cloud.region)
    assert call.refused("vpc", "CreateFlowLog", **{**flow_log, "ResourceId": loose}) == (
        "UnsupportedOperation.FlowLogsNotSupportNullInstanceEni",
        "Unable to create a flow log: the current ENI is not bound to an instance.",
    )
    call("vpc", "AttachNetworkInterface", NetworkInterfaceId=loose, InstanceId=cloud.instance_id)
    assert call("vpc", "CreateFlowLog", **{**flow_log, "ResourceId": loose})["FlowLog"]


@pytest.mark.parametrize("model", KO)
def test_an_unsupported_model_cannot_have_one(
    call: Client, cloud: LocalCloud, flow_log: dict[str, Any], model: str
) -> None:
    instance = cloud.seed_instance(cloud.region, model)
    primary = cloud.primary_interface_of(cloud.region, instance)
    assert call.refused("vpc", "CreateFlowLog", **{**flow_log, "ResourceId": primary}) == (
        "UnsupportedOperation.FlowLogsNotSupportKoInstanceEni",
        "Unable to create a flow log: the current ENI is bound to a KO model.",
    )


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"ResourceId": "eni-00000000"}, "ResourceNotFound", "The resource `eni-00000000` does not exist."),
        (
            {"ResourceId": "eni-nonsense-"},
            "InvalidParameterValue.Malformed",
            "The format of parameter `ResourceId` is invalid: `eni-nonsense-`.",
        ),
        ({"VpcId": "vpc-00000000"}, "ResourceNotFound", "The resource `vpc-00000000` does not exist."),
        ({"VpcId": None}, "MissingParameter", "The request is missing a required parameter `VpcId`."),
        (
            {"FlowLogName": "x" * 61},
            "InvalidParameterValue.Range",
            f"The value `{'x' * 61}` of parameter `FlowLogName` is not in the valid range: 1-60 characters.",
        ),
        (
            {"FlowLogDescription": "x" * 513},
            "InvalidParameterValue.Range",
            "The value `...` of parameter `FlowLogDescription` is not in the valid range: 0-512 characters.",
        ),
        (
            {"TrafficType": "SOME"},
            "InvalidParameterValue.Range",
            "The value `SOME` of parameter `TrafficType` is not in the valid range: ACCEPT, REJECT, ALL.",
        ),
        (
            {"ResourceType": "VPC"},
            "InvalidParameterValue.Range",
            "The value `VPC` of parameter `ResourceType` is not in the valid range: NETWORKINTERFACE, CCN, NAT, DCG.",
        ),
        ({"ResourceType": "NAT", "ResourceId": "nat-1"}, "ResourceNotFound", "The resource `nat-1` does not exist."),
        ({"CloudLogId": None}, "MissingParameter", "The request is missing a required parameter `CloudLogId`."),
        ({"CloudLogId": "topic"}, "ResourceNotFound", "The resource `topic` does not exist."),
        (
            {"CloudLogId": "99991111-2222-4444-9999-222266663333"},
            "ResourceNotFound",
            "The resource `99991111-2222-4444-9999-222266663333` does not exist.",
        ),
        (
            {"CloudLogRegion": "ap-atlantis"},
            "InvalidParameterValue.Range",
            "The value `ap-atlantis` of parameter `CloudLogRegion` is not in the valid range: a region.",
        ),
        (
            {"StorageType": "tape"},
            "InvalidParameterValue.Range",
            "The value `tape` of parameter `StorageType` is not in the valid range: cls, ckafka.",
        ),
        (
            {"StorageType": "ckafka", "CloudLogId": None},
            "MissingParameter",
            "The request is missing a required parameter `FlowLogStorage`.",
        ),
        (
            {"Period": 60},
            "InvalidParameterValue.Range",
            "The value `60` of parameter `Period` is not in the valid range: none: only for CCN.",
        ),
    ],
)
def test_what_is_wrong_is_refused(
    call: Client, flow_log: dict[str, Any], change: dict[str, Any], code: str, message: str
) -> None:
    assert call.refused("vpc", "CreateFlowLog", **{**flow_log, **change}) == (code, message)
    assert call("vpc", "DescribeFlowLogs")["TotalNum"] == 0


def test_another_vpc_than_the_interfaces_is_refused(call: Client, cloud: LocalCloud, flow_log: dict[str, Any]) -> None:
    vpc_id, _ = cloud.seed_vpc(cloud.region)
    refused = call.refused("vpc", "CreateFlowLog", **{**flow_log, "VpcId": vpc_id})
    assert refused == ("ResourceNotFound", f"The resource `{flow_log['ResourceId']}` does not exist.")


def test_a_name_is_taken_once_unless_switched_off(call: Client, cloud: LocalCloud, flow_log: dict[str, Any]) -> None:
    """The sources conflict on whether names are unique."""
    call("vpc", "CreateFlowLog", **flow_log)
    second = {**flow_log, "ResourceId": cloud.seed_interface(cloud.region, instance_id=cloud.instance_id)}
    assert call.refused("vpc", "CreateFlowLog", **second) == (
        "InvalidParameterValue.Duplicate",
        f"The value of `FlowLogName` exists already: `{flow_log['FlowLogName']}`.",
    )
    cloud.behaviour.unique_flow_log_names = False
    assert call("vpc", "CreateFlowLog", **second)["FlowLog"]


def test_ckafka_needs_no_topic(call: Client, flow_log: dict[str, Any]) -> None:
    storage = {"StorageId": "ckafka-1", "StorageTopic": "topic-1"}
    params = {**flow_log, "CloudLogId": None, "StorageType": "ckafka", "FlowLogStorage": storage}
    assert call("vpc", "CreateFlowLog", **params)["FlowLog"][0]["FlowLogStorage"] == storage


def test_a_topic_is_taken_in_its_own_region_only(call: Client, cloud: LocalCloud, flow_log: dict[str, Any]) -> None:
    """Unless CloudLogRegion names its region."""
    elsewhere = cloud.add_topic(region="ap-beijing")
    params = {**flow_log, "CloudLogId": elsewhere}
    gone = ("ResourceNotFound", f"The resource `{elsewhere}` does not exist.")
    assert call.refused("vpc", "CreateFlowLog", **params) == gone
    assert call.refused("vpc", "CreateFlowLog", **params, CloudLogRegion="ap-shanghai") == gone
    call("vpc", "CreateFlowLog", **params, CloudLogRegion="ap-beijing")
    (shown,) = call("vpc", "DescribeFlowLogs")["FlowLog"]
    assert (shown["CloudLogState"], shown["CloudLogRegion"]) == ("SUCCESS", "ap-beijing")


def test_deleting_an_interface_deletes_its_flow_log(call: Client, cloud: LocalCloud, flow_log: dict[str, Any]) -> None:
    call("vpc", "CreateFlowLog", **flow_log)
    interface = {"NetworkInterfaceId": flow_log["ResourceId"]}
    call("vpc", "DetachNetworkInterface", **interface, InstanceId=cloud.instance_id)
    assert call("vpc", "DescribeFlowLogs")["TotalNum"] == 1
    call("vpc", "DeleteNetworkInterface", **interface)
    assert call("vpc", "DescribeFlowLogs")["TotalNum"] == 0


def test_pages_hold_ten_then_up_to_a_hundred_newest_first(call: Client, cloud: LocalCloud) -> None:
    made = [f"auto-{one}" for one in cloud.seed_interfaces(cloud.region, 25, flow_logs=25)]
    first = call("vpc", "DescribeFlowLogs")
    assert (names(first), first["TotalNum"]) == (made[:-11:-1], 25)
    assert names(call("vpc", "DescribeFlowLogs", Offset=20, Limit=100)) == made[4::-1]
    assert names(call("vpc", "DescribeFlowLogs", OrderDirection="ASC", Limit=3)) == made[:3]
    by_name = call("vpc", "DescribeFlowLogs", OrderField="flowLogName", OrderDirection="ASC", Limit=100)
    assert names(by_name) == sorted(made)
    assert call.refused("vpc", "DescribeFlowLogs", Limit=101)[0] == "InvalidParameterValue.Range"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FlowLogName", "sought"),
        ("TrafficType", "REJECT"),
        ("CloudLogRegion", "ap-beijing"),
        ("CloudLogState", "DELETED"),
        ("CloudLogId", "99991111-2222-4444-9999-222266663333"),
        ("ResourceId", None),
        ("FlowLogId", None),
        ("VpcId", None),
    ],
)
def test_each_field_finds_its_flow_log(call: Client, cloud: LocalCloud, name: str, value: str | None) -> None:
    cloud.seed_interfaces(cloud.region, 3, flow_logs=3)
    vpc_id, subnet_id = cloud.seed_vpc(cloud.region)
    interface = cloud.seed_interfaces(cloud.region, 1, subnet_id=subnet_id)[0]
    flow_log_id = cloud.seed_flow_log(
        cloud.region,
        interface,
        name="sought",
        traffic_type="REJECT",
        topic_region="ap-beijing",
        topic_id="99991111-2222-4444-9999-222266663333",
    )
    wanted = value or {"ResourceId": interface, "FlowLogId": flow_log_id, "VpcId": vpc_id}[name]
    reply = call("vpc", "DescribeFlowLogs", **{name: wanted, "ResourceType": "NETWORKINTERFACE"})
    assert [one["FlowLogId"] for one in reply["FlowLog"]] == [flow_log_id]


@pytest.mark.parametrize(("name", "values"), [("tag-key", ["team"]), ("tag:team", ["net"])])
def test_tags_find_a_flow_log(call: Client, flow_log: dict[str, Any], name: str, values: list[str]) -> None:
    (made,) = call("vpc", "CreateFlowLog", **flow_log, Tags=[{"Key": "team", "Value": "net"}])["FlowLog"]
    one = {"Name": name, "Values": values}
    assert call("vpc", "DescribeFlowLogs", Filters=one)["TotalNum"] == 1
    assert call("vpc", "DescribeFlowLogs", Filters={**one, "Values": ["other"]})["TotalNum"] == 0
    refused = call.refused("vpc", "DescribeFlowLogs", Filters=one, FlowLogId=made["FlowLogId"])
    assert refused == (
        "InvalidParameter.Coexist",
        "The parameters `FlowLogId` and `Filters` cannot be used together.",
    )


def test_an_unknown_filter_is_refused(call: Client, flow_log: dict[str, Any]) -> None:
    call("vpc", "CreateFlowLog", **flow_log)
    assert call.refused("vpc", "DescribeFlowLogs", Filters={"Name": "colour", "Values": ["red"]}) == (
        "InvalidParameter.FilterInvalidKey",
        "The filter `colour` is not supported.",
    )


def test_a_flow_log_is_switched_off_and_on_and_still_exists(call: Client, flow_log: dict[str, Any]) -> None:
    (made,) = call("vpc", "CreateFlowLog", **flow_log)["FlowLog"]
    for action, enabled in (("DisableFlowLogs", False), ("EnableFlowLogs", True)):
        call("vpc", action, FlowLogIds=[made["FlowLogId"]])
        assert call("vpc", "DescribeFlowLogs")["FlowLog"][0]["Enable"] is enabled
        assert call.refused("vpc", "CreateFlowLog", **{**flow_log, "FlowLogName": "n"})[0].endswith("InstanceExisted")


def test_name_and_description_can_be_changed(call: Client, cloud: LocalCloud, flow_log: dict[str, Any]) -> None:
    cloud.seed_interfaces(cloud.region, 1, flow_logs=1)
    taken = names(call("vpc", "DescribeFlowLogs"))[0]
    (made,) = call("vpc", "CreateFlowLog", **flow_log)["FlowLog"]
    change = {"FlowLogId": made["FlowLogId"], "VpcId": cloud.vpc_id}
    call("vpc", "ModifyFlowLogAttribute", **change, FlowLogName="new", FlowLogDescription="text")
    (shown,) = call("vpc", "DescribeFlowLogs", FlowLogId=made["FlowLogId"])["FlowLog"]
    assert (shown["FlowLogName"], shown["FlowLogDescription"]) == ("new", "text")
    for wrong, code in (
        ({"FlowLogName": taken}, "InvalidParameterValue.Duplicate"),
        ({"FlowLogName": "n" * 61}, "InvalidParameterValue.Range"),
        ({"FlowLogDescription": "d" * 513}, "InvalidParameterValue.Range"),
        ({"Period": 60}, "InvalidParameterValue.Range"),
        ({"VpcId": "vpc-00000000"}, "ResourceNotFound"),
    ):
        assert call.refused("vpc", "ModifyFlowLogAttribute", **{**change, **wrong})[0] == code
    assert call("vpc", "DescribeFlowLogs", FlowLogId=made["FlowLogId"])["FlowLog"] == [shown]


def test_a_flow_log_is_deleted_once(call: Client, cloud: LocalCloud, flow_log: dict[str, Any]) -> None:
    (made,) = call("vpc", "CreateFlowLog", **flow_log)["FlowLog"]
    one = {"FlowLogId": made["FlowLogId"]}
    assert call.refused("vpc", "DeleteFlowLog", **one, VpcId="vpc-00000000")[0] == "ResourceNotFound"
    call("vpc", "DeleteFlowLog", **one, VpcId=cloud.vpc_id)
    assert call.refused("vpc", "DeleteFlowLog", **one, VpcId=cloud.vpc_id) == (
        "ResourceNotFound",
        f"The resource `{made['FlowLogId']}` does not exist.",
    )


@pytest.mark.parametrize("action", ["DeleteFlowLog", "ModifyFlowLogAttribute"])
def test_all_but_ccn_flow_logs_need_their_vpc(call: Client, cloud: LocalCloud, action: str) -> None:
    (interface,) = cloud.seed_interfaces(cloud.region, 1)
    ours, ccn = (
        cloud.seed_flow_log(cloud.region, interface, resource_type=kind) for kind in ("NETWORKINTERFACE", "CCN")
    )
    assert call.refused("vpc", action, FlowLogId=ours) == (
        "MissingParameter",
        "The request is missing a required parameter `VpcId`.",
    )
    call("vpc", action, FlowLogId=ccn)


def test_an_interface_may_have_two_by_a_switch(call: Client, cloud: LocalCloud, flow_log: dict[str, Any]) -> None:
    """The v2 API's rule: two for each interface, with names of their own."""
    cloud.behaviour.flow_logs_per_interface = 2
    for name in ("one", "two"):
        call("vpc", "CreateFlowLog", **{**flow_log, "FlowLogName": name})
    refused = call.refused("vpc", "CreateFlowLog", **{**flow_log, "FlowLogName": "three"})
    assert refused[0] == "UnsupportedOperation.FlowLogInstanceExisted"


def test_a_listing_may_lag_by_a_switch(call: Client, cloud: LocalCloud, flow_log: dict[str, Any]) -> None:
    cloud.behaviour.flow_log_lag_s = 3
    call("vpc", "CreateFlowLog", **flow_log)
    assert call("vpc", "DescribeFlowLogs", ResourceId=flow_log["ResourceId"])["TotalNum"] == 0
    cloud.clock.advance(3)
    assert call("vpc", "DescribeFlowLogs", ResourceId=flow_log["ResourceId"])["TotalNum"] == 1


def test_old_flow_logs_of_whole_networks_are_listed_by_their_type(call: Client, cloud: LocalCloud) -> None:
    """None can be made any more, but an account may have some."""
    (interface,) = cloud.seed_interfaces(cloud.region, 1, flow_logs=1)
    old = {"VPC": cloud.vpc_id, "SUBNET": cloud.subnet_id}
    for kind, resource in old.items():
        cloud.seed_flow_log(cloud.region, interface, resource_type=kind, resource_id=resource)
        (shown,) = call("vpc", "DescribeFlowLogs", ResourceType=kind)["FlowLog"]
        assert (shown["ResourceType"], shown["ResourceId"]) == (kind, resource)
    assert call("vpc", "DescribeFlowLogs")["TotalNum"] == 3


def test_nothing_is_switched_when_one_of_the_ids_is_unknown(call: Client, flow_log: dict[str, Any]) -> None:
    (made,) = call("vpc", "CreateFlowLog", **flow_log)["FlowLog"]
    assert call.refused("vpc", "DisableFlowLogs", FlowLogIds=[made["FlowLogId"], "fl-00000000"])[0] == (
        "ResourceNotFound"
    )
    assert call("vpc", "DescribeFlowLogs")["FlowLog"][0]["Enable"] is True
