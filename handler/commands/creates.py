"""The creates of a backfill: in order of interface id, each region at its own pace, several calls in flight."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from handler.cover import ensure
from handler.cover.batch import safely
from handler.errors import ACCOUNT_WIDE, failure_of
from handler.log import logger
from handler.model import Failure, Interface, Outcome, Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.cloud.vpc import Vpc
    from handler.commands.inventory import Inventory
    from handler.commands.survey import Survey
    from handler.invocation import Invocation

    Settle = Callable[[Interface, Result], None]

WORKERS = 16
"""Creates in flight in a region at the most: enough for 19 a second at a latency of 0.8 s."""
IN_A_ROW = 5
"""So many answers in a row that concern the whole account, with nothing that has succeeded, raise the suspicion."""
PROBES = 8
"""A suspicion is tested by about so many creates from all over the region: the first by id may be refused alone."""
_OPEN, _TAKEN, _DONE = b"\0\1\2"


@dataclass
class RegionRun:
    """The creates of one region, shared by its workers.

    Attributes:
        inventory: the region; its `missing` are what is to be made.
        made: how many were created now.
        cause: what concerns the whole account and has ended the creates, if something has.
    """

    inventory: Inventory
    made: int = 0
    cause: Failure | None = None
    _hopeful: bool = False
    _in_a_row: int = 0
    _probes: list[int] = field(default_factory=list)
    _stand: bytearray = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Nothing has been taken yet: a byte for each, for there may be 100,000."""
        self._stand = bytearray(len(self.inventory.missing))

    def take(self) -> tuple[int, Interface] | None:
        """The next interface, a probe first, or None when there is none or the creates have ended."""
        with self._lock:
            open_probes = (each for each in self._probes if self._stand[each] == _OPEN)
            index = next(open_probes, self._stand.find(_OPEN))
            if self.cause or index < 0:
                return None
            self._stand[index] = _TAKEN
        interface_id, vpc_id = self.inventory.missing[index]
        return index, Interface(self.inventory.region, interface_id, vpc_id)

    def note(self, index: int, result: Result) -> None:
        """Take note of a result; what concerns the whole account may end the creates."""
        with self._lock:
            self._stand[index] = _DONE
            self.made += result.outcome is Outcome.CREATED
            self._suspect(result.failure)

    @property
    def tried(self) -> int:
        """How many have a result."""
        return self._stand.count(_DONE)

    @property
    def undone(self) -> list[tuple[str, str]]:
        """What has no result, as interface id and VPC."""
        return [each for each, stand in zip(self.inventory.missing, self._stand, strict=True) if stand != _DONE]

    @property
    def after(self) -> str:
        """The last id of those that are done without a gap."""
        done = len(self._stand) - len(self._stand.lstrip(bytes([_DONE])))
        return self.inventory.missing[done - 1][0] if done else ""

    def _suspect(self, failure: Failure | None) -> None:
        """Where all answers blame the account, try interfaces elsewhere in the region, then end the creates."""
        self._hopeful = self._hopeful or failure is None
        if self._hopeful or failure is None or failure.code not in ACCOUNT_WIDE:
            self._in_a_row, self._probes = 0, []
            return
        self._in_a_row += 1
        if self._in_a_row == IN_A_ROW:
            left = [index for index, stand in enumerate(self._stand) if stand == _OPEN]
            self._probes = left[:: -max(1, len(left) // PROBES)]
        if self._in_a_row >= IN_A_ROW and all(self._stand[each] == _DONE for each in self._probes):
            self.cause = failure


def create(invocation: Invocation, whole: Survey, settle: Settle) -> list[RegionRun]:
    """Create what is missing, the regions side by side, each at its own pace.

    Args:
        invocation: its time budget ends the work.
        whole: the regions as they were listed.
        settle: gets each interface with its result, one at a time. A result with a `failure` is kept nowhere yet.

    Returns:
        For each region with something missing, what was done and why it ended.
    """
    runs = [RegionRun(each) for each in whole.inventories if each.missing]
    vpc = invocation.vpc(paced=True)
    settling = threading.Lock()

    def settle_alone(interface: Interface, result: Result) -> None:
        with settling:
            settle(interface, result)

    threads = [
        threading.Thread(target=_work, args=(run, vpc, settle_alone), daemon=True)
        for run in runs
        for _ in range(min(WORKERS, len(run.inventory.missing)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return runs


def _work(run: RegionRun, vpc: Vpc, settle: Settle) -> None:
    try:
        while taken := run.take():
            index, interface = taken
            result = safely(partial(ensure.create, vpc=vpc), interface)
            if result.failure and result.failure.unfinished:
                break  # not done: the next hop's
            settle(interface, result)
            run.note(index, result)
    except Exception as error:  # noqa: BLE001 - what it was at is undone, and said as such
        logger.error("a worker ended", extra={"error": failure_of(error).message})
