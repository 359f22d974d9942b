"""What flow logs write into their topics: a line for each interface and capture window (docs 682/18933, 614/48462).

Nothing is written until somebody reads: what an enabled flow log has written by then follows from its state. It writes
NODATA while nothing flows, as long as its interface is attached to an instance that runs, of a model that takes flow
logs; on others it writes nothing, though it is enabled (doc 682/18934). Lines are lost with what they were made of: an
interface that was detached, an instance that was stopped (simplified), but not with a flow log that was disabled or
deleted. Old flow logs of whole VPCs and subnets write nothing here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localcloud.cls.model import Line, Logs
from localcloud.vpc.model import Network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.cls.model import Topic
    from localcloud.core.account import Account
    from localcloud.vpc.model import Attachment, FlowLog

TRAFFIC = ("srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes")
FIELDS = ("version", "account-id", "interface-id", *TRAFFIC, "start", "end", "action", "log-status")
"""The keys of a line, in the order of the documented record."""
SHORTEST_S = 1.0
_NUMBERS = ("version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end")
INDEX_RULE = {
    "FullText": {"CaseSensitive": False, "Tokenizer": "@&?|#()='\",;:<>[]{}/ \n\t\r\\"},
    "KeyValue": {
        "CaseSensitive": False,
        "KeyValues": [
            {"Key": key, "Value": {"Type": "long" if key in _NUMBERS else "text", "Tokenizer": "", "SqlFlag": True}}
            for key in FIELDS
        ],
    },
}
"""The index of a topic that the flow logs' console makes."""


@dataclass(frozen=True)
class Records:
    """The lines of an account's flow logs."""

    account: Account

    def of_topic(self, region: str, topic: Topic, start: float, end: float) -> Iterator[Line]:
        """Return the NODATA lines of flow logs in a topic within a time, unless they are kept there."""
        kept = self.account.region(region).state(Logs).kept[topic.topic_id]
        busy = {(line.fields.get("interface-id"), line.time) for line in kept}
        for place in self.account.regions:
            net = place.state(Network)
            for flow_log in net.flow_logs.where("CloudLogId", [topic.topic_id]):
                if flow_log.topic_region == region:
                    for line in self._idle(net, flow_log, topic.created, start, end):
                        if (flow_log.resource_id, line.time) not in busy:
                            yield line

    def keep(self, net: Network, flow_log: FlowLog) -> None:
        """Keep what a flow log has written so far, before it is disabled or deleted."""
        logs = self.account.region(flow_log.topic_region).state(Logs)
        topic = logs.topics.get(flow_log.topic_id)
        if topic is not None:
            logs.kept[topic.topic_id].extend(self._idle(net, flow_log, topic.created))

    def traffic(self, net: Network, interface_id: str, **fields: Any) -> int:
        """Let traffic flow over an interface now; return how many flow logs write a line of it in time."""
        written = 0
        for flow_log in net.flow_logs.where("ResourceId", [interface_id]):
            logs = self.account.region(flow_log.topic_region).state(Logs)
            if flow_log.topic_id in logs.topics and self._writing(net, flow_log):
                window = int(self.account.now() // self._capture_s)
                logs.kept[flow_log.topic_id].append(self._line(interface_id, window, **{**_TRAFFIC, **fields}))
                written += 1
        return written

    @property
    def _capture_s(self) -> float:
        return max(SHORTEST_S, self.account.behaviour.wait(self.account.behaviour.capture_s))

    @property
    def _publish_s(self) -> float:
        return self.account.behaviour.wait(self.account.behaviour.publish_s)

    def _writing(self, net: Network, flow_log: FlowLog) -> Attachment | None:
        """Return where the interface of a flow log is attached, if it writes lines at all."""
        interface = net.interfaces.get(flow_log.resource_id)
        if interface is None or interface.attachment is None or not flow_log.enabled:
            return None
        host = net.instances.get(interface.attachment.instance_id)
        if host is None or host.stopped or host.family in self.account.behaviour.unsupported_families:
            return None
        return interface.attachment

    def _idle(
        self, net: Network, flow_log: FlowLog, topic_since: float, start: float = 0.0, end: float = math.inf
    ) -> Iterator[Line]:
        attachment = self._writing(net, flow_log)
        if attachment is not None:
            since = max(flow_log.created, flow_log.switched, attachment.since, topic_since)
            first = math.ceil(max(since, start - self._capture_s) / self._capture_s)
            last = math.floor(min(end, self.account.now() - self._publish_s) / self._capture_s)
            for window in range(first, last):
                yield self._line(flow_log.resource_id, window)

    def _line(self, interface_id: str, window: int, **fields: Any) -> Line:
        start, end = window * self._capture_s, (window + 1) * self._capture_s
        seen = {
            **dict.fromkeys(FIELDS, "-"),
            "version": 2,
            "account-id": str(self.account.app_id),
            "interface-id": interface_id,
            "start": int(start),
            "end": int(end),
            "log-status": "NODATA",
        }
        return Line(end, {**seen, **fields}, visible=end + self._publish_s)


_TRAFFIC = {
    "srcaddr": "10.0.0.2",
    "dstaddr": "10.0.0.3",
    "srcport": 20641,
    "dstport": 22,
    "protocol": 6,
    "packets": 20,
    "bytes": 4249,
    "action": "ACCEPT",
    "log-status": "OK",
}
"""The documented example of a line with traffic."""
