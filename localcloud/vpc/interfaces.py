"""Elastic network interfaces: create, attach, detach, migrate, delete, describe (docs 215/15817 to 215/15822).

Creating and attaching are asynchronous on the platform: the interface is PENDING for a while (documented). An
attachment is visible at once here, and an interface can be attached while it is PENDING (both inferred).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.core.actions import Action, Context
from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError, not_found, out_of_range
from localcloud.core.parameters import boolean, list_of, text, unsigned
from localcloud.cvm.model import Fleet, Instance
from localcloud.vpc.model import SERVICE, VERSION, Attachment, Interface, Network, read_tags, tag_set
from localcloud.vpc.networks import find_subnet, find_vpc, network
from localcloud.vpc.shapes import (
    FILTER,
    IPV6,
    PRIVATE_IP,
    TAG,
    an_id,
    find,
    ids_or_filters,
    is_true,
    page,
    select,
    slice_newest_first,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localcloud.core.parameters import Params

NAME_BYTES = 60
SECONDARY, PRIMARY = 0, 1


def create_network_interface(ctx: Context, params: Params) -> dict[str, Any]:
    """Make an interface that is attached to nothing."""
    interface = _new(ctx, params, None)
    network(ctx).add_interface(interface, ctx.now())
    return {"NetworkInterface": _reply(ctx, interface)}


def create_and_attach_network_interface(ctx: Context, params: Params) -> dict[str, Any]:
    """Make an interface and attach it."""
    instance = find_instance(ctx, params["InstanceId"])
    interface = _new(ctx, params, instance)
    network(ctx).add_interface(interface, ctx.now())
    return {"NetworkInterface": _reply(ctx, interface)}


def attach_network_interface(ctx: Context, params: Params) -> dict[str, Any]:
    """Attach an interface to an instance of its VPC and zone."""
    net = network(ctx)
    interface = _find(net, params["NetworkInterfaceId"])
    instance = find_instance(ctx, params["InstanceId"])
    if interface.attachment is not None:
        raise ApiError(
            "UnsupportedOperation.AttachmentAlreadyExists",
            f"The network interface `{interface.interface_id}` is attached to `{interface.instance_id}` already.",
        )
    net.interfaces.put(_attached(ctx, net, interface, instance))
    return {}


def detach_network_interface(ctx: Context, params: Params) -> dict[str, Any]:
    """Detach an interface. A flow log it has stays (inferred)."""
    net = network(ctx)
    interface = _find(net, params["NetworkInterfaceId"])
    find_instance(ctx, params["InstanceId"])
    _refuse_not_attached(interface, params["InstanceId"])
    _refuse_primary(interface)
    net.interfaces.put(replace(interface, attachment=None))
    return {}


def migrate_network_interface(ctx: Context, params: Params) -> dict[str, Any]:
    """Move an interface from one instance to another."""
    net = network(ctx)
    interface = _find(net, params["NetworkInterfaceId"])
    find_instance(ctx, params["SourceInstanceId"])
    destination = find_instance(ctx, params["DestinationInstanceId"])
    _refuse_not_attached(interface, params["SourceInstanceId"])
    _refuse_primary(interface)
    net.interfaces.put(_attached(ctx, net, interface, destination))
    return {}


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


def describe_network_interfaces(ctx: Context, params: Params) -> dict[str, Any]:
    """List interfaces, newest first (the order is inferred)."""
    ids_or_filters(params, "NetworkInterfaceIds")
    offset, limit = page(params, default=20)
    rows = _rows(ctx, params)
    found = slice_newest_first(rows, offset, limit)
    return {"NetworkInterfaceSet": [_reply(ctx, row) for row in found], "TotalCount": len(rows)}


def find_instance(ctx: Context, instance_id: str) -> Instance:
    """Return the instance.

    Raises:
        ApiError: ResourceNotFound or InvalidParameterValue.Malformed.
    """
    return find(ctx.region.state(Fleet).instances, "InstanceId", instance_id, "ins")


def primary_interface(ctx: Context, instance: Instance) -> Interface:
    """Return the primary interface that comes with a new instance; it is visible once the instance runs."""
    ip, mac = network(ctx).next_address()
    return Interface(
        interface_id=ctx.account.ids.new("eni"),
        vpc_id=instance.vpc_id,
        subnet_id=instance.subnet_id,
        zone=instance.zone,
        name="Primary ENI",
        description="",
        ip=instance.ip or ip,
        mac=mac,
        created=instance.created,
        available=instance.running,
        visible=instance.running,
        primary=True,
        attachment=Attachment(instance.instance_id, 0, instance.running),
        groups=instance.groups,
    )


def _new(ctx: Context, params: Params, instance: Instance | None) -> Interface:
    net = network(ctx)
    vpc = find_vpc(net, params["VpcId"])
    subnet = find_subnet(net, params["SubnetId"])
    if subnet.vpc_id != vpc.vpc_id:
        raise _vpc_mismatch(subnet.subnet_id, vpc.vpc_id)
    if len(params["NetworkInterfaceName"].encode()) > NAME_BYTES:
        raise out_of_range("NetworkInterfaceName", params["NetworkInterfaceName"], f"up to {NAME_BYTES} bytes")
    ip, mac = net.next_address()
    interface = Interface(
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
        tags=read_tags(params.get("Tags", ())),
        groups=tuple(params.get("SecurityGroupIds", ())),
    )
    return _attached(ctx, net, interface, instance) if instance else interface


def _wanted_ip(params: Params) -> str:
    addresses = params.get("PrivateIpAddresses", ())
    wanted = [address.get("PrivateIpAddress", "") for address in addresses if address.get("Primary")]
    return wanted[0] if wanted else ""


def _attached(ctx: Context, net: Network, interface: Interface, instance: Instance) -> Interface:
    if interface.vpc_id != instance.vpc_id:
        raise _vpc_mismatch(interface.interface_id, instance.vpc_id)
    if interface.zone != instance.zone:
        raise ApiError(
            "UnsupportedOperation.ZoneMismatch",
            f"`{interface.interface_id}` is in the zone `{interface.zone}`, the instance in `{instance.zone}`.",
        )
    index = next(net.free_indexes(instance.instance_id))
    return replace(interface, attachment=Attachment(instance.instance_id, index, ctx.now()))


def _vpc_mismatch(resource_id: str, vpc_id: str) -> ApiError:
    return ApiError("UnsupportedOperation.VpcMismatch", f"The resource `{resource_id}` is not in the VPC `{vpc_id}`.")


def _find(net: Network, interface_id: str) -> Interface:
    return find(net.interfaces, "NetworkInterfaceId", interface_id, "eni")


def _refuse_not_attached(interface: Interface, instance_id: str) -> None:
    if interface.instance_id != instance_id:
        raise ApiError(
            "UnsupportedOperation.AttachmentNotFound",
            f"The network interface `{interface.interface_id}` is not attached to `{instance_id}`.",
        )


def _refuse_primary(interface: Interface) -> None:
    if interface.primary:
        raise ApiError(
            "UnsupportedOperation.InvalidState",
            f"The network interface `{interface.interface_id}` is its instance's primary one.",
        )


def _rows(ctx: Context, params: Params) -> Sequence[Interface]:
    net = network(ctx)
    ids = params.get("NetworkInterfaceIds")
    if not ids:
        return select(
            net.interfaces,
            params.get("Filters", []),
            known=_FILTERS,
            tags=lambda row: row.tags,
            indexes={"vpc-id": "vpc", "subnet-id": "subnet", "attachment.instance-id": "instance"},
            most_values=ctx.behaviour.filter_values,
        )
    found = [net.interfaces.get(an_id("NetworkInterfaceIds", one, "eni")) for one in dict.fromkeys(ids)]
    if None in found and ctx.behaviour.unknown_ids == "error":
        raise not_found(ids[found.index(None)])
    return [interface for interface in found if interface is not None]


_FILTERS = {
    "vpc-id": lambda row, values: row.vpc_id in values,
    "subnet-id": lambda row, values: row.subnet_id in values,
    "network-interface-id": lambda row, values: row.interface_id in values,
    "attachment.instance-id": lambda row, values: row.instance_id in values,
    "groups.security-group-id": lambda row, values: any(group in values for group in row.groups),
    "network-interface-name": lambda row, values: row.name in values,
    "network-interface-description": lambda row, values: row.description in values,
    "address-ip": lambda row, values: row.ip in values,
    "is-primary": lambda row, values: row.primary == is_true(values),
    "eni-type": lambda row, values: str(PRIMARY if row.primary else SECONDARY) in values,
}


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
        "PrivateIpAddressSet": [_address(row, state)],
        "Attachment": _attachment(ctx, row),
        "Zone": row.zone,
        "CreatedTime": beijing_time(row.created),
        "Ipv6AddressSet": [],
        "TagSet": tag_set(row.tags),
        "EniType": PRIMARY if row.primary else SECONDARY,
        "Business": "cvm",
        "CdcId": "",
        "AttachType": 0,
        "ResourceId": "",
        "QosLevel": "DEFAULT",
    }


def _address(row: Interface, state: str) -> dict[str, Any]:
    return {
        "PrivateIpAddress": row.ip,
        "Primary": True,
        "PublicIpAddress": "",
        "AddressId": "",
        "Description": "",
        "IsWanIpBlocked": False,
        "State": state,
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


_NEW = {
    "VpcId": text.must(),
    "NetworkInterfaceName": text.must(),
    "SubnetId": text.must(),
    "NetworkInterfaceDescription": text,
    "QosLevel": text,
    "SecurityGroupIds": list_of(text),
    "PrivateIpAddresses": list_of(PRIVATE_IP),
    "SecondaryPrivateIpAddressCount": unsigned,
    "Ipv6Addresses": list_of(IPV6),
    "Ipv6AddressCount": unsigned,
    "Tags": list_of(TAG),
    "IsRdma": boolean,
    "ClientToken": text,
    "TerminationProtection": boolean,
    "TrafficProtection": boolean,
}

ACTIONS = (
    Action(SERVICE, VERSION, "CreateNetworkInterface", {**_NEW, "TrunkingFlag": text}, create_network_interface),
    Action(
        SERVICE,
        VERSION,
        "CreateAndAttachNetworkInterface",
        {**_NEW, "InstanceId": text.must(), "AttachType": unsigned},
        create_and_attach_network_interface,
    ),
    Action(
        SERVICE,
        VERSION,
        "AttachNetworkInterface",
        {"NetworkInterfaceId": text.must(), "InstanceId": text.must(), "AttachType": unsigned, "ClientToken": text},
        attach_network_interface,
    ),
    Action(
        SERVICE,
        VERSION,
        "DetachNetworkInterface",
        {"NetworkInterfaceId": text.must(), "InstanceId": text.must(), "ClientToken": text},
        detach_network_interface,
    ),
    Action(
        SERVICE,
        VERSION,
        "MigrateNetworkInterface",
        {
            "NetworkInterfaceId": text.must(),
            "SourceInstanceId": text.must(),
            "DestinationInstanceId": text.must(),
            "AttachType": unsigned,
        },
        migrate_network_interface,
    ),
    Action(SERVICE, VERSION, "DeleteNetworkInterface", {"NetworkInterfaceId": text.must()}, delete_network_interface),
    Action(
        SERVICE,
        VERSION,
        "DescribeNetworkInterfaces",
        {
            "NetworkInterfaceIds": list_of(text),
            "Filters": list_of(FILTER),
            "Offset": unsigned,
            "Limit": unsigned,
        },
        describe_network_interfaces,
    ),
)
