"""The command `status`: how all interfaces stand. Changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from handler.commands import survey
from handler.commands.inventory import IMPAIRED, STATES
from handler.model import MAX_REPORT_ITEMS, Outcome, Result, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.commands.survey import Survey
    from handler.invocation import Invocation
    from handler.model import Command, Report

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
    report_others(whole, report)
    report.coverage = coverage_rows(whole)
    impaired = [one for each in whole.inventories for one in each.set_aside[Outcome.IMPAIRED]]
    report.drift = [
        {"region": one.region, "interface_id": one.interface_id, "flow_log_id": one.flow_log_id, "drift": one.reason}
        for one in impaired[:MAX_REPORT_ITEMS]
    ]
    report.wider = [asdict(wider) for each in whole.inventories for wider in each.wider][:MAX_REPORT_ITEMS]
    report.drifted = sum(each.total(*IMPAIRED) for each in whole.inventories)
    whole.say_failures(invocation)


def report_others(whole: Survey, report: Report, outcomes: Iterable[Outcome] = tuple(STATES)) -> None:
    """Count those interfaces for which no flow log is to be made, by some outcomes, and list them but for the covered.

    What a repair has dealt with is reported already.
    """
    for each in whole.inventories:
        for outcome in outcomes:
            mended = len(each.mended) if outcome is Outcome.IMPAIRED else 0
            number = each.total(*STATES[outcome]) - mended
            report.count(outcome, number)
            if outcome is not Outcome.COVERED:
                left = [one for one in each.set_aside[outcome] if one.interface_id not in each.mended]
                report.list_counted(left, number)


def coverage_rows(whole: Survey) -> list[dict[str, Any]]:
    """The report's `coverage`: a row for each region and VPC."""
    return [
        {"region": each.region, "vpc_id": vpc_id, **{column: counts[column] for column in COLUMNS}}
        for each in whole.inventories
        for vpc_id, counts in sorted(each.coverage.items())
    ]
