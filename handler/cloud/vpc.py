"""The thin adapter on the VPC API: plain data in and out (platform.md section 3)."""

from __future__ import annotations

from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from handler.cloud.api import VPC, Api
from handler.errors import NotFound, Refused
from handler.model import FlowLog, Interface, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.cloud.pace import Pacer
    from handler.settings import Settings

PAGE = 100
"""The most that DescribeFlowLogs and DescribeNetworkInterfaces give at once, and the most ids that the latter takes."""
FILTER_VALUES = 5
"""How many values a filter takes is not documented for VPC; CVM's documents say 5 (inferred)."""

MAX_DIGITS = 20
"""A total of more digits says nothing."""
MAX_COVERED = 2_000
"""Of a VPC with more flow logs than this the rest is not listed: CreateFlowLog itself tells of them."""


class Vpc:
    """Flow logs and interfaces of one account, in any region."""

    def __init__(self, api: Api, settings: Settings, pacer: Pacer | None = None) -> None:
        """Take an API and the account's defaults; a pacer spaces out the creates."""
        self._api = api
        self._settings = settings
        self._pacer = pacer

    def create_flow_log(self, interface: Interface, name: str) -> str:
        """Create a flow log with the account's default settings (doc 215/35015).

        Returns:
            Its id; empty where the reply, which is a list, names none.

        Raises:
            Transient: it may have been created all the same.
            CloudError: see the table in `errors`.
        """
        params = self._create_params(interface, name)
        reply = self._api.call(VPC, "CreateFlowLog", interface.region, params, self._pacer, again_when_lost=False)
        created = _objects(reply.get("FlowLog"))
        return str(created[0].get("FlowLogId") or "") if created else ""

    def enable_flow_log(self, region: str, flow_log_id: str, pacer: Pacer) -> None:
        """Switch a flow log on (EnableFlowLogs, doc 215/79712).

        Raises:
            CloudError: it stands as it was, or may have been switched on.
        """
        self._api.call(VPC, "EnableFlowLogs", region, {"FlowLogIds": [flow_log_id]}, pacer)

    def delete_flow_log(self, region: str, vpc_id: str, flow_log_id: str, pacer: Pacer) -> None:
        """Delete a flow log (DeleteFlowLog, doc 215/35014).

        Raises:
            NotFound: there is none, for it has been deleted already.
            CloudError: it stands as it was, or may have been deleted.
        """
        self._api.call(VPC, "DeleteFlowLog", region, {"VpcId": vpc_id, "FlowLogId": flow_log_id}, pacer)

    def flow_logs_of(self, interface: Interface) -> list[FlowLog]:
        """The flow logs of one interface (doc 215/35012)."""
        params = {"ResourceId": interface.interface_id, "Limit": PAGE, "Offset": 0}
        reply = self._api.call(VPC, "DescribeFlowLogs", interface.region, params)
        logs = map(_flow_log, _objects(reply.get("FlowLog")))
        return [log for log in logs if log.interface_id == interface.interface_id]

    def holders_of(self, region: str, name: str) -> list[str]:
        """The ids of what the flow logs of a name belong to, as far as they are listed yet."""
        params = {"FlowLogName": name, "Limit": PAGE, "Offset": 0}
        reply = self._api.call(VPC, "DescribeFlowLogs", region, params)
        named = [entry for entry in _objects(reply.get("FlowLog")) if entry.get("FlowLogName") == name]
        return [str(entry.get("ResourceId") or "") for entry in named]

    def flow_log_page(self, region: str, offset: int, pacer: Pacer | None = None) -> tuple[list[FlowLog], int]:
        """One page of a region's flow logs, of interfaces and of all else, and how many there are in all."""
        params = {"Limit": PAGE, "Offset": offset}
        reply = self._api.call(VPC, "DescribeFlowLogs", region, params, pacer)
        return [_flow_log(entry) for entry in _objects(reply.get("FlowLog"))], _number(reply.get("TotalNum"))

    def interface_page(
        self,
        region: str,
        offset: int,
        vpc_ids: Sequence[str] = (),
        pacer: Pacer | None = None,
        *,
        limit: int = PAGE,
    ) -> tuple[list[Interface], int]:
        """One page of a region's interfaces, of some VPCs or all, and how many there are in all (doc 215/15817)."""
        params: dict[str, Any] = {"Limit": limit, "Offset": offset}
        if vpc_ids:
            params["Filters"] = [{"Name": "vpc-id", "Values": list(vpc_ids)}]
        reply = self._api.call(VPC, "DescribeNetworkInterfaces", region, params, pacer)
        return _interfaces(reply, region), _number(reply.get("TotalCount"))

    def interfaces_by_id(self, region: str, interface_ids: Sequence[str]) -> list[Interface]:
        """Those of the interfaces that there are, in any number."""
        found: list[Interface] = []
        for chunk in chunks(interface_ids, PAGE):
            try:
                found += self._by_id(region, chunk)
            except NotFound:
                # Whether one unknown id fails the whole call is not documented.
                found += [one for each in chunk for one in self._one_by_id(region, each)] if len(chunk) > 1 else []
        return found

    def interfaces_by_instance(self, region: str, instance_ids: Sequence[str]) -> list[Interface]:
        """The interfaces that are attached to some instances, and visible already."""
        found: list[Interface] = []
        for chunk in chunks(instance_ids, FILTER_VALUES):
            found += self._filtered(region, "attachment.instance-id", chunk)
        return found

    def interfaces_in(self, region: str, place_id: str, most: int) -> list[Interface]:
        """The interfaces of a subnet or a VPC, at least `most` of them where there are so many."""
        name = "subnet-id" if place_id.startswith("subnet-") else "vpc-id"
        found = self._filtered(region, name, [place_id], most)
        return [each for each in found if place_id in (each.subnet_id, each.vpc_id)]

    def covered_in(self, region: str, vpc_id: str) -> frozenset[str]:
        """The ids of a VPC's interfaces that have a flow log, as far as `MAX_COVERED` of them tell."""
        covered: set[str] = set()
        for offset in range(0, MAX_COVERED, PAGE):
            params = {"VpcId": vpc_id, "ResourceType": "NETWORKINTERFACE", "Limit": PAGE, "Offset": offset}
            page = _objects(self._api.call(VPC, "DescribeFlowLogs", region, params).get("FlowLog"))
            covered |= {_flow_log(entry).interface_id for entry in page}
            if len(page) < PAGE:
                break
        return frozenset(covered)

    def _one_by_id(self, region: str, interface_id: str) -> list[Interface]:
        try:
            return self._by_id(region, [interface_id])
        except NotFound:
            return []

    def _by_id(self, region: str, interface_ids: Sequence[str]) -> list[Interface]:
        params = {"NetworkInterfaceIds": list(interface_ids), "Limit": PAGE}
        return _interfaces(self._api.call(VPC, "DescribeNetworkInterfaces", region, params), region)

    def _filtered(self, region: str, name: str, values: Sequence[str], most: float = inf) -> list[Interface]:
        """The interfaces that a filter lets through, reading on until there are `most` or no more."""
        found: list[Interface] = []
        while True:
            params = {"Filters": [{"Name": name, "Values": list(values)}], "Limit": PAGE, "Offset": len(found)}
            reply = self._api.call(VPC, "DescribeNetworkInterfaces", region, params)
            page = _interfaces(reply, region)
            found += page
            last = len(page) < PAGE and len(found) >= _number(reply.get("TotalCount"))
            if not page or last or len(found) >= most:
                return found

    def _create_params(self, interface: Interface, name: str) -> dict[str, Any]:
        settings = self._settings
        params: dict[str, Any] = {
            "FlowLogName": name,
            "ResourceType": "NETWORKINTERFACE",
            "ResourceId": interface.interface_id,
            "TrafficType": settings.traffic_type,
            "VpcId": interface.vpc_id,
            "FlowLogDescription": settings.description,
        }
        params.update(self._storage(interface.region))
        if settings.tags:
            params["Tags"] = [{"Key": key, "Value": value} for key, value in sorted(settings.tags.items())]
        return params

    def _storage(self, region: str) -> dict[str, Any]:
        kind, _, place = self._settings.storage.partition(":")
        if kind == "ckafka":
            instance, _, topic = place.partition("/")
            return {"StorageType": "ckafka", "FlowLogStorage": {"StorageId": instance, "StorageTopic": topic}}
        topic_id = self._settings.topic_for(region)
        if not topic_id:
            raise Refused("NoTopicForRegion", f"FLOWLOG_TOPIC_ID names no topic for {region}, and no default")
        storage = {"StorageType": "cls", "CloudLogId": topic_id}
        if self._settings.topic_region:
            storage["CloudLogRegion"] = self._settings.topic_region
        return storage


