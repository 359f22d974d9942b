"""RunInstances, DescribeInstances, TerminateInstances (docs 213/15730, 213/15728, 213/15723)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.core.actions import Context, Service
from localcloud.core.clock import iso_time
from localcloud.core.errors import ApiError, existing, missing, out_of_range
from localcloud.core.ids import has_form
from localcloud.core.listing import Codes, Listing
from localcloud.core.parameters import Params, tag_set, tags_of
from localcloud.core.regions import PUBLIC
from localcloud.cvm.interfaces import SECONDARY, add_interface, check_interfaces, find_subnet
from localcloud.vpc.model import Instance, Network
from localcloud.vpc.networks import network

if TYPE_CHECKING:
    from collections.abc import Callable


API = Service("cvm", "2017-03-12")
MOST_AT_ONCE = 100
DEFAULT_TYPE = "S5.MEDIUM4"
CODES = Codes(
    page="InvalidParameterValue{name}",
    coexist="InvalidParameterConflict",
    too_many="InvalidParameterValue.LimitExceeded",
    too_many_values="InvalidFilterValue.LimitExceeded",
    unknown_filter="InvalidFilter",
)


@API.action()
def run_instances(ctx: Context, params: Params) -> dict[str, Any]:
    """Start instances. The reply names them only; each one's interfaces appear once it has booted."""
    count = params.get("InstanceCount", 1)
    if not 1 <= count <= MOST_AT_ONCE:
        raise out_of_range("InstanceCount", count, f"1-{MOST_AT_ONCE}")
    if params.get("DryRun"):
        raise ApiError("DryRunOperation", "The request would have succeeded, but the DryRun parameter was set.")
    for required in ("Placement", "ImageId"):
        if required not in params:
            raise missing(required)
    check_interfaces(params)
    boot_s = ctx.behaviour.wait(ctx.behaviour.boot_delay_s)
    return {"InstanceIdSet": [start_instance(ctx, params, boot_s=boot_s).instance_id for _ in range(count)]}


def start_instance(ctx: Context, params: Params, *, boot_s: float) -> Instance:
    """Start one instance, which runs after `boot_s` seconds, with its interfaces, and return it."""
    net = network(ctx)
    places = params.get("NetworkInterfaces") or [params.get("VirtualPrivateCloud") or _default_place(ctx)]
    places = sorted(places, key=lambda one: one.get("InterfaceType") == SECONDARY)
    subnet, *others = subnets = [find_subnet(net, place) for place in places]
    if params.get("Placement", {}).get("Zone", subnet.zone) != subnet.zone:
        raise ApiError(
            "InvalidParameterValue.VpcIdZoneIdNotMatch", "The zone, the VPC and the subnet do not belong together."
        )
    if any((other.vpc_id, other.zone) != (subnet.vpc_id, subnet.zone) for other in others):
        raise ApiError("InvalidParameterValue.SubnetIdZoneIdNotMatch", "All interfaces are in one VPC and zone.")
    instance = Instance(
        instance_id=ctx.account.ids.new("ins"),
        name=params.get("InstanceName", "unnamed"),
        instance_type=params.get("InstanceType", DEFAULT_TYPE),
        vpc_id=subnet.vpc_id,
        subnet_id=subnet.subnet_id,
        zone=subnet.zone,
        image_id=params.get("ImageId", ""),
        created=ctx.now(),
        running=ctx.now() + boot_s,
        tags=_instance_tags(params),
        groups=tuple(params.get("SecurityGroupIds", ())),
    )
    primary, *_ = [add_interface(ctx, instance, at, place) for at, place in zip(subnets, places, strict=True)]
    instance = replace(instance, ip=primary.ip)
    net.instances.put(instance)
    return instance


@API.action()
def describe_instances(ctx: Context, params: Params) -> dict[str, Any]:
    """List instances, newest first (the order is inferred). Unknown ids are left out (inferred)."""
    instances = network(ctx).instances
    known = {**_FILTERS, "instance-state": lambda row, values: _state(ctx, row) in values}
    listing: Listing[Instance] = Listing(known=known, codes=CODES, ids="InstanceIds")
    total, found = listing.find(instances, params, lambda one: instances.get(_an_id(one)))
    return {"TotalCount": total, "InstanceSet": [_reply(ctx, row) for row in found]}


