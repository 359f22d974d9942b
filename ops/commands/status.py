"""`eni-flowlog status`: is every interface covered, and if not, why not?"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from handler.commands import status
from handler.log import redact
from handler.model import State
from ops import console, options, session
from ops.commands.backfill import list_plan
from ops.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NUMBERS = status.COLUMNS
COLUMNS = ("region", "vpc_id", *NUMBERS)
NOT_COVERED = ("missing", "differs", "broken")
IDS_SHOWN = 5

AsCsv = Annotated[bool, typer.Option("--csv", help="Print the table as CSV on the standard output.")]


def status_command(
    *,
    regions: options.Regions = None,
    settings_of: options.Settings = options.FUNCTION,
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    as_json: options.AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Say whether every interface has its flow log, per region and VPC, and if not, why not.

    Changes nothing. An interface is *covered*, or its flow log *differs* from the settings (another topic or traffic
    type) or is *broken* (it logs nothing: disabled, or its topic is deleted), or it is *missing* (it should have a
    flow log and has none), *unsupported* (its instance's model takes none), *waiting* (it is not attached to an
    instance, and so cannot have one yet) or *excluded* (by FLOWLOG_RULES).

    Exit code 0 when all is covered, which means that nothing is missing, differs or is broken; 3 when not. What waits,
    is unsupported or excluded does not count against it. If a region cannot be listed, 1.

    For example:

        eni-flowlog status

        eni-flowlog status --region ap-guangzhou --region ap-shanghai --csv > coverage.csv

        eni-flowlog status --json | jq '.drift[]'
    """
    if as_json and as_csv:
        raise typer.BadParameter("give either --json or --csv, not both")
    run = session.start(
        profile=profile,
        function_region=function_region,
        settings_of=settings_of,
        fallback=regions[0] if regions else "",
    )
    arguments = {"regions": regions} if regions else {}
    whole = list_plan(run, arguments)
    status.report_coverage(whole, run.invocation)
    report = run.report.as_dict()
    if as_json:
        console.write_json(report)
    elif as_csv:
        _write_csv(report["coverage"])
    else:
        show_coverage(report)
    raise typer.Exit(Exit.FAILED if whole.failures else verdict(report["coverage"]))


def verdict(coverage: Sequence[Mapping[str, Any]]) -> Exit:
    """Whether all is covered: nothing is missing, differs or is broken."""
    return Exit.UNCOVERED if any(row[state] for row in coverage for state in NOT_COVERED) else Exit.OK


def _write_csv(coverage: Sequence[Mapping[str, Any]]) -> None:
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(coverage)


def show_coverage(report: Mapping[str, Any]) -> None:
    """Show the report of a status, without secrets.

    Args:
        report: under `schemas/report.schema.json`, with `coverage`.
    """
    report = redact(report)
    coverage = report["coverage"]
    out = console.out()
    titles = ("Total", *(state.value.capitalize() for state in State))
    rows = console.table("Coverage of interfaces", ("Region", "VPC", *titles), numbers=titles)
    for row in coverage:
        rows.add_row(row["region"], console.plain(row["vpc_id"]), *_numbers(row))
    if len(coverage) > 1:
        total = {name: sum(row[name] for row in coverage) for name in NUMBERS}
        rows.add_section()
        rows.add_row("", "all", *_numbers(total), style="bold")
    out.print(rows)
    out.print(_sentence(coverage))
    cut = "truncated" in report
    for heading, ids in _reasons(report).items():
        out.print(_line(*heading, ids, cut=cut))


def _numbers(row: Mapping[str, Any]) -> list[Text]:
    return [console.count(row[name], console.STYLES.get(name, "")) for name in NUMBERS]


def _sentence(coverage: Sequence[Mapping[str, Any]]) -> Text:
    """The answer to the operator's question."""
    missing = sum(row["missing"] for row in coverage)
    drift = sum(row["differs"] + row["broken"] for row in coverage)
    if verdict(coverage) is Exit.OK:
        return Text("All covered: every interface that can have a flow log has one.", "bold green")
    parts = []
    if missing:
        have = "has" if missing == 1 else "have"
        parts.append(f"{console.counted(missing, 'interface')} {have} no flow log: run `eni-flowlog backfill`.")
    if drift:
        are = "is" if drift == 1 else "are"
        parts.append(f"{console.counted(drift, 'flow log')} {are} not as the settings say.")
    return Text("Not all covered: " + " ".join(parts), "bold red")


def _reasons(report: Mapping[str, Any]) -> dict[tuple[str, str], list[str]]:
    """The interfaces behind the numbers, by state and reason, as far as the report lists them."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in report["items"]:
        if "state" in item:
            found[item["state"], item.get("reason", "")].append(item.get("interface_id", "?"))
    order = [state.value for state in State]
    return dict(sorted(found.items(), key=lambda entry: (order.index(entry[0][0]), entry[0][1])))


def _line(state: str, reason: str, ids: Sequence[str], *, cut: bool) -> Text:
    """A state's reason with some of its interfaces; `cut` says that the report does not list all that there are."""
    number = len(ids) - IDS_SHOWN
    shown = ", ".join(ids[:IDS_SHOWN])
    if number > 0:
        shown += f" and {'at least ' if cut else ''}{number:,} more"
    heading = Text(state, console.STYLES[state]) + Text(f", {reason}: " if reason else ": ", "default")
    return heading + Text(console.plain(shown), "dim")
