"""The command `status`: how all interfaces stand. Changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from handler.commands import survey
from handler.model import MAX_REPORT_ITEMS, Outcome, Result, State

if TYPE_CHECKING:
    from handler.commands.survey import Survey
    from handler.invocation import Invocation
    from handler.model import Command

COLUMNS = ("interfaces", *(state.value for state in State))
"""The numbers of a row of the report's `coverage`."""


def run(command: Command, invocation: Invocation) -> None:
    """Run the command `status`: report the coverage."""
    report_coverage(survey.take(invocation, command.arguments, for_status=True), invocation)


def report_coverage(whole: Survey, invocation: Invocation) -> None:
    """Report how all interfaces stand; the missing first, for the list is bounded."""
    report = invocation.report
    for each in whole.inventories:
        for interface_id, _ in each.missing:
            report.add(Result(Outcome.MISSING, each.region, interface_id, each.unpredicted, state=State.MISSING))
    report_others(whole, invocation)
    report.coverage = coverage_rows(whole)
    report.drift = [asdict(drift) for each in whole.inventories for drift in each.drift][:MAX_REPORT_ITEMS]
    report.wider = [asdict(wider) for each in whole.inventories for wider in each.wider][:MAX_REPORT_ITEMS]
    report.drifted = sum(each.total(State.DIFFERS, State.BROKEN) for each in whole.inventories)
    whole.say_failures(invocation)


def report_others(whole: Survey, invocation: Invocation) -> None:
    """Count those interfaces for which no flow log is to be made, and list them but for the covered."""
    report = invocation.report
    for each in whole.inventories:
        report.count(Outcome.COVERED, each.total(State.COVERED))
        report.count(Outcome.IMPAIRED, each.total(State.DIFFERS, State.BROKEN) - len(each.mended))
        report.count(Outcome.WAITING, each.total(State.WAITING))
        report.count(Outcome.SKIPPED, each.total(State.UNSUPPORTED, State.EXCLUDED))
        others = set(State) - {State.COVERED, State.MISSING}
        left = [result for result in each.set_aside if result.interface_id not in each.mended]
        report.list_counted(left, each.total(*others) - len(each.mended))


def coverage_rows(whole: Survey) -> list[dict[str, Any]]:
    """The report's `coverage`: a row for each region and VPC."""
    return [
        {"region": each.region, "vpc_id": vpc_id, **{column: counts[column] for column in COLUMNS}}
        for each in whole.inventories
        for vpc_id, counts in sorted(each.coverage.items())
    ]
