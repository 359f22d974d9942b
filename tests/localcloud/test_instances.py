"""Instances and the interfaces that come with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client

RUN = {"Placement": {"Zone": "ap-guangzhou-3"}, "ImageId": "img-eb30mz89"}


def interfaces_of(call: Client, instances: list[str]) -> list[dict[str, Any]]:
    filters = [{"Name": "attachment.instance-id", "Values": instances}]
    found = call("vpc", "DescribeNetworkInterfaces", Filters=filters)["NetworkInterfaceSet"]
    assert isinstance(found, list)
    return found


def test_the_answer_names_the_instances_only(call: Client) -> None:
    reply = call("cvm", "RunInstances", **RUN, InstanceCount=3)
    assert set(reply) == {"InstanceIdSet", "RequestId"}
    assert len(set(reply["InstanceIdSet"])) == 3


def test_the_primary_interface_appears_after_the_boot(call: Client, cloud: LocalCloud) -> None:
    instances = call("cvm", "RunInstances", **RUN, InstanceCount=2)["InstanceIdSet"]
    states = {"PENDING": 0, "RUNNING": 3}
    for state, seconds in states.items():
        cloud.clock.advance(seconds)
        shown = call("cvm", "DescribeInstances", InstanceIds=instances)["InstanceSet"]
        assert {one["InstanceState"] for one in shown} == {state}
        found = interfaces_of(call, instances)
        assert len(found) == (2 if state == "RUNNING" else 0)
    assert {one["Attachment"]["InstanceId"] for one in found} == set(instances)
    assert {(one["Primary"], one["EniType"], one["Attachment"]["DeviceIndex"]) for one in found} == {(True, 1, 0)}
    addresses = {one["PrivateIpAddressSet"][0]["PrivateIpAddress"] for one in found}
    assert addresses == {one["PrivateIpAddresses"][0] for one in shown}


def test_an_invisible_interface_cannot_have_a_flow_log_yet(
    call: Client, cloud: LocalCloud, flow_log: dict[str, Any]
) -> None:
    (instance,) = call("cvm", "RunInstances", **RUN)["InstanceIdSet"]
    params = {**flow_log, "ResourceId": cloud.primary_interface_of(cloud.region, instance)}
    assert call.refused("vpc", "CreateFlowLog", **params)[0] == "ResourceNotFound"
    cloud.clock.advance(3)
    assert call("vpc", "CreateFlowLog", **params)["FlowLog"]


def test_the_time_scale_shortens_the_boot(call: Client, cloud: LocalCloud) -> None:
    cloud.behaviour.time_scale = 0
    (instance,) = call("cvm", "RunInstances", **RUN)["InstanceIdSet"]
    assert len(interfaces_of(call, [instance])) == 1


def places(cloud: LocalCloud, *kinds: str, **more: Any) -> list[dict[str, Any]]:
    place = {"VpcId": cloud.vpc_id, "SubnetId": cloud.subnet_id, "PrivateIpv4AddressCount": 1}
    return [{"InterfaceType": kind, **place, **(more if kind == "SECONDARY" else {})} for kind in kinds]


def test_secondary_interfaces_come_with_an_instance_some_time_later(call: Client, cloud: LocalCloud) -> None:
    cloud.behaviour.secondary_delay_s = 3
    wanted = places(cloud, "SECONDARY", "PRIMARY", "SECONDARY")
    (instance,) = call("cvm", "RunInstances", **RUN, NetworkInterfaces=wanted)["InstanceIdSet"]
    seen = []
    for _ in range(3):
        found = interfaces_of(call, [instance])
        seen.append([(one["Primary"], one["Attachment"]["DeviceIndex"]) for one in found])
        cloud.clock.advance(3)
    assert seen == [[], [(True, 0)], [(False, 2), (False, 1), (True, 0)]]


@pytest.mark.parametrize(("asked", "left"), [({"DeleteWithInstance": True}, 0), ({}, 1)])
def test_a_secondary_interface_stays_unless_it_goes_with_its_instance(
    call: Client, cloud: LocalCloud, asked: dict[str, Any], left: int
) -> None:
    """DeleteWithInstance is false by default (documented)."""
    cloud.behaviour.time_scale = 0
    wanted = places(cloud, "PRIMARY", "SECONDARY", **asked)
    (instance,) = call("cvm", "RunInstances", **RUN, NetworkInterfaces=wanted)["InstanceIdSet"]
    secondary = next(one["NetworkInterfaceId"] for one in interfaces_of(call, [instance]) if not one["Primary"])
    call("cvm", "TerminateInstances", InstanceIds=[instance])
    found = call("vpc", "DescribeNetworkInterfaces", NetworkInterfaceIds=[secondary])["NetworkInterfaceSet"]
    assert [one["Attachment"] for one in found] == [None] * left


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kinds": ("SECONDARY",)}, "InvalidParameterValue"),
        ({"kinds": ("PRIMARY", "PRIMARY")}, "InvalidParameterValue"),
        ({"kinds": ("PRIMARY", "THIRD")}, "InvalidParameterValue"),
        ({"PrivateIpv4AddressCount": 51}, "InvalidParameterValue.Range"),
        ({"NetworkInterfaceId": "eni-00000000"}, "InvalidParameterValue.InvalidNetworkInterfaceId"),
        ({"SubnetId": "subnet-00000000"}, "InvalidParameterValue.SubnetNotExist"),
        ({"run": {"VirtualPrivateCloud": {"VpcId": "vpc-1", "SubnetId": "s"}}}, "InvalidParameterConflict"),
    ],
)
def test_interfaces_that_do_not_fit_are_refused(
    call: Client, cloud: LocalCloud, change: dict[str, Any], code: str
) -> None:
    kinds, run = change.pop("kinds", ("PRIMARY", "SECONDARY")), change.pop("run", {})
    wanted = places(cloud, *kinds, **change)
    assert call.refused("cvm", "RunInstances", **RUN, **run, NetworkInterfaces=wanted)[0] == code
    assert call("cvm", "DescribeInstances")["TotalCount"] == 1


def test_all_interfaces_of_an_instance_are_in_one_network(call: Client, cloud: LocalCloud) -> None:
    vpc_id, subnet_id = cloud.seed_vpc(cloud.region)
    wanted = places(cloud, "PRIMARY", "SECONDARY", VpcId=vpc_id, SubnetId=subnet_id)
    assert call.refused("cvm", "RunInstances", **RUN, NetworkInterfaces=wanted) == (
        "InvalidParameterValue.SubnetIdZoneIdNotMatch",
        "All interfaces are in one VPC and zone.",
    )


def test_regions_tell_whether_they_are_open(call: Client, cloud: LocalCloud) -> None:
    """No finance clouds or edge zones; a call to a region that is not open is refused."""
    cloud.behaviour.closed_regions = frozenset({"ap-jakarta"})
    reply = call("cvm", "DescribeRegions")
    states = {one["Region"]: one["RegionState"] for one in reply["RegionSet"]}
    assert len(states) == reply["TotalCount"]
    assert (states["ap-jakarta"], states["ap-beijing"]) == ("UNAVAILABLE", "AVAILABLE")
    assert "ap-shanghai-fsi" not in states
    assert call.refused("vpc", "DescribeVpcs", "ap-jakarta")[0] == "UnsupportedRegion"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"InstanceIds": ["nonsense"]}, "InvalidInstanceId.Malformed"),
        ({"InstanceIds": [f"ins-{n:08d}" for n in range(101)]}, "InvalidParameterValue.LimitExceeded"),
        ({"Filters": [{"Name": "colour", "Values": ["red"]}]}, "InvalidFilter"),
        ({"Filters": [{"Name": "zone", "Values": ["z"] * 6}]}, "InvalidFilterValue.LimitExceeded"),
        ({"Limit": 101}, "InvalidParameterValueLimit"),
        ({"Offset": -1}, "InvalidParameterValueOffset"),
    ],
)
def test_instances_are_refused_with_the_codes_of_cvm(call: Client, params: dict[str, Any], code: str) -> None:
    assert call.refused("cvm", "DescribeInstances", **params)[0] == code


def test_terminating_takes_interfaces_and_flow_logs_away(call: Client, cloud: LocalCloud) -> None:
    instance = cloud.seed_instance(cloud.region)
    interface = cloud.primary_interface_of(cloud.region, instance)
    cloud.seed_flow_log(cloud.region, interface)
    call("cvm", "TerminateInstances", InstanceIds=[instance])
    assert interfaces_of(call, [instance]) == []
    assert call("vpc", "DescribeFlowLogs")["TotalNum"] == 0
    assert call("cvm", "DescribeInstances", InstanceIds=[instance])["TotalCount"] == 0
    assert call.refused("cvm", "TerminateInstances", InstanceIds=[instance]) == (
        "InvalidInstanceId.NotFound",
        f"The instance `{instance}` does not exist.",
    )


def test_terminating_before_the_boot_leaves_no_interface(call: Client, cloud: LocalCloud) -> None:
    (instance,) = call("cvm", "RunInstances", **RUN)["InstanceIdSet"]
    call("cvm", "TerminateInstances", InstanceIds=[instance])
    cloud.clock.advance(3)
    assert interfaces_of(call, [instance]) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Placement": None}, "MissingParameter"),
        ({"ImageId": None}, "MissingParameter"),
        ({"InstanceCount": 0}, "InvalidParameterValue.Range"),
        ({"InstanceCount": 101}, "InvalidParameterValue.Range"),
        ({"DryRun": True}, "DryRunOperation"),
        ({"Placement": {"Zone": "ap-guangzhou-9"}}, "InvalidParameterValue.VpcIdZoneIdNotMatch"),
        (
            {"VirtualPrivateCloud": {"VpcId": "vpc-00000000", "SubnetId": "subnet-00000000"}},
            "InvalidParameterValue.VpcIdNotExist",
        ),
        ({"InstanceCount": "2"}, "InvalidParameter"),
    ],
)
def test_what_is_wrong_is_refused(call: Client, change: dict[str, Any], code: str) -> None:
    refused, message = call.refused("cvm", "RunInstances", **{**RUN, **change})
    assert refused == code
    assert message
    assert call("cvm", "DescribeInstances")["TotalCount"] == 1


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("instance-name", ["sought"]),
        ("tag:team", ["net"]),
        ("instance-state", ["PENDING"]),
        ("instance-id", None),
        ("private-ip-address", None),
        ("subnet-id", None),
    ],
)
def test_instances_are_found_by_filters(call: Client, cloud: LocalCloud, name: str, values: list[str] | None) -> None:
    vpc_id, subnet_id = cloud.seed_vpc(cloud.region)
    run = {
        **RUN,
        "VirtualPrivateCloud": {"VpcId": vpc_id, "SubnetId": subnet_id},
        "InstanceName": "sought",
        "TagSpecification": [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "net"}]}],
    }
    (instance,) = call("cvm", "RunInstances", **run)["InstanceIdSet"]
    (shown,) = call("cvm", "DescribeInstances", InstanceIds=[instance])["InstanceSet"]
    own = {
        "instance-id": [instance],
        "subnet-id": [subnet_id],
        "private-ip-address": shown["PrivateIpAddresses"],
    }
    filters = [{"Name": name, "Values": values or own[name]}, {"Name": "vpc-id", "Values": [vpc_id]}]
    reply = call("cvm", "DescribeInstances", Filters=filters)
    assert [one["InstanceId"] for one in reply["InstanceSet"]] == [instance]


def test_a_region_without_network_cannot_run_an_instance_unasked(call: Client, cloud: LocalCloud) -> None:
    run = {**RUN, "Placement": {"Zone": "ap-tokyo-3"}}
    assert call.refused("cvm", "RunInstances", "ap-tokyo", **run) == (
        "MissingParameter",
        "The request is missing a required parameter `VirtualPrivateCloud`.",
    )
    cloud.network_of("ap-tokyo")
    assert call("cvm", "RunInstances", "ap-tokyo", **run)["InstanceIdSet"]


def test_a_network_cannot_be_deleted_under_an_instance_that_boots(call: Client, cloud: LocalCloud) -> None:
    """Its interface is there, though nobody sees it yet."""
    vpc, subnet = cloud.seed_vpc(cloud.region)
    (instance,) = call("cvm", "RunInstances", **RUN, VirtualPrivateCloud={"VpcId": vpc, "SubnetId": subnet})[
        "InstanceIdSet"
    ]
    assert call.refused("vpc", "DeleteSubnet", SubnetId=subnet) == (
        "ResourceInUse",
        f"The resource `{subnet}` is in use.",
    )
    assert call.refused("vpc", "DeleteVpc", VpcId=vpc)[0] == "ResourceInUse"
    (shown,) = call("vpc", "DescribeSubnets", SubnetIds=[subnet])["SubnetSet"]
    assert shown["TotalIpAddressCount"] - shown["AvailableIpAddressCount"] == 1
    call("cvm", "TerminateInstances", InstanceIds=[instance])
    call("vpc", "DeleteSubnet", SubnetId=subnet)
    call("vpc", "DeleteVpc", VpcId=vpc)
