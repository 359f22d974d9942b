"""The plain data that moves through the function. Imports nothing of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_REPORT_ITEMS = 1_000
"""More items than this are counted in a report, not listed: SCF caps a synchronous reply at 6 MB (doc 583/11637)."""

MAX_LETTER_ATTEMPTS = 5
"""A dead letter that has failed so often stays on the queue, marked as exhausted, and is not tried again."""


class Outcome(str, Enum):
    """How an item ended. Each item that comes in ends in exactly one; the order is the report's."""

    CREATED = "created"  # the flow log was made now
    COVERED = "covered"  # the interface has one already, which logs
    WAITING = "waiting"  # not attached to an instance yet: its attach event or the sweep brings it back
    SKIPPED = "skipped"  # a rule or the platform excludes it for good
    GONE = "gone"  # deleted before we came
    IGNORED = "ignored"  # not ours: another action, a failed API call, a read
    PLANNED = "planned"  # dry run: it would be created or repaired
    IMPAIRED = "impaired"  # it has a flow log, which logs nothing or not as the settings say
    REPAIRED = "repaired"  # its flow log logged nothing or not as the settings say, and was made good
    MISSING = "missing"  # it should have one and has none: a status found it so, or a sweep could not make it
    DEAD_LETTERED = "dead_lettered"  # it failed, and the record of it is on the queue


class State(str, Enum):
    """How an interface stands by its flow log: each is in exactly one; the order is the report's."""

    COVERED = "covered"  # its flow log is on, its destination is there, and it logs what the settings ask for
    DIFFERS = "differs"  # it is on and delivers, but elsewhere than the settings say, or not all of it
    BROKEN = "broken"  # it logs nothing: disabled, or its topic is deleted
    MISSING = "missing"  # it should have a flow log and has none
    UNSUPPORTED = "unsupported"  # its instance's model takes none
    WAITING = "waiting"  # not attached to an instance
    EXCLUDED = "excluded"  # by FLOWLOG_RULES


@dataclass(frozen=True, slots=True)
class History:
    """What an item that comes back from the dead-letter queue has been through, and the code it failed with last."""

    letter_id: str
    attempts: int
    first_failed_at: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Interface:
    """An elastic network interface, as far as it is known, or what leads to some.

    Attributes:
        interface_id: empty where only the instance, subnet or VPC is known (RunInstances names no interface).
        model: its instance's, such as S5.SMALL2, where the event tells it.
        tags: None while unknown.
        attached: to an instance; None while unknown.
        attaching: the event was an attach: the platform attaches asynchronously, and no further event tells its end.
        created: when it was made, as the API tells it: "2026-11-24 16:45:48", Beijing time (inferred).
        since: of a subnet or VPC, those are meant that were created at this time or later; empty: all.
        expected: how many interfaces the instance, subnet or VPC should show.
    """

    region: str
    interface_id: str = ""
    vpc_id: str = ""
    subnet_id: str = ""
    instance_id: str = ""
    model: str = ""
    tags: Mapping[str, str] | None = None
    attached: bool | None = None
    attaching: bool = False
    created: str = ""
    since: str = ""
    expected: int = 1
    history: History | None = None


InterfaceKey = tuple[str, str]
"""What makes two mentions the same interface: its region, and the narrowest id that is known of it."""


def key_of(interface: Interface) -> InterfaceKey:
    """The key of an interface, or of the instance, subnet or VPC that leads to it."""
    narrowest = interface.interface_id or interface.instance_id or interface.subnet_id or interface.vpc_id
    return interface.region, narrowest


def tags_of(tag_set: Any) -> dict[str, str]:
    """The API's list of Key and Value, as a dictionary; what has another form is left out."""
    tags = [tag for tag in tag_set if isinstance(tag, dict)] if isinstance(tag_set, list) else []
    return {str(tag.get("Key")): str(tag.get("Value") or "") for tag in tags}


