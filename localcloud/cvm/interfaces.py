"""The interfaces that an instance comes with: RunInstances' VirtualPrivateCloud and NetworkInterfaces."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import ApiError, existing, out_of_range
from localcloud.core.ids import has_form
from localcloud.vpc.interfaces import attached, new_interface
from localcloud.vpc.networks import network

if TYPE_CHECKING:
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params
    from localcloud.vpc.model import Instance, Interface, Network, Subnet

MOST_ADDRESSES = 50
SECONDARY = "SECONDARY"


def check_interfaces(params: Params) -> None:
    """Refuse a list of interfaces that breaks what RunInstances' NetworkInterfaces documents."""
    wanted = params.get("NetworkInterfaces", [])
    if not wanted:
        return
    if "VirtualPrivateCloud" in params:
        raise ApiError("InvalidParameterConflict", "`VirtualPrivateCloud` and `NetworkInterfaces` exclude each other.")
    kinds = [one["InterfaceType"] for one in wanted]
    if kinds.count("PRIMARY") != 1 or not set(kinds) <= {"PRIMARY", SECONDARY}:
        raise ApiError("InvalidParameterValue", "`NetworkInterfaces` has one PRIMARY, and SECONDARY ones.")
    for one in wanted:
        if not 1 <= one["PrivateIpv4AddressCount"] <= MOST_ADDRESSES:
            raise out_of_range("PrivateIpv4AddressCount", one["PrivateIpv4AddressCount"], f"1-{MOST_ADDRESSES}")
        if "NetworkInterfaceId" in one:
            raise ApiError(
                "InvalidParameterValue.InvalidNetworkInterfaceId", "Instances take no existing interface here."
            )


def find_subnet(net: Network, place: dict[str, Any]) -> Subnet:
    """Return the subnet that a place names by SubnetId, in the VPC that it names by VpcId.

    Raises:
        ApiError: There is none, or it is in another VPC; with CVM's codes.
    """
    for name, prefix in (("VpcId", "vpc"), ("SubnetId", "subnet")):
        if not has_form(place[name], prefix):
            what = f"The format of `{name}` is invalid: `{place[name]}`."
            raise ApiError(f"InvalidParameterValue.{name}Malformed", what)
    vpc_id, subnet_id = place["VpcId"], place["SubnetId"]
    existing(net.vpcs.get(vpc_id), "InvalidParameterValue.VpcIdNotExist", f"resource `{vpc_id}`")
    code = "InvalidParameterValue.SubnetNotExist"
    subnet = existing(net.subnets.get(subnet_id), code, f"resource `{subnet_id}`")
    if subnet.vpc_id != vpc_id:
        raise ApiError(
            "InvalidParameterValue.VpcIdSubnetIdNotMatch",
            f"The subnet `{subnet.subnet_id}` is not in the VPC `{vpc_id}`.",
        )
    return subnet


def add_interface(ctx: Context, instance: Instance, subnet: Subnet, place: dict[str, Any]) -> Interface:
    """Give an instance an interface and return it: it is visible once the instance runs, a secondary one even later."""
    primary = place.get("InterfaceType") != SECONDARY
    visible = instance.running + (0.0 if primary else ctx.behaviour.wait(ctx.behaviour.secondary_delay_s))
    name = "Primary ENI" if primary else "Secondary ENI"
    wanted = {"NetworkInterfaceName": name, "VpcId": subnet.vpc_id, "SubnetId": subnet.subnet_id}
    interface = replace(
        attached(ctx, new_interface(ctx, wanted), instance),
        available=visible,
        visible=visible,
        primary=primary,
        groups=instance.groups,
        goes_with_instance=primary or place.get("DeleteWithInstance", False),
    )
    network(ctx).add_interface(interface, ctx.now())
    return interface
