"""Backfill: create what is missing, in order of interface id, under the limits, within the time; then go on by itself.

The cloud's state is the checkpoint: killed anywhere and started again, a backfill does only what is left.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING

from handler.cloud.pace import Pacer
from handler.commands import continuation, status, survey
from handler.cover import ensure
from handler.cover.batch import safely
from handler.model import Command, Failure, Interface, Outcome, Result, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.commands.coverage import Inventory
    from handler.commands.survey import Survey
    from handler.invocation import Invocation

WORKERS = 16
"""Creates in flight in a region at the most: enough for 19 a second at a latency of 0.8 s."""
LISTING_SHARE = 0.5
"""The part of a backfill's time that its listing may take; 100,000 interfaces take 40 s."""
MIN_TRIES = 20
"""So many must have been tried before a share of failures says anything."""

Answers = SimpleQueue[tuple[Interface, Result] | None]


@dataclass
class RegionRun:
    """The creates of one region, shared by its workers: how many were tried, and of them were made or failed."""

    inventory: Inventory
    max_failure_share: float
    tried: int = 0
    made: int = 0
    failures: int = 0
    stopped: str = ""
    _taken: int = 0
    _first_undone: int = 0
    _done: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> tuple[int, Interface] | None:
        """The next interface, or None when there is none or the run has been stopped."""
        with self._lock:
            if self.stopped or self._taken >= len(self.inventory.missing):
                return None
            index = self._taken
            self._taken += 1
        interface_id, vpc_id = self.inventory.missing[index]
        return index, Interface(self.inventory.region, interface_id, vpc_id)

    def settle(self, index: int, result: Result) -> None:
        """Take note of a result; too large a share of failures stops the run."""
        with self._lock:
            self._done.add(index)
            while self._first_undone in self._done:
                self._done.remove(self._first_undone)
                self._first_undone += 1
            self.tried += 1
            self.made += result.outcome in (Outcome.CREATED, Outcome.COVERED, Outcome.GONE)
            self.failures += result.failure is not None
            if self.tried >= MIN_TRIES and self.failures > self.tried * self.max_failure_share:
                self.stopped = (
                    f"{self.failures} of {self.tried} creates in {self.inventory.region} failed, the last with "
                    f"{result.reason}: more than FLOWLOG_MAX_FAILURE_SHARE allows; look at the topic and the role"
                )

    @property
    def left(self) -> int:
        """How many are not done, or are behind one that is not."""
        return len(self.inventory.missing) - self._first_undone

    @property
    def after(self) -> str:
        """The last id of those that are done without a gap."""
        return self.inventory.missing[self._first_undone - 1][0] if self._first_undone else ""


def create(invocation: Invocation, whole: Survey, settle: Callable[[Interface, Result], None]) -> list[RegionRun]:
    """Create what is missing, the regions side by side, each at its own pace.

    Args:
        invocation: its time budget ends the work.
        whole: the regions as they were listed.
        settle: gets each interface with its result, in this thread.
    """
    runs = [RegionRun(each, invocation.settings.max_failure_share) for each in whole.inventories if each.missing]
    answers: Answers = SimpleQueue()
    threads = [
        threading.Thread(target=_work, args=(invocation, run, pacer, answers), daemon=True)
        for run in runs
        for pacer in [Pacer(invocation.settings.create_rate)]
        for _ in range(min(WORKERS, len(run.inventory.missing)))
    ]
    for thread in threads:
        thread.start()
    working = len(threads)
    while working:
        answer = answers.get()
        if answer is None:
            working -= 1
            continue
        settle(*answer)
    return runs


def _work(invocation: Invocation, run: RegionRun, pacer: Pacer, answers: Answers) -> None:
    vpc = invocation.vpc(pacer)

    def make(interface: Interface) -> Result:
        return ensure.create(interface, vpc, invocation.settings, invocation.budget)

    while taken := run.take():
        index, interface = taken
        _, result = safely(make, interface)
        if result.failure and result.failure.unfinished:
            break  # not done: the next hop's
        run.settle(index, result)
        answers.put((interface, result))
    answers.put(None)


def run(command: Command, invocation: Invocation) -> None:
    """Run the backfill command: list, create, and go on in another invocation where the time ran out."""
    if command.arguments.get("dry_run"):
        whole = survey.take(invocation, command.arguments)
        whole.say_failures(invocation)
        report_planned(whole, invocation)
    else:
        # A region that does not answer must leave time for the others.
        whole = survey.take(invocation.within(invocation.budget.share(LISTING_SHARE)), command.arguments)
        _give_up_failures(command, whole, invocation)
        _create_and_go_on(command, whole, invocation)
    status.report_others(whole, invocation)  # last: the report lists a bounded number


def _give_up_failures(command: Command, whole: Survey, invocation: Invocation) -> None:
    """Each region that could not be listed is a dead letter, with its part of what the limit has left."""
    limit: int | None = command.arguments.get("limit")
    if limit is not None and limit <= whole.missing:
        whole.say_failures(invocation)
        return
    for region, failure in whole.failures.items():
        part = {} if limit is None else {"limit": max(1, (limit - whole.missing) // len(whole.failures))}
        invocation.give_up(continuation.for_region(command, region, part), failure, region)


def _create_and_go_on(command: Command, whole: Survey, invocation: Invocation) -> None:
    for run in create(invocation, whole, invocation.settle):
        if run.stopped:
            invocation.report.stop(run.stopped)
            failure = Failure("stopped", "TooManyFailures", run.stopped, retryable=True)
            continuation.put_back(continuation.rest_of(command, run), failure, invocation)
        elif run.left:
            continuation.go_on(command, run, invocation)


def report_planned(whole: Survey, invocation: Invocation) -> None:
    """Count what would be created."""
    for each in whole.inventories:
        for interface_id, _ in each.missing:
            invocation.report.add(Result(Outcome.PLANNED, each.region, interface_id, state=State.MISSING))
