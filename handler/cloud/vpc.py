"""The thin adapter on the VPC API: plain data in and out (platform.md section 3)."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from handler.cloud import rows
from handler.cloud.api import VPC, Api
from handler.cloud.many import chunks
from handler.errors import NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from handler.cloud.pace import Pacer
    from handler.cloud.rows import Rows
    from handler.model import FlowLog, Interface
    from handler.settings import Settings

PAGE = 100
"""The most that DescribeFlowLogs and DescribeNetworkInterfaces give at once, and the most ids that the latter takes."""
FILTER_VALUES = 5
"""How many values a filter takes is not documented for VPC; CVM's documents say 5 (inferred)."""

READS_PER_S = {"DescribeFlowLogs": 19.0, "DescribeNetworkInterfaces": 95.0}
"""The pace of reading: reads keep under their documented limits of 20 and 100 a second (docs 215/35012, 215/15817)."""

MAX_COVERED = 2_000
"""Of a VPC with more flow logs than this the rest is not listed: CreateFlowLog itself tells of them."""


class Vpc:
    """Flow logs and interfaces of one account, in any region.

    What the cloud answers with beside what it was asked for is left out: a filter that is not heeded must not lead to
    a flow log for another interface.

    Attributes:
        settings: the account's defaults, which its flow logs are made with.
        budget: the time of this invocation, within which all calls are made.
        malformed: the ids of the interfaces whose rows were not of their documented type, and so were passed over: as
            often as they came, "" where not even the id could be read.
    """

    def __init__(self, api: Api, settings: Settings, *, paced: bool = False) -> None:
        """Take an API and the account's defaults.

        Args:
            api: signed calls.
            settings: the account's defaults.
            paced: whether the calls of each action and region are spaced out, as those of a command are, which makes
                many: what changes something by FLOWLOG_CREATE_RATE.
        """
        self._api = api
        self.settings = settings
        self.budget = api.budget
        self._paced = paced
        self._pacers: dict[tuple[str, str], Pacer] = {}
        self.malformed: list[str] = []

    def create_flow_log(self, interface: Interface, name: str) -> str:
        """Create a flow log with the account's default settings (doc 215/35015).

        Returns:
            Its id; empty where the reply, which is a list, names none.

        Raises:
            Transient: it may have been created all the same.
            CloudError: see the table in `errors`.
        """
        params = self._create_params(interface, name)
        pacer = self._pacer("CreateFlowLog", interface.region)
        reply = self._api.call_unless_lost(VPC, "CreateFlowLog", interface.region, params, pacer)
        made = rows.flow_logs(reply).entries
        return made[0].flow_log_id if made else ""

    def enable_flow_log(self, region: str, flow_log_id: str) -> None:
        """Switch a flow log on (EnableFlowLogs, doc 215/79712).

        Raises:
            CloudError: it stands as it was, or may have been switched on.
        """
        self._call("EnableFlowLogs", region, {"FlowLogIds": [flow_log_id]})

    def delete_flow_log(self, region: str, vpc_id: str, flow_log_id: str) -> None:
        """Delete a flow log (DeleteFlowLog, doc 215/35014).

        Raises:
            NotFound: there is none, for it has been deleted already.
            CloudError: it stands as it was, or may have been deleted.
        """
        self._call("DeleteFlowLog", region, {"VpcId": vpc_id, "FlowLogId": flow_log_id})

    def flow_logs_of(self, interface: Interface) -> list[FlowLog]:
        """The flow logs of one interface (doc 215/35012)."""
        page = self.flow_log_page(interface.region, ResourceId=interface.interface_id)
        return [log for log in page.entries if log.interface_id == interface.interface_id]

    def holders_of(self, region: str, name: str) -> list[str]:
        """The ids of what the flow logs of a name belong to, as far as they are listed yet."""
        page = self.flow_log_page(region, FlowLogName=name)
        return [log.interface_id for log in page.entries if log.name == name]

    def flow_log_page(self, region: str, offset: int = 0, **filters: str) -> Rows[FlowLog]:
        """One page of a region's flow logs, of interfaces and of all else, by DescribeFlowLogs' own parameters."""
        params = {**filters, "Limit": PAGE, "Offset": offset}
        listed = rows.flow_logs(self._call("DescribeFlowLogs", region, params))
        self.malformed += listed.malformed
        return listed

    def interface_page(
        self, region: str, offset: int, vpc_ids: Sequence[str] = (), limit: int = PAGE
    ) -> Rows[Interface]:
        """One page of a region's interfaces, of some VPCs or all (doc 215/15817)."""
        params: dict[str, Any] = {"Limit": limit, "Offset": offset}
        if vpc_ids:
            params["Filters"] = [{"Name": "vpc-id", "Values": list(vpc_ids)}]
        page = self._interfaces(region, params)
        return replace(page, entries=[each for each in page.entries if not vpc_ids or each.vpc_id in vpc_ids])

    def interfaces_by_id(self, region: str, interface_ids: Sequence[str]) -> list[Interface]:
        """Those of the interfaces that there are, in any number."""
        found: list[Interface] = []
        for chunk in chunks(interface_ids, PAGE):
            try:
                listed = self._interfaces(region, {"NetworkInterfaceIds": list(chunk), "Limit": PAGE}).entries
            except NotFound:
                # Whether one unknown id fails the whole call is not documented.
                alone = chunk if len(chunk) > 1 else ()
                listed = [one for each in alone for one in self.interfaces_by_id(region, [each])]
            found += [each for each in listed if each.interface_id in chunk]
        return found

    def interfaces_by_instance(self, region: str, instance_ids: Sequence[str]) -> list[Interface]:
        """The interfaces that are attached to some instances, and visible already."""
        found: list[Interface] = []
        for chunk in chunks(instance_ids, FILTER_VALUES):
            found += self._filtered(region, "attachment.instance-id", chunk)
        return [each for each in found if each.instance_id in instance_ids]

    def interfaces_in(self, region: str, place_id: str, most: int) -> list[Interface]:
        """The interfaces of a subnet or a VPC, at least `most` of them where there are so many."""
        name = "subnet-id" if place_id.startswith("subnet-") else "vpc-id"
        found = self._filtered(region, name, [place_id], most)
        return [each for each in found if place_id in (each.subnet_id, each.vpc_id)]

    def covered_in(self, region: str, vpc_id: str) -> frozenset[str]:
        """The ids of a VPC's interfaces that have a flow log, as far as `MAX_COVERED` of them tell."""
        covered: set[str] = set()
        for offset in range(0, MAX_COVERED, PAGE):
            page = self.flow_log_page(region, offset, VpcId=vpc_id, ResourceType="NETWORKINTERFACE")
            covered |= {log.interface_id for log in page.entries}
            if page.number < PAGE:
                break
        return frozenset(covered)

    def _call(self, action: str, region: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return self._api.call(VPC, action, region, params, self._pacer(action, region))

    def _pacer(self, action: str, region: str) -> Pacer | None:
        if not self._paced:
            return None
        from handler.cloud.pace import Pacer  # noqa: PLC0415 - not on the path of an event

        rate = READS_PER_S.get(action, self.settings.create_rate)
        return self._pacers.setdefault((action, region), Pacer(rate, self.budget.monotonic))

    def _filtered(self, region: str, name: str, values: Sequence[str], most: float = inf) -> list[Interface]:
        """The interfaces that a filter lets through, reading on until there are `most`, no more or nothing new."""
        found: dict[str, Interface] = {}
        offset = 0
        while True:
            params = {"Filters": [{"Name": name, "Values": list(values)}], "Limit": PAGE, "Offset": offset}
            page = self._interfaces(region, params)
            known = len(found)
            found |= {each.interface_id: each for each in page.entries}
            offset += page.number
            last = page.number < PAGE and offset >= page.total
            if last or len(found) == known or len(found) >= most:
                return list(found.values())

    def _interfaces(self, region: str, params: dict[str, Any]) -> Rows[Interface]:
        listed = rows.interfaces(self._call("DescribeNetworkInterfaces", region, params), region)
        self.malformed += listed.malformed
        return listed

    def _create_params(self, interface: Interface, name: str) -> dict[str, Any]:
        settings = self.settings
        params: dict[str, Any] = {
            "FlowLogName": name,
            "ResourceType": "NETWORKINTERFACE",
            "ResourceId": interface.interface_id,
            "TrafficType": settings.traffic_type,
            "VpcId": interface.vpc_id,
            "FlowLogDescription": settings.description,
            **self._storage(interface.region),
        }
        if settings.tags:
            params["Tags"] = [{"Key": key, "Value": value} for key, value in sorted(settings.tags.items())]
        return params

    def _storage(self, region: str) -> dict[str, Any]:
        kind, _, place = self.settings.storage.partition(":")
        if kind == "ckafka":
            instance, _, topic = place.partition("/")
            return {"StorageType": "ckafka", "FlowLogStorage": {"StorageId": instance, "StorageTopic": topic}}
        topic_id = self.settings.topic_for(region)
        if not topic_id:
            raise Refused("NoTopicForRegion", f"FLOWLOG_TOPIC_ID names no topic for {region}, and no default")
        storage = {"StorageType": "cls", "CloudLogId": topic_id}
        if self.settings.topic_region:
            storage["CloudLogRegion"] = self.settings.topic_region
        return storage
