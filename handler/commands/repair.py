"""Repair: make flow logs good that log nothing or not as the settings say. Opt-in, and our own unless more is asked.

`enable` switches on what is disabled. `recreate` also deletes and makes anew what has lost its topic or differs, since
a flow log cannot be changed. Between a deletion and its create nothing else comes; killed in between, the interface is
missing, and the next sweep covers it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.commands import continuation, survey
from handler.commands.continuation import Rest
from handler.commands.mend import mend
from handler.commands.shortfall import Shortfall
from handler.cover.cure import MODES, OFF, Wish
from handler.model import Failure, Outcome, Result, State

if TYPE_CHECKING:
    from handler.commands.mend import RegionCures
    from handler.commands.survey import Survey
    from handler.invocation import Invocation
    from handler.model import Command

LISTING_SHARE = 0.5
"""The part of a repair's time that its listing may take."""


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
    whole = survey.take(invocation.within(invocation.budget.share(LISTING_SHARE)), arguments, wish=wish)
    if arguments.get("dry_run"):
        whole.say_failures(invocation)
        report_planned(whole, invocation)
    else:
        whole.say_what_is_left_out(invocation)
        for region, failure in sorted(whole.failures.items()):
            invocation.give_up(continuation.for_region(command, region), failure, region)
        mend_and_go_on(command, whole, invocation)
    report_others(whole, invocation)


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


def report_others(whole: Survey, invocation: Invocation) -> None:
    """Count what is covered, and what is impaired and was left as it is, which is listed."""
    report = invocation.report
    for each in whole.inventories:
        report.count(Outcome.COVERED, each.total(State.COVERED))
        others = each.total(State.DIFFERS, State.BROKEN) - len(each.mended)
        report.count(Outcome.IMPAIRED, others)
        left = [result for result in each.set_aside if result.outcome is Outcome.IMPAIRED]
        report.list_counted([result for result in left if result.interface_id not in each.mended], others)


def _keep(command: Command, run: RegionCures, invocation: Invocation, *, sweeping: bool) -> None:
    """Keep what a repair could not do in a region: as one letter for each code, or for the next invocation."""
    region = run.inventory.region
    changes: dict[str, str | int] = {"after": run.after} if run.after else {}
    if "limit" in command.arguments:
        changes["limit"] = run.left
    if run.stopped:
        invocation.report.stop(run.stopped)
    for code, (number, failure) in sorted(run.failures.items()):
        message = f"{number} flow logs of {region} could not be repaired, the last with {code}: {failure.message}"
        if sweeping:
            invocation.report.stop(message)
        else:
            again = continuation.for_region(command, region)
            invocation.give_up(again, Failure(failure.kind, code, message, failure.request_id, retryable=True), region)
    if run.left and not run.stopped and not sweeping:
        rest = continuation.for_region(command, region, **changes)
        continuation.go_on(Rest(rest, region, run.left, bool(run.done)), invocation)
    elif run.left:
        invocation.report.stop(f"{run.left} flow logs of {region} are left to be repaired")