def chunks(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The values in pieces of at most `size`, which is what one call takes."""
    return (values[start : start + size] for start in range(0, len(values), size))


def _number(value: Any) -> int:
    """A total, 0 if it is none."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) < MAX_DIGITS else 0
    return int(value) if isinstance(value, (int, float)) and isfinite(value) else 0


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _interfaces(reply: dict[str, Any], region: str) -> list[Interface]:
    return [_interface(entry, region) for entry in _objects(reply.get("NetworkInterfaceSet"))]


def _interface(entry: dict[str, Any], region: str) -> Interface:
    # An attached interface still shows State AVAILABLE: only Attachment tells (null when unattached).
    instance_id = str((entry.get("Attachment") or {}).get("InstanceId") or "")
    return Interface(
        region=region,
        interface_id=str(entry.get("NetworkInterfaceId") or ""),
        vpc_id=str(entry.get("VpcId") or ""),
        subnet_id=str(entry.get("SubnetId") or ""),
        instance_id=instance_id,
        tags=tags_of(entry.get("TagSet")),
        attached=bool(instance_id),
        created=str(entry.get("CreatedTime") or ""),
    )


def _flow_log(entry: dict[str, Any]) -> FlowLog:
    return FlowLog(
        flow_log_id=str(entry.get("FlowLogId") or ""),
        interface_id=str(entry.get("ResourceId") or ""),
        traffic_type=str(entry.get("TrafficType") or ""),
        topic_id=str(entry.get("CloudLogId") or ""),
        topic_state=str(entry.get("CloudLogState") or ""),
        enabled=entry.get("Enable") is not False,
        storage=_stored_in(entry),
        description=str(entry.get("FlowLogDescription") or ""),
        tags=tags_of(entry.get("TagSet")),
        resource_type=str(entry.get("ResourceType") or "NETWORKINTERFACE"),
        created=str(entry.get("CreatedTime") or ""),
    )


def _stored_in(entry: dict[str, Any]) -> str:
    kind, place = str(entry.get("StorageType") or "cls"), entry.get("FlowLogStorage")
    if kind != "ckafka" or not isinstance(place, dict):
        return kind
    return f"{kind}:{place.get('StorageId') or ''}/{place.get('StorageTopic') or ''}"
