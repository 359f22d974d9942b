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
    from localcloud.cvm.model import Instance
    from localcloud.vpc.model import Interface, Network, Subnet

MOST_ADDRESSES = 50


def check_interfaces(params: Params) -> None:
    """Refuse a list of interfaces that breaks what RunInstances' NetworkInterfaces documents."""
    wanted = params.get("NetworkInterfaces", [])
    if not wanted:
        return
    if "VirtualPrivateCloud" in params:
        raise ApiError("InvalidParameterConflict", "`VirtualPrivateCloud` and `NetworkInterfaces` exclude each other.")
    kinds = [one["InterfaceType"] for one in wanted]
    if kinds.count("PRIMARY") != 1 or not set(kinds) <= {"PRIMARY", "SECONDARY"}:
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


def check_secondary(net: Network, places: list[dict[str, Any]], primary: Subnet) -> None:
    """Refuse secondary interfaces that do not fit beside the primary one's subnet, before anything is made."""
    for place in places:
        subnet = find_subnet(net, place)
        if (subnet.vpc_id, subnet.zone) != (primary.vpc_id, primary.zone):
            raise ApiError("InvalidParameterValue.SubnetIdZoneIdNotMatch", "All interfaces are in one VPC and zone.")


def add_primary(ctx: Context, instance: Instance, subnet: Subnet) -> str:
    """Give an instance its primary interface, which is visible once it runs, and return the interface's address."""
    interface = replace(_new(ctx, instance, "Primary ENI", subnet, instance.running), primary=True)
    network(ctx).add_interface(interface, ctx.now())
    return interface.ip


def add_secondary(ctx: Context, instance: Instance, place: dict[str, Any]) -> None:
    """Give an instance a secondary interface some time after the boot."""
    net, goes = network(ctx), place.get("DeleteWithInstance", False)
    visible = instance.running + ctx.behaviour.wait(ctx.behaviour.secondary_delay_s)
    interface = _new(ctx, instance, "Secondary ENI", find_subnet(net, place), visible)
    net.add_interface(replace(interface, goes_with_instance=goes), ctx.now())


def _new(ctx: Context, instance: Instance, name: str, subnet: Subnet, visible: float) -> Interface:
    host = network(ctx).hosts[instance.instance_id]
    place = {"NetworkInterfaceName": name, "VpcId": subnet.vpc_id, "SubnetId": subnet.subnet_id}
    interface = attached(ctx, new_interface(ctx, place), instance.instance_id, host)
    return replace(interface, available=visible, visible=visible, groups=instance.groups)
