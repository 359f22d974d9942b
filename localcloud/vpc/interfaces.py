"""Elastic network interfaces: create, attach, detach, migrate, delete, describe (docs 215/15817 to 215/15822).

Creating and attaching are asynchronous on the platform: the interface is PENDING for a while (documented). An
attachment is visible at once here, and an interface can be attached while it is PENDING (both inferred).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError, not_found, out_of_range
from localcloud.core.listing import Listing, is_true
from localcloud.core.parameters import Params, tag_set, tags_of
from localcloud.vpc.model import API, Attachment, Instance, Interface, Network
from localcloud.vpc.networks import find_subnet, find_vpc, network
from localcloud.vpc.shapes import CODES, an_id, find

if TYPE_CHECKING:
    from localcloud.core.actions import Context

NAME_BYTES = 60
SECONDARY, PRIMARY = 0, 1
EXACT = "ip-exact-match"
"""A filter that says how `address-ip` is meant."""


@API.action()
def create_network_interface(ctx: Context, params: Params) -> dict[str, Any]:
    """Make an interface that is attached to nothing."""
    return _create(ctx, new_interface(ctx, params))


@API.action()
def create_and_attach_network_interface(ctx: Context, params: Params) -> dict[str, Any]:
    """Make an interface and attach it."""
    instance = _instance(network(ctx), "InstanceId", params["InstanceId"])
    return _create(ctx, attached(ctx, new_interface(ctx, params), instance))


@API.action()
def attach_network_interface(ctx: Context, params: Params) -> dict[str, Any]:
    """Attach an interface to an instance of its VPC and zone."""
    net = network(ctx)
    interface = _find(net, params["NetworkInterfaceId"])
    if interface.attachment is not None:
        raise ApiError(
            "UnsupportedOperation.AttachmentAlreadyExists",
            f"The network interface `{interface.interface_id}` is attached to `{interface.instance_id}` already.",
        )
    net.interfaces.put(attached(ctx, interface, _instance(net, "InstanceId", params["InstanceId"])))
    return {}


@API.action()
def detach_network_interface(ctx: Context, params: Params) -> dict[str, Any]:
    """Detach an interface. A flow log it has stays (inferred)."""
    net = network(ctx)
    interface = _find_attached(net, params["NetworkInterfaceId"], "InstanceId", params["InstanceId"])
    net.interfaces.put(replace(interface, attachment=None))
    return {}


@API.action()
def migrate_network_interface(ctx: Context, params: Params) -> dict[str, Any]:
    """Move an interface from one instance to another."""
    net = network(ctx)
    destination = _instance(net, "DestinationInstanceId", params["DestinationInstanceId"])
    interface = _find_attached(net, params["NetworkInterfaceId"], "SourceInstanceId", params["SourceInstanceId"])
    net.interfaces.put(attached(ctx, interface, destination))
    return {}


@API.action()
def delete_network_interface(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete an interface that is attached to nothing, and its flow logs with it (documented)."""
    net = network(ctx)
    interface = _find(net, params["NetworkInterfaceId"])
    _refuse_primary(interface)
    if interface.attachment is not None:
        raise ApiError(
            "UnsupportedOperation.InvalidState",
            f"The network interface `{interface.interface_id}` is attached to `{interface.instance_id}`.",
        )
    net.remove_interface(interface.interface_id)
    return {}


@API.action()
def describe_network_interfaces(ctx: Context, params: Params) -> dict[str, Any]:
    """List interfaces, newest first (the order is inferred)."""
    net, filters = network(ctx), params.get("Filters", [])
    exact = any(one["Name"] == EXACT and is_true(one["Values"]) for one in filters)
    listing = _EXACT_IPS if exact else _INTERFACES
    total, found = listing.find(net.interfaces, params, lambda one: _by_id(ctx, net, one))
    return {"NetworkInterfaceSet": [_reply(ctx, row) for row in found], "TotalCount": total}


def new_interface(ctx: Context, params: Params) -> Interface:
    """Return an interface as CreateNetworkInterface's parameters describe it, not added to the network yet.

    Raises:
        ApiError: as CreateNetworkInterface does.
    """
    net = network(ctx)
    vpc = find_vpc(net, params["VpcId"])
    subnet = find_subnet(net, params["SubnetId"])
    if subnet.vpc_id != vpc.vpc_id:
        raise _vpc_mismatch(subnet.subnet_id, vpc.vpc_id)
    if len(params["NetworkInterfaceName"].encode()) > NAME_BYTES:
        raise out_of_range("NetworkInterfaceName", params["NetworkInterfaceName"], f"up to {NAME_BYTES} bytes")
    ip, mac = net.next_address(subnet)
    return Interface(
        interface_id=ctx.account.ids.new("eni"),
        vpc_id=vpc.vpc_id,
        subnet_id=subnet.subnet_id,
        zone=subnet.zone,
        name=params["NetworkInterfaceName"],
        description=params.get("NetworkInterfaceDescription", ""),
        ip=_wanted_ip(params) or ip,
        mac=mac,
        created=ctx.now(),
        available=ctx.now() + ctx.behaviour.wait(ctx.behaviour.pending_s),
        visible=ctx.now() + ctx.behaviour.wait(ctx.behaviour.visible_delay_s),
        tags=tags_of(params),
        groups=tuple(params.get("SecurityGroupIds", ())),
        qos=params.get("QosLevel", "DEFAULT"),
        termination_protection=params.get("TerminationProtection", False),
        traffic_protection=params.get("TrafficProtection", False),
    )


