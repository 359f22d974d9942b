"""RunInstances, DescribeInstances, TerminateInstances (docs 213/15730, 213/15728, 213/15723)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.core.actions import Action, Context
from localcloud.core.clock import iso_time
from localcloud.core.errors import ApiError, missing, out_of_range
from localcloud.core.parameters import boolean, integer, list_of, object_of, opaque, opaque_list, text, unsigned
from localcloud.cvm.model import Fleet, Instance
from localcloud.vpc.interfaces import primary_interface
from localcloud.vpc.model import read_tags, tag_set
from localcloud.vpc.networks import find_subnet, find_vpc, network
from localcloud.vpc.shapes import FILTER, an_id, ids_or_filters, page, select, slice_newest_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localcloud.core.parameters import Params

SERVICE, VERSION = "cvm", "2017-03-12"
MOST_AT_ONCE = 100
DEFAULT_TYPE = "S5.MEDIUM4"


def run_instances(ctx: Context, params: Params) -> dict[str, Any]:
    """Start instances. The reply names them only; each one's primary interface appears once it has booted."""
    count = params.get("InstanceCount", 1)
    if not 1 <= count <= MOST_AT_ONCE:
        raise out_of_range("InstanceCount", count, f"1-{MOST_AT_ONCE}")
    if params.get("DryRun"):
        raise ApiError("DryRunOperation", "The request would have succeeded, but the DryRun parameter was set.")
    for required in ("Placement", "ImageId"):
        if required not in params:
            raise missing(required)
    boot_s = ctx.behaviour.wait(ctx.behaviour.boot_delay_s)
    return {"InstanceIdSet": [start_instance(ctx, params, boot_s=boot_s).instance_id for _ in range(count)]}


def start_instance(ctx: Context, params: Params, *, boot_s: float) -> Instance:
    """Start one instance, which runs after `boot_s` seconds, with its primary interface, and return it."""
    net = network(ctx)
    place = params.get("VirtualPrivateCloud") or _default_place(ctx)
    vpc, subnet = find_vpc(net, place["VpcId"]), find_subnet(net, place["SubnetId"])
    if subnet.vpc_id != vpc.vpc_id or params.get("Placement", {}).get("Zone", subnet.zone) != subnet.zone:
        raise ApiError(
            "InvalidParameterValue.VpcIdZoneIdNotMatch", "The zone, the VPC and the subnet do not belong together."
        )
    instance = Instance(
        instance_id=ctx.account.ids.new("ins"),
        name=params.get("InstanceName", "unnamed"),
        instance_type=params.get("InstanceType", DEFAULT_TYPE),
        vpc_id=vpc.vpc_id,
        subnet_id=subnet.subnet_id,
        zone=subnet.zone,
        image_id=params.get("ImageId", ""),
        ip=net.next_address()[0],
        uuid=ctx.account.ids.uuid(),
        created=ctx.now(),
        running=ctx.now() + boot_s,
        request_id=ctx.request_id,
        tags=_instance_tags(params),
        groups=tuple(params.get("SecurityGroupIds", ())),
    )
    ctx.region.state(Fleet).instances.put(instance)
    net.add_interface(primary_interface(ctx, instance), ctx.now())
    return instance


def describe_instances(ctx: Context, params: Params) -> dict[str, Any]:
    """List instances, newest first (the order is inferred). Unknown ids are left out (inferred)."""
    ids_or_filters(params, "InstanceIds")
    offset, limit = page(params, default=20)
    rows = _rows(ctx, params)
    found = slice_newest_first(rows, offset, limit)
    return {"TotalCount": len(rows), "InstanceSet": [_reply(ctx, row) for row in found]}


def terminate_instances(ctx: Context, params: Params) -> dict[str, Any]:
    """Terminate instances; all their interfaces and those' flow logs go with them (inferred for secondary ones)."""
    fleet, net = ctx.region.state(Fleet), network(ctx)
    ids = params["InstanceIds"]
    if len(ids) > MOST_AT_ONCE:
        raise out_of_range("InstanceIds", len(ids), f"up to {MOST_AT_ONCE}")
    for instance_id in ids:
        if an_id("InstanceIds", instance_id, "ins") not in fleet.instances:
            raise ApiError("InvalidInstanceId.NotFound", f"The instance `{instance_id}` does not exist.")
    for instance_id in ids:
        fleet.instances.remove(instance_id)
        for interface in net.attached_to(instance_id):
            net.remove_interface(interface.interface_id)
    return {}


def _default_place(ctx: Context) -> dict[str, str]:
    for subnet in network(ctx).subnets:
        if subnet.default:
            return {"VpcId": subnet.vpc_id, "SubnetId": subnet.subnet_id}
    raise missing("VirtualPrivateCloud")


def _instance_tags(params: Params) -> tuple[tuple[str, str], ...]:
    specifications = params.get("TagSpecification", ())
    return tuple(tag for one in specifications if one["ResourceType"] == "instance" for tag in read_tags(one["Tags"]))


