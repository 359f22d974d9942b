"""What the VPC API's listings hold: each row into plain data, and a row that is not of its documented type passed over.

The types are those of docs 215/15824 (FlowLog, NetworkInterface): a field may be null or left out, but not be another
type. What a row with a wrong one means is not guessed at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from handler.errors import Transient
from handler.model import FlowLog, Interface, tags_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Entry = TypeVar("Entry")
Kind = TypeVar("Kind", str, bool, list[Any], dict[str, Any])

_INTERFACE_ID = re.compile(r"eni-[0-9A-Za-z]{1,32}")


class Malformed(Exception):
    """A row is not of its documented type."""


@dataclass(frozen=True)
class Rows(Generic[Entry]):
    """The rows of one reply.

    Attributes:
        entries: those that could be read.
        malformed: of each row that could not be read its id, "" where not even that could be.
        total: how many rows there are in all, as the cloud tells; 0 where it does not.
        number: how many rows came, of whatever form: where a page ends, they all count.
    """

    entries: list[Entry]
    malformed: list[str]
    total: int
    number: int = 0


def interfaces(reply: Mapping[str, Any], region: str) -> Rows[Interface]:
    """The interfaces of a reply of DescribeNetworkInterfaces.

    Raises:
        Transient: they are no list.
    """
    total = reply.get("TotalCount")
    return _read(reply, "NetworkInterfaceSet", "NetworkInterfaceId", total, lambda row: _interface(row, region))


def flow_logs(reply: Mapping[str, Any]) -> Rows[FlowLog]:
    """The flow logs of a reply of DescribeFlowLogs.

    Raises:
        Transient: they are no list.
    """
    return _read(reply, "FlowLog", "ResourceId", reply.get("TotalNum"), _flow_log)


def _read(
    reply: Mapping[str, Any], name: str, id_name: str, total: Any, read: Callable[[dict[str, Any]], Entry]
) -> Rows[Entry]:
    rows = [] if reply.get(name) is None else reply[name]
    if not isinstance(rows, list):
        raise Transient("ClientNetworkError", f"a reply whose {name} is no list")
    entries: list[Entry] = []
    malformed: list[str] = []
    for row in rows:
        try:
            entries.append(read(row if isinstance(row, dict) else {}))
        except Malformed:
            ident = row.get(id_name) if isinstance(row, dict) else None
            malformed.append(ident if isinstance(ident, str) and _INTERFACE_ID.fullmatch(ident) else "")
    return Rows(entries, malformed, _number(total), len(rows))


def _interface(row: dict[str, Any], region: str) -> Interface:
    interface_id = _field(row, "NetworkInterfaceId", "")
    if not _INTERFACE_ID.fullmatch(interface_id):
        raise Malformed
    # An attached interface still shows State AVAILABLE: only Attachment tells (null when unattached).
    instance_id = _field(_field(row, "Attachment", {}), "InstanceId", "")
    return Interface(
        region=region,
        interface_id=interface_id,
        vpc_id=_field(row, "VpcId", ""),
        subnet_id=_field(row, "SubnetId", ""),
        instance_id=instance_id,
        tags=_tags(row),
        attached=bool(instance_id),
        created=_field(row, "CreatedTime", ""),
    )


def _flow_log(row: dict[str, Any]) -> FlowLog:
    resource_id = _field(row, "ResourceId", "")
    if not resource_id:
        raise Malformed
    return FlowLog(
        flow_log_id=_field(row, "FlowLogId", ""),
        interface_id=resource_id,
        traffic_type=_field(row, "TrafficType", ""),
        topic_id=_field(row, "CloudLogId", ""),
        topic_state=_field(row, "CloudLogState", ""),
        enabled=_field(row, "Enable", absent=True),
        storage=_stored_in(row),
        description=_field(row, "FlowLogDescription", ""),
        tags=_tags(row),
        resource_type=_field(row, "ResourceType", "") or "NETWORKINTERFACE",
        created=_field(row, "CreatedTime", ""),
        name=_field(row, "FlowLogName", ""),
    )


def _stored_in(row: dict[str, Any]) -> str:
    kind, place = _field(row, "StorageType", "") or "cls", _field(row, "FlowLogStorage", {})
    if kind != "ckafka":
        return kind
    return f"{kind}:{_field(place, 'StorageId', '')}/{_field(place, 'StorageTopic', '')}"


def _tags(row: dict[str, Any]) -> dict[str, str]:
    tag_set = _field(row, "TagSet", [])
    if not all(isinstance(tag, dict) and isinstance(tag.get("Key"), str) for tag in tag_set):
        raise Malformed
    return tags_of(tag_set)


def _field(row: dict[str, Any], name: str, absent: Kind) -> Kind:
    """A field of a row, which has the type of `absent`, its value where the field is null or left out."""
    value = row.get(name)
    if value is None:
        return absent
    if not isinstance(value, type(absent)):
        raise Malformed
    return value


def _number(value: Any) -> int:
    """A total, 0 if it is none."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0
