"""VPCs and subnets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client


@pytest.fixture
def vpc(call: Client) -> dict[str, Any]:
    made = call("vpc", "CreateVpc", VpcName="mine", CidrBlock="172.16.0.0/16", Tags=[{"Key": "team", "Value": "net"}])
    reply = made["Vpc"]
    assert isinstance(reply, dict)
    return reply


def test_a_vpc_is_made_described_and_deleted(call: Client, vpc: dict[str, Any]) -> None:
    vpc_id = vpc["VpcId"]
    assert vpc_id.startswith("vpc-")
    assert len(vpc_id) == len("vpc-12345678")
    assert call("vpc", "DescribeVpcs", VpcIds=[vpc_id]) | {"RequestId": ""} == {
        "TotalCount": 1,
        "VpcSet": [vpc],
        "RequestId": "",
    }
    call("vpc", "DeleteVpc", VpcId=vpc_id)
    assert call.refused("vpc", "DescribeVpcs", VpcIds=[vpc_id]) == (
        "ResourceNotFound",
        f"The resource `{vpc_id}` does not exist.",
    )


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("vpc-name", ["min"]),
        ("cidr-block", ["172.16.0.0/16"]),
        ("is-default", ["false"]),
        ("tag-key", ["team"]),
        ("tag:team", ["other", "net"]),
    ],
)
def test_vpcs_are_found_by_filters(call: Client, vpc: dict[str, Any], name: str, values: list[str]) -> None:
    reply = call("vpc", "DescribeVpcs", Filters=[{"Name": name, "Values": values}])
    assert [one["VpcId"] for one in reply["VpcSet"]] == [vpc["VpcId"]]


@pytest.mark.parametrize("cidr", ["8.8.0.0/16", "10.0.0.0/8", "10.16.0.0/16", "172.32.0.0/16", "192.169.0.0/24"])
def test_a_vpc_has_private_addresses_only(call: Client, cidr: str) -> None:
    """Documented: within 10.0.0.0/12, 172.16.0.0/12 or 192.168.0.0/16."""
    code, message = call.refused("vpc", "CreateVpc", VpcName="public", CidrBlock=cidr)
    assert (code, cidr in message) == ("InvalidParameterValue.Range", True)


def test_a_subnet_is_made_described_and_deleted(call: Client, vpc: dict[str, Any]) -> None:
    params = {"VpcId": vpc["VpcId"], "SubnetName": "s", "Zone": "ap-guangzhou-3", "CidrBlock": "172.16.1.0/24"}
    subnet = call("vpc", "CreateSubnet", **params)["Subnet"]
    assert (subnet["TotalIpAddressCount"], subnet["AvailableIpAddressCount"]) == (253, 253)
    found = call("vpc", "DescribeSubnets", Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])
    assert found["SubnetSet"] == [subnet]
    assert call.refused("vpc", "DeleteVpc", VpcId=vpc["VpcId"]) == (
        "ResourceInUse",
        f"The resource `{vpc['VpcId']}` is in use.",
    )
    call("vpc", "DeleteSubnet", SubnetId=subnet["SubnetId"])
    assert call("vpc", "DescribeSubnets", Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["TotalCount"] == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"VpcId": "vpc-00000000"}, "ResourceNotFound"),
        ({"VpcId": "nonsense"}, "InvalidParameterValue.Malformed"),
        ({"CidrBlock": "192.168.0.0/24"}, "InvalidParameterValue.SubnetRange"),
        ({"CidrBlock": "nonsense"}, "InvalidParameterValue.Malformed"),
        ({"CidrBlock": "172.16.1.0/25"}, "InvalidParameterValue.SubnetConflict"),
        ({"Zone": "ap-beijing-3"}, "InvalidParameterValue.Range"),
    ],
)
def test_a_subnet_that_does_not_fit_is_refused(
    call: Client, vpc: dict[str, Any], change: dict[str, str], code: str
) -> None:
    params = {"VpcId": vpc["VpcId"], "SubnetName": "s", "Zone": "ap-guangzhou-3", "CidrBlock": "172.16.1.0/24"}
    call("vpc", "CreateSubnet", **params)
    refused, message = call.refused("vpc", "CreateSubnet", **{**params, "CidrBlock": "172.16.2.0/24", **change})
    assert refused == code
    assert any(value in message for value in change.values())


def test_a_subnet_with_an_interface_stays(call: Client, cloud: LocalCloud) -> None:
    assert call.refused("vpc", "DeleteSubnet", SubnetId=cloud.subnet_id)[0] == "ResourceInUse"


def test_ids_and_filters_do_not_go_together(call: Client, cloud: LocalCloud) -> None:
    filters = [{"Name": "is-default", "Values": ["true"]}]
    assert call.refused("vpc", "DescribeVpcs", VpcIds=[cloud.vpc_id], Filters=filters) == (
        "InvalidParameter.Coexist",
        "The parameters `VpcIds` and `Filters` cannot be used together.",
    )
    assert call.refused("vpc", "DescribeSubnets", SubnetIds=[cloud.subnet_id], Filters=filters)[0] == (
        "InvalidParameter.Coexist"
    )


def test_an_unknown_filter_is_refused(call: Client) -> None:
    assert call.refused("vpc", "DescribeSubnets", Filters=[{"Name": "colour", "Values": ["red"]}]) == (
        "InvalidParameter.FilterInvalidKey",
        "The filter `colour` is not supported.",
    )


def test_regions_know_nothing_of_each_other(call: Client, cloud: LocalCloud) -> None:
    assert call("vpc", "DescribeVpcs", "ap-beijing")["TotalCount"] == 0
    beijing, _ = cloud.network_of("ap-beijing")
    assert [one["VpcId"] for one in call("vpc", "DescribeVpcs", "ap-beijing")["VpcSet"]] == [beijing]
    assert call.refused("vpc", "DescribeVpcs", VpcIds=[beijing])[0] == "ResourceNotFound"


@pytest.mark.parametrize("limit", ["0", "101", "many", "-1"])
def test_a_page_size_out_of_bounds_is_refused(call: Client, limit: str) -> None:
    """DescribeVpcs declares Limit as text, as the platform does."""
    assert call.refused("vpc", "DescribeVpcs", Limit=limit)[0].startswith("InvalidParameterValue.")
