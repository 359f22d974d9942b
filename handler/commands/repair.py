"""Repair: make flow logs good that log nothing or not as the settings say. Opt-in, and our own unless more is asked.

`enable` switches on what is disabled. `recreate` also deletes and makes anew what has lost its topic or differs, since
a flow log cannot be changed. Between a deletion and its create nothing else comes; killed in between, the interface is
missing, and the next sweep covers it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from handler.cloud.many import together
from handler.commands import continuation, status, survey
from handler.commands.shortfall import Shortfall
from handler.cover.cure import MODES, OFF, Repair, Wish
from handler.model import Failure, Interface, Outcome, Result

if TYPE_CHECKING:
    from handler.commands.creates import Settle
    from handler.commands.inventory import Inventory
    from handler.commands.survey import Survey
    from handler.cover.cure import Cure
    from handler.invocation import Invocation
    from handler.model import Command

REPORTED = (Outcome.COVERED, Outcome.IMPAIRED)
"""What a repair reports of the interfaces that it left as they were."""
WORKERS = 8


def run(command: Command, invocation: Invocation) -> None:
    """Run the command `repair`: list, mend, and go on in another invocation where the time ran out."""
    arguments, settings = command.arguments, invocation.settings
    mode = arguments.get("mode") or (settings.repair if settings.repair != OFF else "enable")
    if MODES.index(mode) > MODES.index(settings.repair) and not arguments.get("dry_run"):
        refusal = (
            f"repair {mode} is refused: FLOWLOG_REPAIR of this function is {settings.repair}; set it and deploy, or "
            "run `eni-flowlog repair` with your own keys"
        )
        invocation.report.stop(refusal)
        invocation.report.add(Result(Outcome.IGNORED, reason=refusal))
        return
    wish = Wish(mode, bool(arguments.get("all")))
    whole = survey.take(invocation.within(invocation.budget.share(survey.LISTING_SHARE)), arguments, wish=wish)
    if arguments.get("dry_run"):
        whole.say_failures(invocation)
        report_planned(whole, invocation)
    else:
        whole.say_what_is_left_out(invocation)
        for region, failure in sorted(whole.failures.items()):
            invocation.give_up(continuation.for_region(command, region), failure)
        mend_and_go_on(command, whole, invocation)
    status.report_others(whole, invocation.report, REPORTED)


def report_planned(whole: Survey, invocation: Invocation) -> None:
    """Say of each flow log that would be repaired how."""
    for each in whole.inventories:
        for cure in each.cures:
            reason = f"{cure.words}: would be {cure.said}"
            invocation.report.add(
                Result(Outcome.PLANNED, each.region, cure.interface_id, reason, cure.flow_log_id, state=cure.state)
            )
            each.mended.add(cure.interface_id)


def mend_and_go_on(command: Command, whole: Survey, invocation: Invocation) -> None:
    """Repair what a survey found, keep what failed, and go on elsewhere with what is left.

    Args:
        command: a `repair`, or the backfill of a sweep, whose next repair is its next sweep's.
        whole: what was found, with its cures.
        invocation: its time ends the work.
    """
    sweeping = command.name != "repair"
    shortfall = Shortfall(invocation, sweeping=sweeping)
    runs = mend(invocation, whole, shortfall.settle)
    shortfall.close()
    for each in runs:
        _keep(command, each, invocation, sweeping=sweeping)


def _keep(command: Command, run: RegionCures, invocation: Invocation, *, sweeping: bool) -> None:
    """Keep what a repair could not do in a region: as one letter for each code, or for the next invocation."""
    region = run.inventory.region
    if run.stopped:
        invocation.report.stop(run.stopped)
    for code, failures in sorted(run.failures.items()):
        told = f"the last with {code}: {failures[-1].message}"
        message = f"{len(failures)} flow logs of {region} could not be repaired, {told}"
        if sweeping:
            invocation.report.stop(message)
        else:
            again = continuation.for_region(command, region)
            invocation.give_up(again, replace(failures[-1], message=message, retryable=True))
    if run.left and not run.stopped and not sweeping:
        rest = continuation.rest_of(command, region, run.after, run.left)
        continuation.go_on(rest, run.left, invocation, progress=bool(run.after))
    elif run.left:
        invocation.report.stop(f"{run.left} flow logs of {region} are left to be repaired")


@dataclass
class RegionCures:
    """The repair of one region.

    Attributes:
        inventory: the region, with its cures.
        after: the last interface id of those that ended, well or not.
        left: how many were not tried.
        failures: by code, what failed so.
        stopped: why no more of its flow logs are deleted, if so.
    """

    inventory: Inventory
    after: str = ""
    left: int = 0
    failures: dict[str, list[Failure]] = field(default_factory=lambda: defaultdict(list))
    stopped: str = ""

    def note(self, cure: Cure, failure: Failure | None) -> None:
        """Take note of how one ended."""
        self.left -= 1
        self.after = cure.interface_id
        self.inventory.mended.add(cure.interface_id)
        if failure is None:
            self.inventory.impaired[cure.words] -= 1
        else:
            self.failures[failure.code].append(failure)


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
    for run in runs:
        _mend_region(invocation, run, settle)
    return runs


def _mend_region(invocation: Invocation, run: RegionCures, settle: Settle) -> None:
    do = partial(Repair(invocation.vpc(paced=True)).do, run.inventory.region)
    cures = run.inventory.cures
    # The first alone: whether a create is possible at all is found out with one flow log, not with eight.
    groups = [cures[:1], *(cures[start : start + WORKERS] for start in range(1, len(cures), WORKERS))]
    for group in groups:
        for cure, result in zip(group, together(do, group, WORKERS), strict=True):
            if result is None:
                return  # there was no time for it
            _take(run, cure, result, settle)
        if run.stopped:
            return


def _take(run: RegionCures, cure: Cure, result: Result, settle: Settle) -> None:
    interface = Interface(run.inventory.region, cure.interface_id, cure.vpc_id)
    unchanged = result.outcome is Outcome.IMPAIRED
    run.note(cure, result.failure if unchanged else None)
    settle(interface, replace(result, failure=None) if unchanged else result)
    if result.failure and not unchanged:
        run.stopped = (
            f"a flow log of {run.inventory.region} was deleted and could not be made anew ({result.reason}): "
            "no more are deleted"
        )
