"""Where flow logs and dead letters go: topics and the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.errors import CloudError
from ops.console import counted
from ops.deployment import topic
from ops.deployment.queue import Queue, messages
from ops.doctor.against_plan import planned
from ops.doctor.finding import DEPLOY, Finding, State
from ops.errors import next_step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.deployment.cloud import Cloud
    from ops.doctor.case import Case


def topics(there: Case) -> Iterator[Finding]:
    """Each topic is where flow logs look for it, takes records and can be searched; no region is without one."""
    wanted = there.settings
    if wanted is None or wanted.storage != "cls":
        return
    for key, topic_id in wanted.topics.items():
        yield _topic(there.cloud, topic_id, wanted.topic_region if key == "default" else key)
    for region in wanted.known_regions():
        if not wanted.topic_for(region):
            what = f"no topic is set for {region}, and no default"
            yield Finding("topic", State.FAIL, what, "Add the region, or a default, to FLOWLOG_TOPIC_ID and deploy.")


def _topic(cloud: Cloud, topic_id: str, region: str) -> Finding:
    try:
        found = topic.look(cloud, topic_id, region) if region else topic.find(cloud, topic_id)
    except CloudError as error:
        what = f"{topic_id} could not be looked for: {error.code}: {error.message}"
        return Finding("topic", State.WARN, what, next_step(error.code))
    if found is None:
        todo = "Create it, or set FLOWLOG_TOPIC_ID (and FLOWLOG_TOPIC_REGION) to one that is there, and deploy."
        return Finding("topic", State.FAIL, f"there is no topic {topic_id} in {region or 'any region'}", todo)
    if found.trouble:
        what, _, todo = found.trouble.partition(": ")
        return Finding("topic", State.WARN, f"{topic_id}: {what}", todo[:1].upper() + todo[1:] + ".")
    if not region:
        what = f"{topic_id} is in {found.region}, and FLOWLOG_TOPIC_REGION does not say so"
        return Finding("topic", State.WARN, what, DEPLOY)
    return Finding("topic", State.OK, f"{topic_id} in {found.region}")


def queue(there: Case) -> Iterator[Finding]:
    """The dead-letter queue is there, keeps what it holds as long as it can, and is the one the function writes to."""
    part = Queue(there.wanted, there.cloud)
    found = part.find()
    if found is None:  # FLOWLOG_DLQ_REGION may name another region than the function's
        yield Finding("queue", State.FAIL, f"there is no queue {part.name} in {there.wanted.queue_region}", DEPLOY)
        return
    yield from planned(part, grave=("MsgRetentionSeconds",))
    if there.settings and there.settings.dlq_queue != part.name:
        what = f"the function writes to {there.settings.dlq_queue}, and SCF to {part.name}"
        yield Finding("queue", State.FAIL, what, "Make FLOWLOG_DLQ_QUEUE and deadLetter.name the same, and deploy.")
    held = messages(found)
    if held:
        todo = "See `eni-flowlog dlq list`, then `eni-flowlog dlq redrive`: they are forgotten after 12 hours."
        yield Finding("queue", State.WARN, f"{part.name} holds {counted(held, 'dead letter')}", todo)
