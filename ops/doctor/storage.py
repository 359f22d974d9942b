"""Where flow logs and dead letters go: topics and the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.deployment.cloud import CLS
from ops.deployment.queue import RETENTION_S, Queue, messages
from ops.doctor.finding import DEPLOY, Finding, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.doctor.deployed import Deployed


def topics(there: Deployed) -> Iterator[Finding]:
    """The log topic of each region that the sweep covers, or that has one of its own, exists where it should be."""
    wanted = there.settings
    if wanted is None or wanted.storage != "cls":
        return
    for region in dict.fromkeys((*wanted.known_regions(), *(name for name in wanted.topics if name != "default"))):
        topic = wanted.topic_for(region)
        if topic:
            yield _topic(there, topic, wanted.topic_region or region)
        else:
            what = f"no topic is set for {region}, and no default"
            yield Finding("topic", State.FAIL, what, "Add the region, or a default, to FLOWLOG_TOPIC_ID and deploy.")


def _topic(there: Deployed, topic: str, region: str) -> Finding:
    params = {"Filters": [{"Key": "topicId", "Values": [topic]}], "Offset": 0, "Limit": 1}
    entries = there.cloud.call(CLS, "DescribeTopics", params, region).get("Topics") or []
    if any(entry.get("TopicId") == topic for entry in entries):
        return Finding("topic", State.OK, f"{topic} in {region}")
    todo = "Create it, or set FLOWLOG_TOPIC_ID (and FLOWLOG_TOPIC_REGION) to one that is there, and deploy."
    return Finding("topic", State.FAIL, f"there is no topic {topic} in {region}", todo)


def queue(there: Deployed) -> Iterator[Finding]:
    """The dead-letter queue is there, keeps what it holds as long as it can, and is the one the function writes to."""
    name = there.wanted.queue
    found = Queue(there.wanted, there.cloud).find()
    if found is None:
        yield Finding("queue", State.FAIL, f"there is no queue {name} in {there.wanted.region}", DEPLOY)
        return
    held, retention, hidden = messages(found), found.get("MsgRetentionSeconds"), found.get("VisibilityTimeout")
    if there.settings and there.settings.dlq_queue != name:
        what = f"the function writes to {there.settings.dlq_queue}, and SCF to {name}"
        yield Finding("queue", State.FAIL, what, "Make FLOWLOG_DLQ_QUEUE and deadLetter.name the same, and deploy.")
    elif retention != RETENTION_S:
        what = f"{name} forgets after {retention} s, not {RETENTION_S}"
        yield Finding("queue", State.FAIL, what, DEPLOY)
    elif hidden is not None and hidden < there.wanted.timeout:
        what = f"{name} hides what is received for {hidden} s, and a redrive may take {there.wanted.timeout} s"
        yield Finding("queue", State.WARN, what, DEPLOY)
    elif held:
        todo = "See `eni-flowlog dlq list`, then `eni-flowlog dlq redrive`: they are forgotten after 12 hours."
        yield Finding("queue", State.WARN, f"{name} holds {held} dead letter{'s' if held != 1 else ''}", todo)
    else:
        yield Finding("queue", State.OK, f"{name}, empty")
