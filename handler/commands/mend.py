"""Make flow logs good, one by one: paced, within the time, and safe to be killed at any call."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from handler.cloud.pace import Pacer
from handler.commands.cures import ENABLE, RECREATE, Cure
from handler.cover import ensure
from handler.errors import CloudError, NotFound, failed, failure_of
from handler.model import Failure, Interface, Outcome, Result, State, result_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.commands.coverage import Inventory
    from handler.commands.survey import Survey
    from handler.invocation import Invocation

    Settle = Callable[[Interface, Result], None]

ENOUGH_S = 8.0
"""A flow log is deleted only with so much time left, in seconds, that its create can be tried and tried again."""
WORKERS = 8


@dataclass
class RegionCures:
    """The repair of one region.

    Attributes:
        inventory: the region, with its cures.
        done: how many ended, well or not.
        after: the last interface id of those that ended.
        left: how many were not tried.
        failures: by code, how many failed so, and the last of them.
        stopped: why no more of its flow logs are deleted, if so.
    """

    inventory: Inventory
    done: int = 0
    after: str = ""
    left: int = 0
    failures: dict[str, tuple[int, Failure]] = field(default_factory=dict)
    stopped: str = ""

    def note(self, cure: Cure, failure: Failure | None) -> None:
        """Take note of how one ended."""
        self.done += 1
        self.left -= 1
        self.after = cure.interface_id
        self.inventory.mended.add(cure.interface_id)
        if failure is None:
            self.inventory.impaired[cure.words] -= 1
        else:
            number, _ = self.failures.get(failure.code, (0, failure))
            self.failures[failure.code] = number + 1, failure


def mend(invocation: Invocation, whole: Survey, settle: Settle) -> list[RegionCures]:
    """Repair what a survey found, the regions one after the other, each at the pace of the creates.

    Args:
        invocation: its time ends the work.
        whole: what was found, with its cures.
        settle: gets each interface with its result, in this thread. A result that has a `failure` is of an interface
            that has no flow log any more.

    Returns:
        For each region with something to repair, what was done and what is left.
    """
    runs = [RegionCures(each, left=len(each.cures) + each.cures_cut) for each in whole.inventories if each.cures]
    with ThreadPoolExecutor(WORKERS) as pool:
        for run in runs:
            _mend_region(invocation, run, settle, pool)
    return runs


def _mend_region(invocation: Invocation, run: RegionCures, settle: Settle, pool: ThreadPoolExecutor) -> None:
    do = partial(_Work(invocation).do, run.inventory.region)
    cures = run.inventory.cures
    # The first alone: whether a create is possible at all is found out with one flow log, not with eight.
    groups = [cures[:1], *(cures[start : start + WORKERS] for start in range(1, len(cures), WORKERS))]
    for group in groups:
        for cure, result in zip(group, list(pool.map(do, group)), strict=True):
            if result is None:
                return  # there was no time for it
            _take(run, cure, result, settle)
        if run.stopped:
            return


def _take(run: RegionCures, cure: Cure, result: Result, settle: Settle) -> None:
    interface = Interface(run.inventory.region, cure.interface_id, cure.vpc_id)
    if result.outcome is Outcome.IMPAIRED:  # it stands as it was
        run.note(cure, result.failure)
        settle(interface, replace(result, failure=None))
        return
    run.note(cure, None)
    settle(interface, result)
    if result.failure:
        run.stopped = (
            f"a flow log of {run.inventory.region} was deleted and could not be made anew ({result.reason}): "
            "no more are deleted"
        )


class _Work:
    """Repairs one flow log."""

    def __init__(self, invocation: Invocation) -> None:
        self._vpc = invocation.vpc(Pacer(invocation.settings.create_rate))
        self._pacer = Pacer(invocation.settings.create_rate)
        self._settings = invocation.settings
        self._budget = invocation.budget

    def do(self, region: str, cure: Cure) -> Result | None:
        """What became of it; None where there was no time to try."""
        interface = Interface(region, cure.interface_id, cure.vpc_id)
        if self._budget.left() < (ENOUGH_S if cure.how == RECREATE else 0.0):
            return None
        try:
            return self._do(interface, cure)
        except Exception as error:  # noqa: BLE001 - whatever it is, the flow log stands as it was
            failure = failure_of(error)
            reason = f"{cure.words}; not repaired: {failure.code}: {failure.message}"
            result = result_of(interface, Outcome.IMPAIRED, reason, cure.flow_log_id, cure.state)
            return None if failure.unfinished else replace(result, failure=failure)

    def _do(self, interface: Interface, cure: Cure) -> Result:
        repaired = f"was {cure.words}: {cure.said}"
        if cure.how == ENABLE:
            self._vpc.enable_flow_log(interface.region, cure.flow_log_id, self._pacer)
            return result_of(interface, Outcome.REPAIRED, repaired, cure.flow_log_id, State.COVERED)
        with suppress(NotFound):  # somebody was faster, or the answer to a first call was lost
            self._vpc.delete_flow_log(interface.region, cure.vpc_id, cure.flow_log_id, self._pacer)
        return self._made_anew(interface, repaired)

    def _made_anew(self, interface: Interface, repaired: str) -> Result:
        try:
            result = ensure.create(interface, self._vpc, self._settings, self._budget)
        except CloudError as error:
            return failed(interface, replace(failure_of(error), unfinished=False))
        if result.outcome is not Outcome.CREATED:
            return result
        return replace(result, outcome=Outcome.REPAIRED, reason=repaired, state=State.COVERED)
