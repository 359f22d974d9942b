"""The dead-letter queue, a TDMQ-CMQ queue in the function's region (docs 1496/62819 and following)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.deployment.cloud import TDMQ
from ops.deployment.part import TAG, Change, Found, Part, changed, tagged

if TYPE_CHECKING:
    from ops.config import Deployment

RETENTION_S = 43_200
"""The maximum, 12 hours: the default is one."""
MIN_VISIBILITY_S = 60
"""How long a received record stays hidden at the least: an operator's redrive takes less for the 16 that it receives at
once."""
POLLING_S = 0
"""A receive on an empty queue answers at once: a redrive would pay for the waiting."""


def visibility_s(deployment: Deployment) -> int:
    """How long a received record stays hidden: as long as the function may run, so that no redrive's handles go stale.

    CMQ takes 1 to 43,200 s (doc 1496/62819), and a function's time limit is 900 s at the most.
    """
    return max(MIN_VISIBILITY_S, deployment.timeout)


class Queue(Part):
    """The queue to which the function and SCF write what failed."""

    kind = "queue"
    sign = f"it has no tag {TAG[0]}: {TAG[1]}"

    @property
    def name(self) -> str:
        """`deadLetter.name` in serverless.yml."""
        return self.deployment.queue

    def find(self) -> Found | None:
        """Its entry in DescribeCmqQueues. Names differ not only by case (documented)."""
        params = {"QueueNameList": [self.name], "Offset": 0, "Limit": 50}
        reply = self.cloud.find(TDMQ, "DescribeCmqQueues", params) or {}
        queues = reply.get("QueueList") or []
        return next((queue for queue in queues if str(queue.get("QueueName")).lower() == self.name.lower()), None)

    def is_ours(self, found: Found) -> bool:
        """By its tag."""
        return tagged(found.get("Tags"), "TagKey", "TagValue")

    def differences(self, found: Found) -> list[Change]:
        """Its attributes, as far as they are ours to say."""
        wanted = self._attributes()
        return [change for name, value in wanted.items() for change in changed(name, found.get(name), value)]

    def create(self) -> None:
        """CreateCmqQueue."""
        tags = [{"TagKey": TAG[0], "TagValue": TAG[1]}]
        self.cloud.change(TDMQ, "CreateCmqQueue", {"QueueName": self.name, **self._attributes(), "Tags": tags})

    def update(self, _found: Found) -> None:
        """ModifyCmqQueueAttribute, with all our attributes."""
        self.cloud.change(TDMQ, "ModifyCmqQueueAttribute", {"QueueName": self.name, **self._attributes()})

    def delete(self, _found: Found) -> None:
        """DeleteCmqQueue."""
        self.cloud.call(TDMQ, "DeleteCmqQueue", {"QueueName": self.name})

    def _attributes(self) -> dict[str, int]:
        return {
            "MsgRetentionSeconds": RETENTION_S,
            "VisibilityTimeout": visibility_s(self.deployment),
            "PollingWaitSeconds": POLLING_S,
        }

    def loss(self, found: Found) -> str:
        """The records on it (an approximate number, says the API)."""
        number = messages(found)
        return f"holds {number} dead letter{'s' if number != 1 else ''}, which would be lost" if number else ""


def messages(found: Found) -> int:
    """How many messages a queue holds, received or not."""
    return sum(int(found.get(name) or 0) for name in ("ActiveMsgNum", "InactiveMsgNum", "DelayMsgNum"))