@dataclass(frozen=True)
class Command:
    """A command that its schema has accepted, such as `{"command": "backfill"}`."""

    name: str
    arguments: Mapping[str, Any]
    history: History | None = None

    @property
    def region(self) -> str:
        """The one region that it is for; empty where that is none or several."""
        regions = self.arguments.get("regions", ())
        return str(regions[0]) if len(regions) == 1 else ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A payload that is well-formed and not ours."""

    reason: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class Invalid:
    """A payload that no schema accepts: `problem` says where and why, without its values."""

    problem: str
    payload: Any
    history: History | None = None


Item = Interface | Command | Ignored | Invalid


@dataclass(frozen=True)
class FlowLog:
    """A flow log as the API describes it; `storage` is written as FLOWLOG_STORAGE is.

    `interface_id` is the id of what it belongs to: of another thing where `resource_type` says so. `created` is the
    API's CreatedTime: "2026-11-24 16:45:48", Beijing time (inferred).
    """

    flow_log_id: str
    interface_id: str
    traffic_type: str = ""
    topic_id: str = ""
    topic_state: str = ""
    enabled: bool = True
    storage: str = "cls"
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    resource_type: str = "NETWORKINTERFACE"
    created: str = ""
    name: str = ""


@dataclass(frozen=True)
class Failure:
    """Why an item could not be done, in the words of a dead letter's `error`.

    `unfinished` says that only the time ran out: who can go on later does, instead of writing a dead letter.
    """

    kind: str
    code: str
    message: str
    request_id: str = ""
    retryable: bool = False
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item. With a `failure`, it still has to be put on the dead-letter queue.

    `flow_log` is the one that the interface was found with, for whoever may repair it.
    """

    outcome: Outcome
    region: str = ""
    interface_id: str = ""
    reason: str = ""
    flow_log_id: str = ""
    instance_id: str = ""
    failure: Failure | None = None
    state: State | None = None
    flow_log: FlowLog | None = None

    def as_item(self) -> dict[str, str]:
        """The report's line on it, without what is empty."""
        fields = {
            "region": self.region,
            "interface_id": self.interface_id,
            "instance_id": self.instance_id,
            "outcome": self.outcome.value,
            "state": self.state.value if self.state else "",
            "reason": self.reason,
            "flow_log_id": self.flow_log_id,
        }
        return {name: value for name, value in fields.items() if value}


def result_of(
    interface: Interface, outcome: Outcome, reason: str = "", flow_log_id: str = "", state: State | None = None
) -> Result:
    """The result of one interface, named by whatever is known of it."""
    instance_id = "" if interface.interface_id else interface.instance_id
    return Result(
        outcome, interface.region, interface.interface_id, reason, flow_log_id, instance_id=instance_id, state=state
    )


@dataclass
class Report:
    """What `main_handler` returns: counts that add up to what was received, and the items up to a bound.

    Attributes:
        outcomes: how many items ended in which way.
        results: the items that are listed.
        listable: how many items there are to list, whether or not there was room.
        continued: whether the function has invoked itself to go on.
        stopped: why not all was done, in sentences.
        coverage: of a status, a row for each region and VPC.
        drift: of a status, the flow logs that log nothing or not as the settings say, up to a bound.
        drifted: how many of those there are in all.
        wider: of a status, old flow logs of a whole VPC or subnet, under which interfaces are collected twice.
    """

    request_id: str
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    results: list[Result] = field(default_factory=list)
    listable: int = 0
    continued: bool = False
    stopped: str = ""
    coverage: list[dict[str, Any]] | None = None
    drift: list[dict[str, str]] | None = None
    drifted: int = 0
    wider: list[dict[str, Any]] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count a result, and list it while there is room; a failure takes the room of something else."""
        self.outcomes[result.outcome] += 1
        self.listable += 1
        if result.outcome is Outcome.DEAD_LETTERED and len(self.results) >= MAX_REPORT_ITEMS:
            self._make_room()
        if len(self.results) < MAX_REPORT_ITEMS:
            self.results.append(result)

    def _make_room(self) -> None:
        for index in range(len(self.results) - 1, -1, -1):
            if self.results[index].outcome is not Outcome.DEAD_LETTERED:
                del self.results[index]
                return

    def stop(self, reason: str) -> None:
        """Say why not all was done; several pieces of work may each have a reason."""
        self.stopped = f"{self.stopped}; {reason}" if self.stopped else reason

    def count(self, outcome: Outcome, number: int) -> None:
        """Count results that are not listed one by one, such as what a sweep finds covered."""
        self.outcomes[outcome] += number

    def list_counted(self, results: Sequence[Result], number: int) -> None:
        """List results that are counted already while there is room, out of `number` that there are of their kind."""
        self.results += results[: MAX_REPORT_ITEMS - len(self.results)]
        self.listable += number

    def as_dict(self) -> dict[str, Any]:
        """The report under `schemas/report.schema.json`."""
        report: dict[str, Any] = {
            "schema_version": 1,
            "request_id": self.request_id,
            "received": sum(self.outcomes.values()),
            "outcomes": {outcome.value: self.outcomes[outcome] for outcome in Outcome},
            "items": [result.as_item() for result in self.results],
            "continued": self.continued,
        }
        if self.stopped:
            report["stopped"] = self.stopped
        drift = self.drift or []
        if self.coverage is not None:
            report["coverage"] = self.coverage
            report["drift"] = drift
        if self.wider:
            report["wider"] = self.wider
        if self.listable > len(self.results) or self.drifted > len(drift):
            report["truncated"] = {"items": self.listable, "drift": self.drifted}
        return report
