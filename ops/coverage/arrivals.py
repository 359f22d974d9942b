"""Whether records arrive: what each covered interface's flow log has written into its CLS topic lately.

A healthy flow log writes a NODATA line for each capture window in which nothing flows: so says the documentation of
2019 for interfaces (doc 682/18933). Without any line it is silent, whatever the API says of it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from handler import jsontext
from handler.cloud.many import chunks
from handler.errors import CloudError
from handler.model import InterfaceKey, State, key_of
from ops.coverage import metric
from ops.deployment import topic
from ops.deployment.cloud import BEIJING, CVM, moment_of
from ops.errors import explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from handler.commands.inventory import Found
    from ops.deployment.cloud import Cloud
    from ops.deployment.topic import Topic

GROUPS = 10_000
"""The most rows that CLS's SQL gives (doc 614/58977)."""
YOUNG = timedelta(minutes=20)
"""A flow log that is younger may not have written yet: a capture window and its publishing take ten minutes."""
_INSTANCES = 100
_INDEX = "Switch the topic's index on in CLS, with statistics for the keys interface-id and log-status."

ARRIVING, IDLE, SILENT = WORDS = ("arriving", "idle", "silent")


@dataclass(frozen=True)
class Arrival:
    """What has come of one interface's flow log.

    Attributes:
        word: arriving, idle (only NODATA lines), silent, or empty where no judgement can be passed.
        last: when the last line was written; None where there is none.
        note: why no judgement can be passed.
    """

    word: str
    last: datetime | None = None
    note: str = ""


@dataclass
class Arrivals:
    """What has come of all interfaces, and of which topics that could not be found out."""

    period: timedelta
    of_interface: dict[InterfaceKey, Arrival] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def judged(self, found: Found) -> Found:
        """An interface in its state: one whose flow log is silent is broken."""
        arrival = self.of_interface.get(key_of(found.interface))
        if arrival is None or arrival.word != SILENT:
            return found
        minutes = int(self.period.total_seconds() // 60)
        return replace(found, state=State.BROKEN, reason=f"silent: no record in its topic for {minutes} minutes")


def look(cloud: Cloud, covered: Sequence[Found], period: timedelta) -> Arrivals:
    """Look into the topics of covered interfaces: one query for each topic and 10,000 interfaces.

    Args:
        cloud: the operator's account.
        covered: the interfaces that have a flow log which should log, with that flow log.
        period: how far to look back.
    """
    arrivals, now = Arrivals(period), datetime.now(timezone.utc)
    by_topic: dict[str, list[Found]] = defaultdict(list)
    for each in covered:
        if each.flow_log and each.flow_log.storage == "cls":
            by_topic[each.flow_log.topic_id].append(each)
    for topic_id, interfaces in sorted(by_topic.items()):
        try:
            written = _written(cloud, topic_id, now - period, now)
        except CloudError as error:
            todo = _INDEX if "QueryError" in error.code else explained(error)
            arrivals.problems.append(f"What arrives in topic {topic_id} is not known ({error.code}). {todo}")
            continue
        silent = [each for each in interfaces if each.interface.interface_id not in written]
        excused = _excused(cloud, silent, now)
        for each in interfaces:
            key = key_of(each.interface)
            arrivals.of_interface[key] = written.get(key[1]) or excused.get(key) or Arrival(SILENT)
    return arrivals


def _written(cloud: Cloud, topic_id: str, start: datetime, end: datetime) -> dict[str, Arrival]:
    """What each interface's flow log has written into a topic, by the interface's id.

    Raises:
        CloudError: the topic is in no region, or could not be searched.
    """
    place = topic.find(cloud, topic_id)
    if place is None:
        raise CloudError("ResourceNotFound.Topic", "there is no such topic in any region of the account")
    if not _anything(cloud, place, start, end):
        return {}
    written = {}
    for row in _rows(cloud, topic_id, place.region, start, end):
        last = datetime.fromtimestamp(int(row["last"]) / 1000, timezone.utc)
        written[str(row["eni"])] = Arrival(ARRIVING if int(row["ok"]) else IDLE, last)
    return written


def _anything(cloud: Cloud, place: Topic, start: datetime, end: datetime) -> bool:
    """Whether anything was written at all, by Cloud Monitor's TrafficWrite; yes if it cannot tell."""
    try:
        written = metric.values(cloud, "TrafficWrite", place, start, end)
    except CloudError:
        return True
    return not written or any(written)


def _rows(cloud: Cloud, topic_id: str, region: str, start: datetime, end: datetime) -> Iterator[Mapping[str, Any]]:
    """A row for each interface, in the order of their ids, 10,000 at a time."""
    after = ""
    while True:
        sql = (
            f'* | select "interface-id" as eni, count(*) as n, count_if("log-status"=\'OK\') as ok, '
            f"max(__TIMESTAMP__) as last where \"interface-id\" > '{after}' group by eni order by eni limit {GROUPS}"
        )
        period_ms = int(start.timestamp() * 1000), int(end.timestamp() * 1000)
        found = topic.search(cloud, topic_id, sql, period_ms, region)
        rows = [jsontext.parse(record) for record in found.get("AnalysisRecords") or []]
        yield from rows
        if len(rows) < GROUPS:
            return
        after = str(rows[-1]["eni"])


def _excused(cloud: Cloud, silent: Sequence[Found], now: datetime) -> dict[InterfaceKey, Arrival]:
    """Those on which no judgement is passed: their flow log is young, or their instance does not run."""
    excused: dict[InterfaceKey, Arrival] = {}
    by_region: dict[str, list[Found]] = defaultdict(list)
    for each in silent:
        # As the VPC API writes it: "2026-11-24 16:45:48" in Beijing (inferred). Unreadable, it counts as now.
        created = each.flow_log.created if each.flow_log else ""
        if created and now - (moment_of(created, BEIJING) or now) < YOUNG:
            excused[key_of(each.interface)] = Arrival("", note="the flow log is younger than 20 minutes")
        else:
            by_region[each.interface.region].append(each)
    for region, interfaces in by_region.items():
        running = _running(cloud, region, sorted({each.interface.instance_id for each in interfaces}))
        for each in interfaces:
            if running is not None and each.interface.instance_id not in running:
                excused[key_of(each.interface)] = Arrival("", note="the instance does not run")
    return excused


def _running(cloud: Cloud, region: str, instance_ids: Sequence[str]) -> set[str] | None:
    """Those instances that run; None where that could not be asked."""
    running: set[str] = set()
    try:
        for ids in chunks(instance_ids, _INSTANCES):
            params = {"InstanceIds": list(ids), "Limit": _INSTANCES}
            for each in cloud.call(CVM, "DescribeInstances", params, region).get("InstanceSet") or []:
                if each.get("InstanceState") == "RUNNING":
                    running.add(str(each.get("InstanceId")))
    except CloudError:
        return None
    return running