def attached(ctx: Context, interface: Interface, instance: Instance) -> Interface:
    """Return an interface attached to an instance, at the smallest device index that is free.

    Raises:
        ApiError: UnsupportedOperation.VpcMismatch or UnsupportedOperation.ZoneMismatch.
    """
    if interface.vpc_id != instance.vpc_id:
        raise _vpc_mismatch(interface.interface_id, instance.vpc_id)
    if interface.zone != instance.zone:
        raise ApiError(
            "UnsupportedOperation.ZoneMismatch",
            f"`{interface.interface_id}` is in the zone `{interface.zone}`, the instance in `{instance.zone}`.",
        )
    index = next(network(ctx).free_indexes(instance.instance_id))
    return replace(interface, attachment=Attachment(instance.instance_id, index, ctx.now()))


def _create(ctx: Context, interface: Interface) -> dict[str, Any]:
    network(ctx).add_interface(interface, ctx.now())
    return {"NetworkInterface": _reply(ctx, interface)}


def _instance(net: Network, name: str, instance_id: str) -> Instance:
    return find(net.instances, name, instance_id, "ins")


def _wanted_ip(params: Params) -> str:
    addresses = params.get("PrivateIpAddresses", ())
    wanted = [address.get("PrivateIpAddress", "") for address in addresses if address.get("Primary")]
    return wanted[0] if wanted else ""


def _vpc_mismatch(resource_id: str, vpc_id: str) -> ApiError:
    return ApiError("UnsupportedOperation.VpcMismatch", f"The resource `{resource_id}` is not in the VPC `{vpc_id}`.")


def _find(net: Network, interface_id: str) -> Interface:
    return find(net.interfaces, "NetworkInterfaceId", interface_id, "eni")


def _find_attached(net: Network, interface_id: str, name: str, instance_id: str) -> Interface:
    interface = _find(net, interface_id)
    _instance(net, name, instance_id)
    if interface.instance_id != instance_id:
        raise ApiError(
            "UnsupportedOperation.AttachmentNotFound",
            f"The network interface `{interface.interface_id}` is not attached to `{instance_id}`.",
        )
    _refuse_primary(interface)
    return interface


def _refuse_primary(interface: Interface) -> None:
    if interface.primary:
        raise ApiError(
            "UnsupportedOperation.InvalidState",
            f"The network interface `{interface.interface_id}` is its instance's primary one.",
        )


def _by_id(ctx: Context, net: Network, interface_id: str) -> Interface | None:
    found = net.interfaces.get(an_id("NetworkInterfaceIds", interface_id, "eni"))
    if found is None and ctx.behaviour.unknown_ids == "error":
        raise not_found(interface_id)
    return found


def _has_address(row: Interface, values: list[str]) -> bool:
    """One address is found by its end as well, several only whole (documented)."""
    return row.ip in values or (len(values) == 1 and row.ip.endswith(values[0]))


_INTERFACES: Listing[Interface] = Listing(
    known={
        "network-interface-id": lambda row, values: row.interface_id in values,
        "groups.security-group-id": lambda row, values: any(group in values for group in row.groups),
        "network-interface-name": lambda row, values: row.name in values,
        "network-interface-description": lambda row, values: row.description in values,
        "address-ip": _has_address,
        EXACT: lambda _row, _values: True,
        "is-primary": lambda row, values: row.primary == is_true(values),
        "eni-type": lambda row, values: str(PRIMARY if row.primary else SECONDARY) in values,
        "eni-qos": lambda row, values: row.qos in values,
        "termination-protection": lambda row, values: row.termination_protection == is_true(values),
        "traffic-protection": lambda row, values: row.traffic_protection == is_true(values),
        # No interface here has an IPv6 or a public address.
        **dict.fromkeys(("address-ipv6", "public-address-ip", "address-type"), lambda _row, _values: False),
    },
    codes=CODES,
    ids="NetworkInterfaceIds",
)
_EXACT_IPS = replace(_INTERFACES, known={**_INTERFACES.known, "address-ip": lambda row, values: row.ip in values})


def _reply(ctx: Context, row: Interface) -> dict[str, Any]:
    state = "AVAILABLE" if row.available <= ctx.now() else "PENDING"
    return {
        "NetworkInterfaceId": row.interface_id,
        "NetworkInterfaceName": row.name,
        "NetworkInterfaceDescription": row.description,
        "SubnetId": row.subnet_id,
        "VpcId": row.vpc_id,
        "GroupSet": list(row.groups),
        "Primary": row.primary,
        "MacAddress": row.mac,
        "State": state,
        "PrivateIpAddressSet": [{"PrivateIpAddress": row.ip, "Primary": True, "State": state}],
        "Attachment": _attachment(ctx, row),
        "Zone": row.zone,
        "CreatedTime": beijing_time(row.created),
        "Ipv6AddressSet": [],
        "TagSet": tag_set(row.tags),
        "EniType": PRIMARY if row.primary else SECONDARY,
        "QosLevel": row.qos,
    }


def _attachment(ctx: Context, row: Interface) -> dict[str, Any] | None:
    if row.attachment is None:
        return None
    return {
        "InstanceId": row.attachment.instance_id,
        "DeviceIndex": row.attachment.device_index,
        "InstanceAccountId": str(ctx.account.app_id),
        "AttachTime": beijing_time(row.attachment.since),
    }
