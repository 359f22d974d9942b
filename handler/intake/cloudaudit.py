"""A CloudAudit record → the interfaces that it created or attached (platform.md section 1).

No public sample of these records exists: where the ids stand is inferred from the API's own replies, and the fallbacks
below take over where a record is shaped otherwise.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from handler import jsontext, schema
from handler.cloud.vpc import tags_of
from handler.model import Ignored, Interface, Invalid, Item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REGION = re.compile(r"[a-z]{2,5}(-[a-z0-9]{1,20}){1,3}")
INTERFACE_ID = re.compile(r"eni-[0-9a-z]{6,20}")
INSTANCE_ID = re.compile(r"ins-[0-9a-z]{6,20}")
VPC_ID = re.compile(r"vpc-[0-9a-z]{6,20}")
SUBNET_ID = re.compile(r"subnet-[0-9a-z]{6,20}")

CREATE = frozenset({"CreateNetworkInterface", "CreateAndAttachNetworkInterface"})
ATTACH = frozenset({"AttachNetworkInterface", "MigrateNetworkInterface"})
ACTIONS = CREATE | ATTACH | {"RunInstances"}
_ATTACHING = ATTACH | {"CreateAndAttachNetworkInterface"}
_SUCCESS = (None, 0, "0", "")


class _Unusable(ValueError):
    """The record does not tell which interface it is about, or tells it in a wrong form."""


def read(record: Mapping[str, Any], envelope_region: Any = None) -> list[Item]:
    """Read one record.

    Args:
        record: the CloudAudit record, not validated yet.
        envelope_region: the CloudEvent's region, which is the bus's: trusted last.

    Returns:
        One interface, or one for each new instance; or one Ignored or Invalid.
    """
    action = record.get("eventName")
    if isinstance(action, str) and action and action not in ACTIONS:
        return [Ignored("another action")]
    problem = schema.problems("event", record, "record")
    if problem:
        return [Invalid(problem, record)]
    if record.get("actionType") == "Read":
        return [Ignored("a read")]
    if any(record.get(key) not in _SUCCESS for key in ("errorCode", "apiErrorCode")):
        return [Ignored("the API call failed")]
    try:
        return list(_interfaces(record, envelope_region))
    except _Unusable as error:
        return [Invalid(str(error), record)]


def _interfaces(record: Mapping[str, Any], envelope_region: Any) -> Iterator[Item]:
    action = record["eventName"]
    request, reply = _object(record.get("requestParameters")), _unwrapped(_object(record.get("responseElements")))
    region = _region(record, request, envelope_region)
    if action == "RunInstances":
        if request.get("DryRun") is True:
            yield Ignored("a dry run", region)
            return
        for instance_id in _instance_ids(record, reply):
            yield Interface(region, instance_id=instance_id, attaching=True)
        return
    created = _mapping(reply.get("NetworkInterface"))
    named = created.get("NetworkInterfaceId") if action in CREATE else request.get("NetworkInterfaceId")
    yield Interface(
        region,
        interface_id=_interface_id(record, named),
        vpc_id=_id(VPC_ID, created.get("VpcId") or (request.get("VpcId") if action in CREATE else None), "VpcId"),
        subnet_id=_id(SUBNET_ID, created.get("SubnetId"), "SubnetId"),
        tags=tags_of(created["TagSet"]) if isinstance(created.get("TagSet"), list) else None,
        attaching=action in _ATTACHING,
    )


def _region(record: Mapping[str, Any], request: Mapping[str, Any], envelope_region: Any) -> str:
    """The call's region, by order of trust (inferred). A resource's of another form, such as gz, tells nothing."""
    resources = [str(_mapping(resource).get("resourceRegion")) for resource in _resources(record)]
    candidates = [
        request.get("Region"),
        *(each for each in resources if REGION.fullmatch(each)),
        record.get("eventRegion"),
        envelope_region,
    ]
    region = next((each for each in candidates if each not in (None, "", "Global", "global")), "")
    if not isinstance(region, str) or not REGION.fullmatch(region):
        raise _Unusable("the region has not the form of a region, such as ap-guangzhou" if region else "no region")
    return region


def _interface_id(record: Mapping[str, Any], named: Any) -> str:
    if named not in (None, ""):
        return _id(INTERFACE_ID, named, "NetworkInterfaceId")
    ids = _named_resources(record, INTERFACE_ID)
    if len(ids) != 1:
        raise _Unusable(f"{record['eventName']} names no NetworkInterfaceId")
    return ids[0]


def _instance_ids(record: Mapping[str, Any], reply: Mapping[str, Any]) -> list[str]:
    named = reply.get("InstanceIdSet")
    if isinstance(named, list) and named:
        return list(dict.fromkeys(_id(INSTANCE_ID, each or "-", "InstanceIdSet") for each in named))
    ids = _named_resources(record, INSTANCE_ID)
    if not ids:
        raise _Unusable("RunInstances names no instance in InstanceIdSet")
    return ids


def _id(form: re.Pattern[str], value: Any, name: str) -> str:
    """An id that has its form, or "" for none: it is checked before it is used for anything."""
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or not form.fullmatch(value):
        raise _Unusable(f"{name} has not the form {form.pattern}")
    return value


def _named_resources(record: Mapping[str, Any], form: re.Pattern[str]) -> list[str]:
    """Ids in resourceSet and resourceName ("eni/eni-78ysaex1|eni/eni-…"): fallbacks only."""
    names = [_mapping(resource).get("resourceId") for resource in _resources(record)]
    names += str(record.get("resourceName") or "").split("|")
    last_parts = [name.rpartition("/")[2].strip() for name in names if isinstance(name, str)]
    return list(dict.fromkeys(part for part in last_parts if form.fullmatch(part)))


def _resources(record: Mapping[str, Any]) -> list[Any]:
    value = _parsed(record.get("resourceSet"))
    return value if isinstance(value, list) else []


def _object(value: Any) -> Mapping[str, Any]:
    """`requestParameters` and `responseElements` are JSON text, or an object, or empty, or absent (older records)."""
    return _mapping(_parsed(value))


def _parsed(value: Any) -> Any:
    """What JSON text says, None where it says nothing; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return jsontext.parse(value)
    except jsontext.NotJson:
        return None


def _unwrapped(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    return reply["Response"] if isinstance(reply.get("Response"), dict) else reply


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