@API.action(regional=False)
def describe_regions(ctx: Context, _params: Params) -> dict[str, Any]:
    """List the regions that there are; one that the account has not opened is UNAVAILABLE. Names are not done here."""
    closed = ctx.behaviour.closed_regions
    regions = [
        {"Region": name, "RegionName": name, "RegionState": "UNAVAILABLE" if name in closed else "AVAILABLE"}
        for name in PUBLIC
    ]
    return {"TotalCount": len(regions), "RegionSet": regions}


@API.action()
def terminate_instances(ctx: Context, params: Params) -> dict[str, Any]:
    """Terminate instances; their interfaces go too, but for secondary ones that RunInstances let stay (documented)."""
    net, ids = network(ctx), params["InstanceIds"]
    if len(ids) > MOST_AT_ONCE:
        raise out_of_range("InstanceIds", len(ids), f"up to {MOST_AT_ONCE}")
    for instance_id in [_find(net, one).instance_id for one in ids]:
        net.instances.remove(instance_id)
        for interface in net.attached_to(instance_id):
            net.remove_interface(interface.interface_id, keep=not interface.goes_with_instance)
    return {}


def _instance_tags(params: Params) -> tuple[tuple[str, str], ...]:
    specifications = params.get("TagSpecification", ())
    return tuple(tag for one in specifications if one["ResourceType"] == "instance" for tag in tags_of(one))


@API.action()
def stop_instances(ctx: Context, params: Params) -> dict[str, Any]:
    """Stop instances at once; their flow logs write nothing while they do not run."""
    return _switch(ctx, params["InstanceIds"], stopped=True)


@API.action()
def start_instances(ctx: Context, params: Params) -> dict[str, Any]:
    """Start stopped instances at once."""
    return _switch(ctx, params["InstanceIds"], stopped=False)


def _switch(ctx: Context, ids: list[str], *, stopped: bool) -> dict[str, Any]:
    net = network(ctx)
    for instance in [_find(net, instance_id) for instance_id in ids]:
        net.instances.put(replace(instance, stopped=stopped))
    return {}


def _default_place(ctx: Context) -> dict[str, str]:
    for subnet in network(ctx).subnets:
        if subnet.default:
            return {"VpcId": subnet.vpc_id, "SubnetId": subnet.subnet_id}
    raise missing("VirtualPrivateCloud")


def _an_id(value: str) -> str:
    if not has_form(value, "ins"):
        raise ApiError("InvalidInstanceId.Malformed", f"The format of the instance's id is invalid: `{value}`.")
    return value


def _find(net: Network, instance_id: str) -> Instance:
    instance = net.instances.get(_an_id(instance_id))
    return existing(instance, "InvalidInstanceId.NotFound", f"instance `{instance_id}`")


_FILTERS: dict[str, Callable[[Instance, list[str]], bool]] = {
    "instance-id": lambda row, values: row.instance_id in values,
    "instance-name": lambda row, values: row.name in values,
    "zone": lambda row, values: row.zone in values,
    "private-ip-address": lambda row, values: row.ip in values,
}


def _state(ctx: Context, row: Instance) -> str:
    if row.stopped:
        return "STOPPED"
    return "RUNNING" if row.running <= ctx.now() else "PENDING"


def _reply(ctx: Context, row: Instance) -> dict[str, Any]:
    return {
        "InstanceId": row.instance_id,
        "InstanceName": row.name,
        "InstanceType": row.instance_type,
        "InstanceState": _state(ctx, row),
        "Placement": {"Zone": row.zone, "ProjectId": 0},
        "VirtualPrivateCloud": {"VpcId": row.vpc_id, "SubnetId": row.subnet_id, "AsVpcGateway": False},
        "PrivateIpAddresses": [row.ip],
        "ImageId": row.image_id,
        "CreatedTime": iso_time(row.created),
        "SecurityGroupIds": list(row.groups),
        "Tags": tag_set(row.tags),
    }
