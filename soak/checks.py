"""What holds of every invocation, and of the account and the queue in the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler import schema
from handler.intake import events
from handler.model import Interface
from soak.chaos import REFUSED_FOR_GOOD
from tests.support.function import QUEUE
from tests.support.records import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from soak.instances import Run
    from soak.world import Event, Id, World


def secrets_in(run: Run, secrets: Iterable[str]) -> list[str]:
    """The lines of an invocation's log, report and exception that hold a secret."""
    text = "\n".join((run.output, json.dumps(run.report), run.raised))
    return [line[:400] for secret in secrets if secret in text for line in text.splitlines() if secret in line]


def faults_of(run: Run, of_events: Sequence[Event] = ()) -> Iterator[str]:
    """Everything about one invocation that breaks a promise, but for secrets."""
    if run.broken:
        yield f"not a line of JSON: {run.broken[0][:200]!r}"
    for letter in run.letters:
        problem = schema.problems("dead-letter", letter)
        if problem:
            yield f"a dead letter that its schema refuses: {problem}"
    if run.report is not None:
        yield from _faults_of_report(run, run.report, of_events)


def _faults_of_report(run: Run, report: dict[str, Any], of_events: Sequence[Event]) -> Iterator[str]:
    received = report["received"]
    if sum(report["outcomes"].values()) != received:
        yield f"the outcomes do not add up to {received}: {report['outcomes']}"
    if not of_events:
        return
    wanted = sum(max(1, len(event.names)) for event in of_events)
    # An instance may have got more interfaces since it was started: each is an item.
    exact = not any(name[1].startswith("ins-") for event in of_events for name in event.names)
    if received < wanted or (exact and received != wanted):
        yield f"{wanted} came in and {received} were received"
    failed = {name_of(item) for item in report["items"] if item["outcome"] == "dead_lettered"}
    logged = {name_of(letter.get("interface", {})) for letter in run.letters}
    if failed != logged:
        yield f"reported as dead letters {failed}, logged {logged}"


def faults_of_account(world: World) -> Iterator[str]:
    """In the end: what is not covered, has two flow logs or one that logs nothing; and what was not ours to touch."""
    counts = world.flow_logs()
    yield from (f"not covered in the end: {found}" for found in world.eligible() if found not in counts)
    yield from (f"{count} flow logs: {found}" for found, count in counts.items() if count > 1)
    yield from world.silent()


def letters_left(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """In the end: what lies on the queue, each with the reason why it may, or an empty one."""
    for body in world.cloud.messages(QUEUE):
        letter = json.loads(body)
        yield why_left(letter, world), letter


def why_left(letter: dict[str, Any], world: World) -> str:
    """Why a letter may be there after the last redrive; empty if there is no reason, or a secret in it."""
    if "schema_version" not in letter or MARKER in json.dumps(letter):
        return ""
    if letter["error"]["class"] == "invalid":
        return "a payload that no schema accepts"
    if letter["error"]["code"] == REFUSED_FOR_GOOD:
        return "refused for good"
    name = name_of(letter.get("interface", {}))
    if name[1] and not world.exists(name):
        return "its instance was terminated"
    return "failed five times" if letter["exhausted"] else ""


def named_on_the_queue(world: World) -> set[Id]:
    """The interfaces and instances that any message of the queue is about."""
    read = (item for body in world.cloud.messages(QUEUE) for item in events.read(json.loads(body)))
    return {(item.region, item.interface_id or item.instance_id) for item in read if isinstance(item, Interface)}


def name_of(item: dict[str, Any]) -> Id:
    """The region and the id of a report's item or a letter's interface."""
    return item.get("region", ""), item.get("interface_id") or item.get("instance_id") or ""
