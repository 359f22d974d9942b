"""A CloudAudit record → the interfaces that it created or attached, or what leads to them (platform.md section 1).

No public sample of a create's or an attach's record exists: where the ids stand is inferred from the API's own replies,
and the fallbacks take over where a record is shaped otherwise. One that names neither interface nor instance may still
say in which subnet or VPC the call was made: its interfaces are then looked for there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from handler import schema
from handler.intake.record import INSTANCE_ID, INTERFACE_ID, SUBNET_ID, VPC_ID, Record, checked
from handler.jsontext import objects
from handler.model import Ignored, Interface, Invalid, Item
from handler.schema import Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CREATE = frozenset({"CreateNetworkInterface", "CreateAndAttachNetworkInterface"})
ATTACH = frozenset({"AttachNetworkInterface", "MigrateNetworkInterface"})
ACTIONS = CREATE | ATTACH | {"RunInstances"}
_ATTACHING = ACTIONS - {"CreateNetworkInterface"}
_MAX_EXPECTED = 100


def read(fields: Mapping[str, Any], envelope: Mapping[str, Any] | None = None) -> list[Item]:
    """Read one record.

    Args:
        fields: the CloudAudit record, not validated yet.
        envelope: the CloudEvent around it, if any; its region is the bus's, and trusted last.

    Returns:
        An interface, or one for each new instance, subnet or VPC that leads to some; or one Ignored or Invalid.
    """
    action = fields.get("eventName")
    if isinstance(action, str) and action and action not in ACTIONS:
        return [Ignored("another action")]
    try:
        schema.accept("event", fields, "record")
        record = Record(fields, envelope or {})
        if record.without_effect:
            return [Ignored(record.without_effect)]
        return [Ignored("a dry run", record.region)] if record.is_dry_run else list(_interfaces(record))
    except Unusable as error:
        return [Invalid(str(error), fields)]


def _interfaces(record: Record) -> list[Interface]:
    """What the record names, by the narrowest id that it tells.

    Raises:
        Unusable: it tells none, or one of a wrong form.
    """
    if record.action == "RunInstances":
        found = _instances(record)
    else:
        found = _created(record) if record.action in CREATE else _attached(record)
    found = found or list(_places(record))
    if not found:
        raise Unusable(f"{record.action} names no interface, instance, subnet or VPC")
    return found


def _created(record: Record) -> list[Interface]:
    created = record.created
    vpc_id = created.get("VpcId") or record.request.get("VpcId") or record.only(VPC_ID)
    return [
        Interface(
            record.region,
            interface_id=interface_id,
            vpc_id=checked(VPC_ID, vpc_id, "VpcId"),
            subnet_id=checked(SUBNET_ID, created.get("SubnetId"), "SubnetId"),
            tags=record.tags,
            attaching=record.action in _ATTACHING,
        )
        for interface_id in _interface_ids(record, created.get("NetworkInterfaceId"))
    ]


def _attached(record: Record) -> list[Interface]:
    """The interface, whose VPC only a look tells (a move, to where?); else all that its instance has by then."""
    ids = _interface_ids(record, record.request.get("NetworkInterfaceId"))
    if ids:
        return [Interface(record.region, interface_id, attaching=True) for interface_id in ids]
    instances = record.named(INSTANCE_ID)
    # The primary interface is there already, and does not tell of the one that is being attached.
    return [Interface(record.region, instance_id=each, attaching=True, expected=2) for each in instances]


def _instances(record: Record) -> list[Interface]:
    named = record.reply.get("InstanceIdSet")
    if isinstance(named, list) and named:
        ids = list(dict.fromkeys(checked(INSTANCE_ID, each or "-", "InstanceIdSet") for each in named))
    else:
        ids = record.named(INSTANCE_ID)
    expected = min(_MAX_EXPECTED, len(_requested(record)))
    known = Interface(record.region, model=record.model, attaching=True, expected=expected)
    return [replace(known, instance_id=each) for each in ids]


def _places(record: Record) -> Iterator[Interface]:
    """Where the call made or attached interfaces: its subnets, else its VPC."""
    requested = _requested(record)
    named = [checked(SUBNET_ID, each.get("SubnetId"), "SubnetId") for each in requested]
    subnets = [each for each in named if each] or record.named(SUBNET_ID)
    vpc_id = checked(VPC_ID, requested[0].get("VpcId") or record.only(VPC_ID), "VpcId")
    instances = record.request.get("InstanceCount")
    each_expected = instances if isinstance(instances, int) and instances > 0 else 1
    for subnet_id in dict.fromkeys(subnets or [""] * bool(vpc_id)):
        yield Interface(
            record.region,
            vpc_id=vpc_id,
            subnet_id=subnet_id,
            attaching=record.action in _ATTACHING,
            # What is attached may be older than the call.
            since="" if record.action in ATTACH else record.since,
            expected=min(_MAX_EXPECTED, each_expected * max(1, named.count(subnet_id))),
        )


def _requested(record: Record) -> Sequence[Mapping[str, Any]]:
    """The interfaces that a call asks for: NetworkInterfaces of RunInstances (facts 4.4), else one."""
    several: Sequence[Mapping[str, Any]] = objects(record.request.get("NetworkInterfaces"))
    place = record.request.get("VirtualPrivateCloud")
    return several or [place if isinstance(place, dict) else record.request]


def _interface_ids(record: Record, named: Any) -> list[str]:
    if named not in (None, ""):
        return [checked(INTERFACE_ID, named, "NetworkInterfaceId")]
    return record.named(INTERFACE_ID)
