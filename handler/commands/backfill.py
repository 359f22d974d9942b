"""Backfill: create what is missing, in order of interface id, under the limits, within the time; then go on by itself.

The cloud's state is the checkpoint: killed anywhere and started again, a backfill does only what is left.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from handler.commands import continuation, repair, status, survey
from handler.commands.creates import create
from handler.commands.shortfall import Shortfall
from handler.cover.cure import OFF, Wish
from handler.log import logger
from handler.model import Command, Failure, Outcome, Result, State

if TYPE_CHECKING:
    from handler.commands.creates import RegionRun
    from handler.commands.survey import Survey
    from handler.invocation import Invocation

OF_A_SWEEP = "sweep"
"""The argument of a backfill that is a sweep's: it writes no dead letters of single interfaces."""
SWEEP = Command("backfill", {"command": "backfill", OF_A_SWEEP: True})


def run(command: Command, invocation: Invocation) -> None:
    """Run the backfill command: list, create, and go on in another invocation where the time ran out."""
    if command.arguments.get("dry_run"):
        whole = survey.take(invocation, command.arguments)
        whole.say_failures(invocation)
        report_planned(whole, invocation)
    else:
        # A region that does not answer must leave time for the others.
        listing = invocation.within(invocation.budget.share(survey.LISTING_SHARE))
        whole = survey.take(listing, command.arguments, wish=_wish_of(command, invocation))
        _give_up_unlisted(command, whole, invocation)
        _create_and_go_on(command, whole, invocation)
        repair.mend_and_go_on(command, whole, invocation)
    if command.arguments.get(OF_A_SWEEP):
        for each in whole.inventories:  # a line for each region and thing that is wrong, which an alarm can find
            for reason, number in sorted((+each.impaired).items()):
                logger.warning("flow log impaired", extra={"region": each.region, "reason": reason, "number": number})
    status.report_others(whole, invocation.report)  # last: the report lists a bounded number


def report_planned(whole: Survey, invocation: Invocation) -> None:
    """Count what would be created."""
    for each in whole.inventories:
        for interface_id, _ in each.missing:
            invocation.report.add(Result(Outcome.PLANNED, each.region, interface_id, state=State.MISSING))


def _wish_of(command: Command, invocation: Invocation) -> Wish | None:
    """What is repaired along with the creates: only in a sweep, and as far as FLOWLOG_REPAIR allows."""
    of_a_sweep = command.arguments.get(OF_A_SWEEP) and invocation.settings.repair != OFF
    return Wish(invocation.settings.repair) if of_a_sweep else None


def _give_up_unlisted(command: Command, whole: Survey, invocation: Invocation) -> None:
    """Each region that could not be listed is a dead letter, with its part of what the limit has left."""
    limit: int | None = command.arguments.get("limit")
    if limit is not None and limit <= whole.missing:
        whole.say_failures(invocation)
        return
    whole.say_what_is_left_out(invocation)
    for region, failure in sorted(whole.failures.items()):
        part = {} if limit is None else {"limit": max(1, (limit - whole.missing) // len(whole.failures))}
        _give_up_region(continuation.for_region(command, region, **part), failure, invocation)


def _give_up_region(command: Command, failure: Failure, invocation: Invocation) -> None:
    """Keep what failed as a whole as one letter; of a sweep, unless one for that region and code lies there already."""
    of_a_sweep = command.arguments.get(OF_A_SWEEP) and not command.history
    if of_a_sweep and (command.region, failure.code) in invocation.letters.regions:
        invocation.report.stop(
            f"{command.region}: {failure.code}: {failure.message} (its dead letter lies on the queue already)"
        )
    else:
        invocation.give_up(command, failure)


def _create_and_go_on(command: Command, whole: Survey, invocation: Invocation) -> None:
    shortfall = Shortfall(invocation, sweeping=bool(command.arguments.get(OF_A_SWEEP)))
    runs = create(invocation, whole, shortfall.settle)
    shortfall.close()
    for each in runs:
        if each.cause:
            _end_region(command, each, each.cause, invocation)
        elif each.undone:
            continuation.go_on(
                _rest_of(command, each), len(each.undone), invocation, progress=bool(each.after or each.made)
            )


def _end_region(command: Command, run: RegionRun, cause: Failure, invocation: Invocation) -> None:
    """Say why the creates of a region have ended before their time, and keep the rest."""
    region = run.inventory.region
    cause = replace(cause, message=why_ended(run, cause))
    invocation.report.stop(cause.message)
    if not command.arguments.get(OF_A_SWEEP):
        if run.undone:
            invocation.give_up(_rest_of(command, run), cause)
        return
    for interface_id, _ in run.undone:
        reason = f"not tried: {cause.code}"
        invocation.report.add(Result(Outcome.MISSING, region, interface_id, reason, state=State.MISSING))
    _give_up_region(continuation.for_region(command, region), cause, invocation)


def why_ended(run: RegionRun, cause: Failure) -> str:
    """Why the creates of a region have ended before their time, and what to do."""
    return (
        f"all {run.tried} creates in {run.inventory.region} were refused, the last with {cause.code}: {cause.message}; "
        "look at the topic, the role and the account's quota"
    )


def _rest_of(command: Command, run: RegionRun) -> Command:
    return continuation.rest_of(command, run.inventory.region, run.after, len(run.undone))