def _rows(ctx: Context, params: Params) -> Sequence[Instance]:
    instances = ctx.region.state(Fleet).instances
    ids = params.get("InstanceIds")
    if ids:
        found = [instances.get(an_id("InstanceIds", one, "ins")) for one in dict.fromkeys(ids)]
        return [instance for instance in found if instance is not None]
    return select(
        instances,
        params.get("Filters", []),
        known={
            "instance-id": lambda row, values: row.instance_id in values,
            "instance-name": lambda row, values: row.name in values,
            "instance-state": lambda row, values: _state(ctx, row) in values,
            "vpc-id": lambda row, values: row.vpc_id in values,
            "subnet-id": lambda row, values: row.subnet_id in values,
            "zone": lambda row, values: row.zone in values,
            "private-ip-address": lambda row, values: row.ip in values,
        },
        tags=lambda row: row.tags,
        indexes={"vpc-id": "vpc", "subnet-id": "subnet"},
        most_values=ctx.behaviour.filter_values,
    )


def _state(ctx: Context, row: Instance) -> str:
    return "RUNNING" if row.running <= ctx.now() else "PENDING"


def _reply(ctx: Context, row: Instance) -> dict[str, Any]:
    state = _state(ctx, row)
    return {
        "InstanceId": row.instance_id,
        "InstanceName": row.name,
        "InstanceType": row.instance_type,
        "InstanceState": state,
        "InstanceChargeType": "POSTPAID_BY_HOUR",
        "RestrictState": "NORMAL",
        "CPU": 2,
        "Memory": 4,
        "Placement": {"Zone": row.zone, "ProjectId": 0},
        "VirtualPrivateCloud": {"VpcId": row.vpc_id, "SubnetId": row.subnet_id, "AsVpcGateway": False},
        "PrivateIpAddresses": [row.ip],
        "PublicIpAddresses": None,
        "ImageId": row.image_id,
        "CreatedTime": iso_time(row.created),
        "SecurityGroupIds": list(row.groups),
        "LatestOperation": "RunInstances",
        "LatestOperationState": "SUCCESS" if state == "RUNNING" else "OPERATING",
        "LatestOperationRequestId": row.request_id,
        "Uuid": row.uuid,
        "Tags": tag_set(row.tags),
    }


_TAG_SPECIFICATION = {"ResourceType": text.must(), "Tags": list_of({"Key": text.must(), "Value": text.must()}).must()}
_PLACEMENT = {
    "Zone": text.must(),
    "ProjectId": integer,
    "HostIds": list_of(text),
    "HostId": text,
    "DedicatedResourcePackTenancy": text,
    "DedicatedResourcePackIds": list_of(text),
    "RackId": text,
}
_VPC = {
    "VpcId": text.must(),
    "SubnetId": text.must(),
    "AsVpcGateway": boolean,
    "PrivateIpAddresses": list_of(text),
    "Ipv6AddressCount": unsigned,
}

ACTIONS = (
    Action(
        SERVICE,
        VERSION,
        "RunInstances",
        {
            "InstanceChargeType": text,
            "InstanceChargePrepaid": opaque,
            "Placement": object_of(_PLACEMENT),
            "InstanceType": text,
            "ImageId": text,
            "SystemDisk": opaque,
            "DataDisks": opaque_list,
            "VirtualPrivateCloud": object_of(_VPC),
            "InternetAccessible": opaque,
            "InstanceCount": integer,
            "MinCount": integer,
            "InstanceName": text,
            "LoginSettings": opaque,
            "SecurityGroupIds": list_of(text),
            "EnhancedService": opaque,
            "ClientToken": text,
            "HostName": text,
            "ActionTimer": opaque,
            "DisasterRecoverGroupIds": list_of(text),
            "TagSpecification": list_of(_TAG_SPECIFICATION),
            "InstanceMarketOptions": opaque,
            "UserData": text,
            "Metadata": opaque,
            "DryRun": boolean,
            "CpuTopology": opaque,
            "CamRoleName": text,
            "HpcClusterId": text,
            "LaunchTemplate": opaque,
            "DedicatedClusterId": text,
            "ChcIds": list_of(text),
            "PartitionNumber": integer,
            "DisableApiTermination": boolean,
            "EnableJumboFrame": boolean,
            "NetworkInterfaces": opaque_list,
        },
        run_instances,
    ),
    Action(
        SERVICE,
        VERSION,
        "DescribeInstances",
        {"InstanceIds": list_of(text), "Filters": list_of(FILTER), "Offset": integer, "Limit": integer},
        describe_instances,
    ),
    Action(
        SERVICE,
        VERSION,
        "TerminateInstances",
        {
            "InstanceIds": list_of(text).must(),
            "ReleaseAddress": boolean,
            "ReleasePrepaidDataDisks": boolean,
        },
        terminate_instances,
    ),
)
