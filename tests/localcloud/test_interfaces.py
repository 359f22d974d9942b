"""Elastic network interfaces: their life, and how they are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client


def create(call: Client, cloud: LocalCloud, **more: Any) -> dict[str, Any]:
    action = "CreateAndAttachNetworkInterface" if "InstanceId" in more else "CreateNetworkInterface"
    params = {"VpcId": cloud.vpc_id, "SubnetId": cloud.subnet_id, "NetworkInterfaceName": "mine", **more}
    interface = call("vpc", action, **params)["NetworkInterface"]
    assert isinstance(interface, dict)
    return interface


def described(call: Client, interface_id: str) -> dict[str, Any]:
    found = call("vpc", "DescribeNetworkInterfaces", NetworkInterfaceIds=[interface_id])["NetworkInterfaceSet"]
    assert len(found) == 1
    assert isinstance(found[0], dict)
    return found[0]


def ids(reply: dict[str, Any]) -> list[str]:
    return [one["NetworkInterfaceId"] for one in reply["NetworkInterfaceSet"]]


def test_a_new_interface_is_pending_and_loose_then_available(call: Client, cloud: LocalCloud) -> None:
    interface = create(call, cloud, Tags=[{"Key": "team", "Value": "net"}])
    assert (interface["State"], interface["Attachment"], interface["EniType"]) == ("PENDING", None, 0)
    assert interface["TagSet"] == [{"Key": "team", "Value": "net"}]
    cloud.clock.advance(1)
    assert described(call, interface["NetworkInterfaceId"])["State"] == "AVAILABLE"


def test_no_two_interfaces_of_an_instance_have_one_device_index(call: Client, cloud: LocalCloud) -> None:
    """The smallest that is free: what was detached leaves its own for the next."""
    seeded = cloud.seed_interfaces(cloud.region, 2, instance_id=cloud.instance_id)
    last = create(call, cloud, InstanceId=cloud.instance_id)
    indexes = [described(call, one)["Attachment"]["DeviceIndex"] for one in (*seeded, last["NetworkInterfaceId"])]
    assert indexes == [1, 2, 3]
    call("vpc", "DetachNetworkInterface", NetworkInterfaceId=seeded[1], InstanceId=cloud.instance_id)
    assert create(call, cloud, InstanceId=cloud.instance_id)["Attachment"]["DeviceIndex"] == 2
    assert create(call, cloud, InstanceId=cloud.instance_id)["Attachment"]["DeviceIndex"] == 4


def test_an_attached_interface_still_shows_available(call: Client, cloud: LocalCloud) -> None:
    interface_id = create(call, cloud)["NetworkInterfaceId"]
    cloud.clock.advance(1)
    call("vpc", "AttachNetworkInterface", NetworkInterfaceId=interface_id, InstanceId=cloud.instance_id)
    shown = described(call, interface_id)
    assert (shown["State"], shown["Attachment"]["InstanceId"]) == ("AVAILABLE", cloud.instance_id)


def test_an_interface_is_detached_and_deleted(call: Client, cloud: LocalCloud) -> None:
    interface_id = create(call, cloud, InstanceId=cloud.instance_id)["NetworkInterfaceId"]
    assert call.refused("vpc", "DeleteNetworkInterface", NetworkInterfaceId=interface_id) == (
        "UnsupportedOperation.InvalidState",
        f"The network interface `{interface_id}` is attached to `{cloud.instance_id}`.",
    )
    call("vpc", "DetachNetworkInterface", NetworkInterfaceId=interface_id, InstanceId=cloud.instance_id)
    assert described(call, interface_id)["Attachment"] is None
    call("vpc", "DeleteNetworkInterface", NetworkInterfaceId=interface_id)
    assert call("vpc", "DescribeNetworkInterfaces", NetworkInterfaceIds=[interface_id])["TotalCount"] == 0
    assert call.refused("vpc", "DeleteNetworkInterface", NetworkInterfaceId=interface_id) == (
        "ResourceNotFound",
        f"The resource `{interface_id}` does not exist.",
    )


def test_an_interface_moves_between_instances(call: Client, cloud: LocalCloud) -> None:
    other = cloud.seed_instance(cloud.region)
    interface_id = create(call, cloud, InstanceId=cloud.instance_id)["NetworkInterfaceId"]
    move = {"SourceInstanceId": cloud.instance_id, "DestinationInstanceId": other}
    call("vpc", "MigrateNetworkInterface", NetworkInterfaceId=interface_id, **move)
    assert described(call, interface_id)["Attachment"]["InstanceId"] == other
    assert call.refused("vpc", "MigrateNetworkInterface", NetworkInterfaceId=interface_id, **move) == (
        "UnsupportedOperation.AttachmentNotFound",
        f"The network interface `{interface_id}` is not attached to `{cloud.instance_id}`.",
    )


def test_a_primary_interface_stays_where_it_is(call: Client, cloud: LocalCloud) -> None:
    primary = cloud.primary_interface_of(cloud.region, cloud.instance_id)
    message = f"The network interface `{primary}` is its instance's primary one."
    for action, more in (
        ("DeleteNetworkInterface", {}),
        ("DetachNetworkInterface", {"InstanceId": cloud.instance_id}),
        (
            "MigrateNetworkInterface",
            {"SourceInstanceId": cloud.instance_id, "DestinationInstanceId": cloud.instance_id},
        ),
    ):
        refused = call.refused("vpc", action, NetworkInterfaceId=primary, **more)
        assert refused == ("UnsupportedOperation.InvalidState", message)


def test_an_interface_is_attached_to_one_instance_only(call: Client, cloud: LocalCloud) -> None:
    interface_id = create(call, cloud, InstanceId=cloud.instance_id)["NetworkInterfaceId"]
    assert call.refused(
        "vpc", "AttachNetworkInterface", NetworkInterfaceId=interface_id, InstanceId=cloud.instance_id
    ) == (
        "UnsupportedOperation.AttachmentAlreadyExists",
        f"The network interface `{interface_id}` is attached to `{cloud.instance_id}` already.",
    )


def test_an_interface_is_attached_within_its_vpc_and_zone_only(call: Client, cloud: LocalCloud) -> None:
    interface_id = create(call, cloud)["NetworkInterfaceId"]
    _, elsewhere = cloud.seed_vpc(cloud.region)
    stranger = cloud.seed_instance(cloud.region, subnet_id=elsewhere)
    refused = call.refused("vpc", "AttachNetworkInterface", NetworkInterfaceId=interface_id, InstanceId=stranger)
    assert refused[0] == "UnsupportedOperation.VpcMismatch"
    assert interface_id in refused[1]
    far = call(
        "vpc",
        "CreateSubnet",
        VpcId=cloud.vpc_id,
        SubnetName="far",
        Zone="ap-guangzhou-4",
        CidrBlock="10.8.0.0/16",
    )["Subnet"]["SubnetId"]
    faraway = cloud.seed_instance(cloud.region, subnet_id=far)
    refused = call.refused("vpc", "AttachNetworkInterface", NetworkInterfaceId=interface_id, InstanceId=faraway)
    assert refused[0] == "UnsupportedOperation.ZoneMismatch"
    assert "ap-guangzhou-4" in refused[1]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"InstanceId": "ins-00000000"}, "ResourceNotFound"),
        ({"InstanceId": "nonsense"}, "InvalidParameterValue.Malformed"),
        ({"SubnetId": "subnet-00000000"}, "ResourceNotFound"),
        ({"VpcId": "vpc-00000000"}, "ResourceNotFound"),
        ({"NetworkInterfaceName": "x" * 61}, "InvalidParameterValue.Range"),
    ],
)
def test_an_interface_that_cannot_be_is_refused(
    call: Client, cloud: LocalCloud, change: dict[str, str], code: str
) -> None:
    params = {
        "VpcId": cloud.vpc_id,
        "SubnetId": cloud.subnet_id,
        "NetworkInterfaceName": "mine",
        "InstanceId": cloud.instance_id,
    }
    refused, message = call.refused("vpc", "CreateAndAttachNetworkInterface", **{**params, **change})
    assert refused == code
    assert next(iter(change.values())) in message


def test_a_subnet_of_another_vpc_is_refused(call: Client, cloud: LocalCloud) -> None:
    _, subnet = cloud.seed_vpc(cloud.region)
    params = {"VpcId": cloud.vpc_id, "SubnetId": subnet, "NetworkInterfaceName": "mine"}
    assert call.refused("vpc", "CreateNetworkInterface", **params)[0] == "UnsupportedOperation.VpcMismatch"


def test_an_address_can_be_asked_for(call: Client, cloud: LocalCloud) -> None:
    wanted = [{"Primary": True, "PrivateIpAddress": "10.1.2.3"}]
    interface = create(call, cloud, PrivateIpAddresses=wanted)
    assert interface["PrivateIpAddressSet"][0]["PrivateIpAddress"] == "10.1.2.3"


def test_a_fresh_interface_may_be_invisible_for_a_while(call: Client, cloud: LocalCloud) -> None:
    """A switch: the platform does not say when a call sees what another has made."""
    cloud.behaviour.visible_delay_s = 2
    interface_id = create(call, cloud)["NetworkInterfaceId"]
    query = {"NetworkInterfaceIds": [interface_id]}
    assert call("vpc", "DescribeNetworkInterfaces", **query)["TotalCount"] == 0
    assert call.refused("vpc", "DeleteNetworkInterface", NetworkInterfaceId=interface_id)[0] == "ResourceNotFound"
    cloud.clock.advance(2)
    assert ids(call("vpc", "DescribeNetworkInterfaces", **query)) == [interface_id]


def test_pages_hold_twenty_then_up_to_a_hundred_newest_first(call: Client, cloud: LocalCloud) -> None:
    made = cloud.seed_interfaces("ap-beijing", 130, attached=False)[::-1]
    first = call("vpc", "DescribeNetworkInterfaces", "ap-beijing")
    assert (ids(first), first["TotalCount"]) == (made[:20], 130)
    assert ids(call("vpc", "DescribeNetworkInterfaces", "ap-beijing", Offset=100, Limit=100)) == made[100:]
    assert ids(call("vpc", "DescribeNetworkInterfaces", "ap-beijing", Offset=130, Limit=100)) == []
    assert call.refused("vpc", "DescribeNetworkInterfaces", Limit=101) == (
        "InvalidParameterValue.Range",
        "The value `101` of `Limit` is not within 1-100.",
    )


def test_filters_narrow_each_other_and_their_values_widen(call: Client, cloud: LocalCloud) -> None:
    one, two = (cloud.seed_instance(cloud.region) for _ in range(2))
    tagged = cloud.seed_interface(cloud.region, instance_id=one, tags={"team": "net"})
    other = cloud.seed_interface(cloud.region, instance_id=two, tags={"team": "db"})
    by_instance = {"Name": "attachment.instance-id", "Values": [one, two]}
    secondary = {"Name": "is-primary", "Values": ["false"]}
    assert ids(call("vpc", "DescribeNetworkInterfaces", Filters=[by_instance, secondary])) == [other, tagged]
    by_tag = {"Name": "tag:team", "Values": ["net"]}
    assert ids(call("vpc", "DescribeNetworkInterfaces", Filters=[by_instance, by_tag])) == [tagged]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vpc-id", "VpcId"),
        ("subnet-id", "SubnetId"),
        ("network-interface-id", "NetworkInterfaceId"),
        ("network-interface-name", "NetworkInterfaceName"),
        ("network-interface-description", "NetworkInterfaceDescription"),
        ("eni-type", None),
        ("groups.security-group-id", None),
        ("address-ip", None),
        ("eni-qos", None),
        ("termination-protection", None),
        ("traffic-protection", None),
        ("tag-key", None),
    ],
)
def test_each_documented_filter_finds_its_interface(
    call: Client, cloud: LocalCloud, name: str, value: str | None
) -> None:
    vpc_id, subnet_id = cloud.seed_vpc(cloud.region)
    interface = create(
        call,
        cloud,
        VpcId=vpc_id,
        SubnetId=subnet_id,
        NetworkInterfaceName="sought",
        PrivateIpAddresses=[{"Primary": True, "PrivateIpAddress": "10.0.77.77"}],
        NetworkInterfaceDescription="wanted",
        SecurityGroupIds=["sg-11111111"],
        QosLevel="PT",
        TerminationProtection=True,
        TrafficProtection=True,
        Tags=[{"Key": "mark"}],
    )
    values = {
        "eni-type": "0",
        "groups.security-group-id": "sg-11111111",
        "address-ip": "77.77",
        "eni-qos": "PT",
        "termination-protection": "true",
        "traffic-protection": "true",
        "tag-key": "mark",
    }
    wanted = interface[value] if value else values[name]
    reply = call("vpc", "DescribeNetworkInterfaces", Filters=[{"Name": name, "Values": [wanted]}])
    assert ids(reply) == [interface["NetworkInterfaceId"]]


@pytest.mark.parametrize("name", ["address-ipv6", "public-address-ip", "address-type"])
def test_no_interface_has_what_this_cloud_cannot_give(call: Client, name: str) -> None:
    assert call("vpc", "DescribeNetworkInterfaces", Filters=[{"Name": name, "Values": ["1.2.3.4"]}])["TotalCount"] == 0


def test_an_address_is_found_by_its_end_unless_it_is_to_match_exactly(call: Client, cloud: LocalCloud) -> None:
    """One value; several match only whole (documented)."""
    for address in ("10.0.1.7", "10.0.11.7"):
        create(call, cloud, PrivateIpAddresses=[{"Primary": True, "PrivateIpAddress": address}])
    exact = {"Name": "ip-exact-match", "Values": ["true"]}
    for values, more, found in (
        (["1.7"], [], 2),
        (["1.7"], [exact], 0),
        (["10.0.1.7"], [exact], 1),
        (["1.7", "10.0.1.7"], [], 1),
    ):
        filters = [{"Name": "address-ip", "Values": values}, *more]
        assert call("vpc", "DescribeNetworkInterfaces", Filters=filters)["TotalCount"] == found


def test_interfaces_have_addresses_of_their_subnet(call: Client, cloud: LocalCloud) -> None:
    vpc = call("vpc", "CreateVpc", VpcName="v", CidrBlock="192.168.0.0/16")["Vpc"]["VpcId"]
    place = {"VpcId": vpc, "SubnetName": "s", "Zone": "ap-guangzhou-3", "CidrBlock": "192.168.7.0/24"}
    subnet = call("vpc", "CreateSubnet", **place)["Subnet"]["SubnetId"]
    made = [create(call, cloud, VpcId=vpc, SubnetId=subnet)["PrivateIpAddressSet"][0] for _ in range(2)]
    assert [one["PrivateIpAddress"] for one in made] == ["192.168.7.2", "192.168.7.3"]


def test_a_filter_has_five_values_at_most(call: Client) -> None:
    filters = [{"Name": "attachment.instance-id", "Values": [f"ins-0000000{n}" for n in range(6)]}]
    assert call.refused("vpc", "DescribeNetworkInterfaces", Filters=filters) == (
        "InvalidParameterValue.LimitExceeded",
        "The filter `attachment.instance-id` has more than 5 values.",
    )
    filters[0]["Values"].pop()  # type: ignore[attr-defined]
    assert call("vpc", "DescribeNetworkInterfaces", Filters=filters)["TotalCount"] == 0


def test_there_are_ten_filters_at_most(call: Client) -> None:
    filters = [{"Name": "vpc-id", "Values": ["vpc-00000000"]}] * 11
    assert call.refused("vpc", "DescribeNetworkInterfaces", Filters=filters) == (
        "InvalidParameterValue.LimitExceeded",
        "There are more than 10 filters.",
    )


def test_a_hundred_ids_at_most_and_none_beside_filters(call: Client) -> None:
    many = [f"eni-{n:08d}" for n in range(101)]
    assert call.refused("vpc", "DescribeNetworkInterfaces", NetworkInterfaceIds=many) == (
        "InvalidParameterValue.LimitExceeded",
        "The parameter `NetworkInterfaceIds` has more than 100 elements.",
    )
    filters = [{"Name": "is-primary", "Values": ["true"]}]
    assert call.refused("vpc", "DescribeNetworkInterfaces", NetworkInterfaceIds=many[:1], Filters=filters) == (
        "InvalidParameter.Coexist",
        "The parameters `NetworkInterfaceIds` and `Filters` cannot be used together.",
    )


def test_unknown_ids_are_left_out_or_refused_by_a_switch(call: Client, cloud: LocalCloud) -> None:
    """Which of both the platform does is not documented."""
    known = cloud.primary_interface_of(cloud.region, cloud.instance_id)
    query = {"NetworkInterfaceIds": ["eni-00000000", known]}
    assert ids(call("vpc", "DescribeNetworkInterfaces", **query)) == [known]
    cloud.behaviour.unknown_ids = "error"
    assert call.refused("vpc", "DescribeNetworkInterfaces", **query) == (
        "ResourceNotFound",
        "The resource `eni-00000000` does not exist.",
    )


def test_an_id_of_the_wrong_form_is_refused(call: Client) -> None:
    assert call.refused("vpc", "DescribeNetworkInterfaces", NetworkInterfaceIds=["eni-'; drop"]) == (
        "InvalidParameterValue.Malformed",
        "The format of parameter `NetworkInterfaceIds` is invalid: `eni-'; drop`.",
    )
