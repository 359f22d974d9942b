"""The dead-letter queue, a TDMQ-CMQ queue (docs 1496/62819 and following)."""

from __future__ import annotations

from typing import Any

from ops.console import counted
from ops.deployment.cloud import TDMQ
from ops.deployment.part import TAG, Found, TaggedPart
from ops.deployment.step import Change, changed

RETENTION_S = 43_200
"""The maximum, 12 hours: the default is one."""
MIN_VISIBILITY_S = 60
"""How long a received record stays hidden at the least: an operator's redrive takes less for the 16 that it receives at
once."""
MAX_MESSAGE_BYTES = 65_536
"""The longest message that CreateCmqQueue takes under all of its documents (1110/44169; another says 1,048,576)."""
POLLING_S = 0
"""A receive on an empty queue answers at once: a redrive would pay for the waiting."""


class Queue(TaggedPart):
    """The queue to which the function and SCF write what failed."""

    kind = "queue"
    tag_fields = ("TagKey", "TagValue")

    @property
    def name(self) -> str:
        """The name that serverless.yml gives it: `deadLetter.name`."""
        return self.deployment.queue

    def find(self) -> Found | None:
        """Its entry in DescribeCmqQueues, found whatever its name's case: no two differ by case only (documented)."""
        params = {"QueueNameList": [self.name], "Offset": 0, "Limit": 50}
        reply = self.cloud.find(TDMQ, "DescribeCmqQueues", params, self.deployment.queue_region) or {}
        queues = reply.get("QueueList") or []
        return next((queue for queue in queues if str(queue.get("QueueName")).lower() == self.name.lower()), None)

    def differences(self, found: Found) -> list[Change]:
        """Its attributes, as far as they are ours to say."""
        there = {**found, "QueueName": self.name}  # which may differ in its case
        wanted = self._attributes().items()
        return [change for name, value in wanted for change in changed(name, there.get(name), value)]

    def create(self) -> None:
        """Call CreateCmqQueue."""
        tags = [{"TagKey": TAG[0], "TagValue": TAG[1]}]
        self.cloud.change(TDMQ, "CreateCmqQueue", {**self._attributes(), "Tags": tags}, self.deployment.queue_region)

    def update(self, _found: Found) -> None:
        """Call ModifyCmqQueueAttribute, with all our attributes."""
        self.cloud.change(TDMQ, "ModifyCmqQueueAttribute", self._attributes(), self.deployment.queue_region)

    def delete(self, _found: Found) -> None:
        """Call DeleteCmqQueue."""
        self.cloud.call(TDMQ, "DeleteCmqQueue", {"QueueName": self.name}, self.deployment.queue_region)

    def detail(self) -> str:
        """Where it is, if not beside the function, and what does without it then."""
        region = self.deployment.queue_region
        if region == self.deployment.region:
            return ""
        return f"in {region}; SCF's own dead letters, which take a queue of its region only, are left out"

    def _attributes(self) -> dict[str, Any]:
        return {
            "QueueName": self.name,
            "MaxMsgSize": MAX_MESSAGE_BYTES,
            "MsgRetentionSeconds": RETENTION_S,
            # As long as the function may run, so that no redrive's handles go stale. CMQ takes 1 to 43,200 s (doc
            # 1496/62819), and a function's time limit is 900 s at the most.
            "VisibilityTimeout": max(MIN_VISIBILITY_S, self.deployment.timeout),
            "PollingWaitSeconds": POLLING_S,
        }

    def loss(self, found: Found) -> str:
        """The records on it (an approximate number, says the API)."""
        number = messages(found)
        return f"holds {counted(number, 'dead letter')}, which would be lost" if number else ""


def messages(found: Found) -> int:
    """How many messages a queue holds, received or not."""
    return sum(int(found.get(name) or 0) for name in ("ActiveMsgNum", "InactiveMsgNum", "DelayMsgNum"))
