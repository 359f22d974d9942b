"""The creates of a backfill: in order of interface id, each region at its own pace, several calls in flight."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from handler.cloud.pace import Pacer
from handler.cover import ensure
from handler.cover.batch import safely
from handler.errors import ACCOUNT_WIDE, failure_of
from handler.log import logger
from handler.model import Failure, Interface, Outcome, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from handler.commands.coverage import Inventory
    from handler.commands.survey import Survey
    from handler.invocation import Invocation

WORKERS = 16
"""Creates in flight in a region at the most: enough for 19 a second at a latency of 0.8 s."""
LOOK_EVERY_S = 2.0
"""How often it is looked whether a worker is there at all that has said nothing."""
IN_A_ROW = 5
"""So many answers in a row that concern the whole account, with nothing that has succeeded, raise the suspicion."""
PROBES = 8
"""About so many more, from all over the region, make it sure: what is refused may only be what sorts first."""

Answers = SimpleQueue[tuple[Interface, Result] | None]


@dataclass
class RegionRun:
    """The creates of one region, shared by its workers.

    Attributes:
        inventory: the region; its `missing` are what is to be made.
        tried: how many have a result.
        made: how many of those were created now.
        cause: what concerns the whole account and has ended the creates, if something has.
    """

    inventory: Inventory
    tried: int = 0
    made: int = 0
    cause: Failure | None = None
    _hopeful: bool = False
    _in_a_row: int = 0
    _next: int = 0
    _probes: list[int] = field(default_factory=list)
    _awaited: set[int] = field(default_factory=set)
    _taken: set[int] = field(default_factory=set)
    _first_undone: int = 0
    _done: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> tuple[int, Interface] | None:
        """The next interface, or None when there is none or the creates have ended."""
        with self._lock:
            index = None if self.cause else self._take_index()
        if index is None:
            return None
        interface_id, vpc_id = self.inventory.missing[index]
        return index, Interface(self.inventory.region, interface_id, vpc_id)

    def note(self, index: int, result: Result) -> None:
        """Take note of a result; what concerns the whole account may end the creates."""
        with self._lock:
            self._done.add(index)
            while self._first_undone in self._done:
                self._done.remove(self._first_undone)
                self._taken.discard(self._first_undone)
                self._first_undone += 1
            self.tried += 1
            self.made += result.outcome is Outcome.CREATED
            self._suspect(index, result.failure)

    @property
    def undone(self) -> list[tuple[str, str]]:
        """What has no result, as interface id and VPC."""
        missing = self.inventory.missing
        return [missing[index] for index in range(self._first_undone, len(missing)) if index not in self._done]

    @property
    def after(self) -> str:
        """The last id of those that are done without a gap."""
        return self.inventory.missing[self._first_undone - 1][0] if self._first_undone else ""

    def _take_index(self) -> int | None:
        if self._probes:
            index = self._probes.pop()
            self._taken.add(index)
            return index
        self._next = max(self._next, self._first_undone)
        while self._next in self._taken:
            self._next += 1
        if self._next >= len(self.inventory.missing):
            return None
        self._taken.add(self._next)
        self._next += 1
        return self._next - 1

    def _suspect(self, index: int, failure: Failure | None) -> None:
        """Suspect the account where all answers speak against it, look elsewhere in the region, and then be sure."""
        self._hopeful = self._hopeful or failure is None
        self._awaited.discard(index)
        if self._hopeful or failure is None or failure.code not in ACCOUNT_WIDE:
            self._in_a_row = 0
            self._probes, self._awaited = [], set()
            return
        self._in_a_row += 1
        if self._in_a_row == IN_A_ROW:
            last = len(self.inventory.missing) - 1
            spread = range(last, self._next - 1, -max(1, (last - self._next) // PROBES))
            self._probes = [each for each in spread if each not in self._taken]
            self._awaited = set(self._probes)
        if self._in_a_row >= IN_A_ROW and not self._awaited:
            self.cause = failure


def create(invocation: Invocation, whole: Survey, settle: Callable[[Interface, Result], None]) -> list[RegionRun]:
    """Create what is missing, the regions side by side, each at its own pace.

    Args:
        invocation: its time budget ends the work.
        whole: the regions as they were listed.
        settle: gets each interface with its result, in this thread. A result with a `failure` is kept nowhere yet.

    Returns:
        For each region with something missing, what was done and why it ended.
    """
    runs = [RegionRun(each) for each in whole.inventories if each.missing]
    answers: Answers = SimpleQueue()
    threads = [
        threading.Thread(target=_work, args=(invocation, run, pacer, answers), daemon=True)
        for run in runs
        for pacer in [Pacer(invocation.settings.create_rate, invocation.budget.monotonic)]
        for _ in range(min(WORKERS, len(run.inventory.missing)))
    ]
    for thread in threads:
        thread.start()
    for answer in _until_all_end(threads, answers):
        settle(*answer)
    return runs


def _until_all_end(threads: list[threading.Thread], answers: Answers) -> Iterator[tuple[Interface, Result]]:
    """What the workers answer, until each has ended, whatever ended it."""
    working = len(threads)
    while working:
        try:
            answer = answers.get(timeout=LOOK_EVERY_S)
        except Empty:
            if not any(thread.is_alive() for thread in threads) and answers.empty():
                return
            continue
        if answer is None:
            working -= 1
        else:
            yield answer


def _work(invocation: Invocation, run: RegionRun, pacer: Pacer, answers: Answers) -> None:
    def make(interface: Interface) -> Result:
        return ensure.create(interface, invocation.vpc(pacer), invocation.settings, invocation.budget)

    try:
        while taken := run.take():
            index, interface = taken
            _, result = safely(make, interface)
            if result.failure and result.failure.unfinished:
                break  # not done: the next hop's
            run.note(index, result)
            answers.put((interface, result))
    except Exception as error:  # noqa: BLE001 - what it was at is undone, and said as such
        logger.error("a worker ended", extra={"error": failure_of(error).message})
    finally:  # whoever waits for the answers must not wait for ever
        answers.put(None)
