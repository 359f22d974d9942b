"""CreateVpc, DescribeVpcs, DeleteVpc (docs 215/15774, 215/15778, 215/15775) and the same for subnets."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError, malformed, out_of_range
from localcloud.core.listing import Listing, is_true
from localcloud.core.parameters import Params, tag_set, tags_of
from localcloud.vpc.model import API, Network, Subnet, Vpc
from localcloud.vpc.shapes import CODES, find

if TYPE_CHECKING:
    from localcloud.core.actions import Context

DEFAULT_CIDR = "10.0.0.0/16"
DEFAULT_SUBNET_CIDR = "10.0.0.0/20"
PRIVATE_RANGES = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/12", "172.16.0.0/12", "192.168.0.0/16")))
"""Where a VPC's addresses may be (CreateVpc's CidrBlock, doc 215/15774)."""
RESERVED_ADDRESSES = 3
"""The network's, the gateway's and the broadcast address (doc 215/20046)."""


def network(ctx: Context) -> Network:
    """Return the network of the call's region, brought up to the present."""
    found = ctx.region.state(Network)
    found.settle(ctx.now())
    return found


def find_vpc(net: Network, vpc_id: str) -> Vpc:
    """Return the VPC.

    Raises:
        ApiError: ResourceNotFound or InvalidParameterValue.Malformed.
    """
    return find(net.vpcs, "VpcId", vpc_id, "vpc")


def find_subnet(net: Network, subnet_id: str) -> Subnet:
    """Return the subnet.

    Raises:
        ApiError: ResourceNotFound or InvalidParameterValue.Malformed.
    """
    return find(net.subnets, "SubnetId", subnet_id, "subnet")


@API.action()
def create_vpc(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a VPC."""
    cidr = _cidr("CidrBlock", params.get("CidrBlock", DEFAULT_CIDR))
    if not any(ipaddress.IPv4Network(cidr).subnet_of(allowed) for allowed in PRIVATE_RANGES):
        raise out_of_range("CidrBlock", cidr, " or ".join(map(str, PRIVATE_RANGES)))
    vpc = Vpc(ctx.account.ids.new("vpc"), params["VpcName"], cidr, ctx.now(), tags=tags_of(params))
    network(ctx).vpcs.put(vpc)
    return {"Vpc": _vpc_reply(vpc)}


@API.action()
def describe_vpcs(ctx: Context, params: Params) -> dict[str, Any]:
    """List VPCs, newest first (the order is inferred)."""
    net = network(ctx)
    total, found = _VPCS.find(net.vpcs, params, lambda one: find_vpc(net, one))
    return {"TotalCount": total, "VpcSet": [_vpc_reply(vpc) for vpc in found]}


@API.action()
def delete_vpc(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete an empty VPC."""
    net = network(ctx)
    vpc = find_vpc(net, params["VpcId"])
    if net.subnets.count("vpc-id", vpc.vpc_id):
        raise _in_use(vpc.vpc_id)
    net.vpcs.remove(vpc.vpc_id)
    return {}


@API.action()
def create_subnet(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a subnet within its VPC's addresses."""
    net = network(ctx)
    vpc = find_vpc(net, params["VpcId"])
    cidr = _cidr("CidrBlock", params.get("CidrBlock", DEFAULT_SUBNET_CIDR))
    if not ipaddress.IPv4Network(cidr).subnet_of(ipaddress.IPv4Network(vpc.cidr)):
        raise ApiError(
            "InvalidParameterValue.SubnetRange", f"The subnet `{cidr}` is not within the VPC's `{vpc.cidr}`."
        )
    _refuse_overlap(net, vpc.vpc_id, cidr)
    zone = params["Zone"]
    if not zone.startswith(f"{ctx.region.name}-"):
        raise out_of_range("Zone", zone, f"a zone of {ctx.region.name}")
    tags = tags_of(params)
    subnet = Subnet(ctx.account.ids.new("subnet"), vpc.vpc_id, params["SubnetName"], cidr, zone, ctx.now(), tags=tags)
    net.subnets.put(subnet)
    return {"Subnet": _subnet_reply(net, subnet)}


@API.action()
def describe_subnets(ctx: Context, params: Params) -> dict[str, Any]:
    """List subnets, newest first (the order is inferred). `NextToken` paging is not done here."""
    net = network(ctx)
    total, found = _SUBNETS.find(net.subnets, params, lambda one: find_subnet(net, one))
    return {"TotalCount": total, "SubnetSet": [_subnet_reply(net, subnet) for subnet in found]}


@API.action()
def delete_subnet(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a subnet without interfaces."""
    net = network(ctx)
    subnet = find_subnet(net, params["SubnetId"])
    if net.used_addresses(subnet.subnet_id):
        raise _in_use(subnet.subnet_id)
    net.subnets.remove(subnet.subnet_id)
    return {}


_VPCS: Listing[Vpc] = Listing(
    known={
        "vpc-id": lambda vpc, values: vpc.vpc_id in values,
        "vpc-name": lambda vpc, values: any(value in vpc.name for value in values),
        "cidr-block": lambda vpc, values: vpc.cidr in values,
        "is-default": lambda vpc, values: vpc.default == is_true(values),
    },
    codes=CODES,
    ids="VpcIds",
)
_SUBNETS: Listing[Subnet] = Listing(
    known={
        "subnet-id": lambda subnet, values: subnet.subnet_id in values,
        "subnet-name": lambda subnet, values: any(value in subnet.name for value in values),
        "cidr-block": lambda subnet, values: subnet.cidr in values,
        "is-default": lambda subnet, values: subnet.default == is_true(values),
        "zone": lambda subnet, values: subnet.zone in values,
    },
    codes=CODES,
    ids="SubnetIds",
)


def _cidr(name: str, value: str) -> str:
    try:
        return str(ipaddress.IPv4Network(value))
    except ValueError:
        raise malformed(name, value) from None


def _refuse_overlap(net: Network, vpc_id: str, cidr: str) -> None:
    for subnet in net.subnets.where("vpc-id", [vpc_id]):
        if ipaddress.IPv4Network(cidr).overlaps(ipaddress.IPv4Network(subnet.cidr)):
            raise ApiError(
                "InvalidParameterValue.SubnetConflict", f"The subnet `{cidr}` overlaps `{subnet.subnet_id}`."
            )


def _in_use(resource_id: str) -> ApiError:
    return ApiError("ResourceInUse", f"The resource `{resource_id}` is in use.")


def _vpc_reply(vpc: Vpc) -> dict[str, Any]:
    return {
        "VpcId": vpc.vpc_id,
        "VpcName": vpc.name,
        "CidrBlock": vpc.cidr,
        "IsDefault": vpc.default,
        "CreatedTime": beijing_time(vpc.created),
        "TagSet": tag_set(vpc.tags),
    }


def _subnet_reply(net: Network, subnet: Subnet) -> dict[str, Any]:
    total = ipaddress.IPv4Network(subnet.cidr).num_addresses - RESERVED_ADDRESSES
    return {
        "VpcId": subnet.vpc_id,
        "SubnetId": subnet.subnet_id,
        "SubnetName": subnet.name,
        "CidrBlock": subnet.cidr,
        "IsDefault": subnet.default,
        "Zone": subnet.zone,
        "CreatedTime": beijing_time(subnet.created),
        "AvailableIpAddressCount": max(0, total - net.used_addresses(subnet.subnet_id)),
        "TotalIpAddressCount": total,
        "TagSet": tag_set(subnet.tags),
    }
