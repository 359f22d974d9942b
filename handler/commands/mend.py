"""A region's flow logs made good, one by one: paced, within the time, and safe to be killed at any call."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from handler.cloud.pace import Pacer
from handler.cover.cure import Repair
from handler.model import Interface, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.commands.coverage import Inventory
    from handler.commands.survey import Survey
    from handler.cover.cure import Cure
    from handler.invocation import Invocation
    from handler.model import Failure, Result

    Settle = Callable[[Interface, Result], None]

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
    settings = invocation.settings
    vpc, pacer = (
        invocation.vpc(Pacer(settings.create_rate, invocation.budget.monotonic)),
        Pacer(settings.create_rate, invocation.budget.monotonic),
    )
    do = partial(Repair(vpc, settings, invocation.budget, pacer).do, run.inventory.region)
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
