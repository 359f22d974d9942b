"""`eni-flowlog status`: is every interface covered, and if not, why not?"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from handler.commands import status
from handler.log import redact
from handler.model import Outcome, State
from ops import console, options, session
from ops.errors import Exit, OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console
    from rich.table import Table

    from handler.commands.coverage import Found
    from handler.commands.survey import Survey

NOT_COVERED = ("missing", "differs", "broken")
COLUMNS = (
    "account", "region", "vpc_id", "subnet_id", "instance_id", "interface_id", "state", "reason", "flow_log_id",
    "topic_id", "traffic_type", "enabled", "seen_at",
)  # fmt: skip
"""Of `--csv`; the items of `--json` have them too, and their outcome."""
MAX_ROWS = 12
"""With more VPCs than this, the table has a row for each region."""
MAX_REASONS = 12
IDS_SHOWN = 5
ALL_OF_THEM = "`eni-flowlog status --csv` lists every interface with its reason, --json too."
_ALWAYS = ("interfaces", "covered", "missing")
_OUTCOMES = {
    State.COVERED: Outcome.COVERED,
    State.DIFFERS: Outcome.IMPAIRED,
    State.BROKEN: Outcome.IMPAIRED,
    State.MISSING: Outcome.MISSING,
    State.WAITING: Outcome.WAITING,
}
"""What the report calls an interface in a state; the others are skipped."""

AsHtml = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Also write a page for an auditor, whole in one file.")
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print a line for each interface, as CSV on the standard output.")]


@dataclass
class Lines:
    """A line for each interface, as they are found; filled from several threads.

    Attributes:
        account: the account's id.
        found: the interfaces, each with when it was seen, in UTC.
    """

    account: str
    found: list[tuple[Found, datetime]] = field(default_factory=list)

    def add(self, found: Found) -> None:
        """Take an interface."""
        self.found.append((found, datetime.now(timezone.utc)))

    def sorted(self) -> list[dict[str, Any]]:
        """The lines by region, VPC and interface id."""
        lines = [self._line(found, seen_at) for found, seen_at in self.found]
        return sorted(lines, key=lambda line: (line["region"], line["vpc_id"], line["interface_id"]))

    def _line(self, found: Found, seen_at: datetime) -> dict[str, Any]:
        interface, log = found.interface, found.flow_log
        return {
            "account": self.account,
            "region": interface.region,
            "vpc_id": interface.vpc_id,
            "subnet_id": interface.subnet_id,
            "instance_id": interface.instance_id,
            "interface_id": interface.interface_id,
            "outcome": _OUTCOMES.get(found.state, Outcome.SKIPPED).value,
            "state": found.state.value,
            "reason": redact(found.reason),
            "flow_log_id": log.flow_log_id if log else "",
            "topic_id": log.topic_id if log else "",
            "traffic_type": log.traffic_type if log else "",
            "enabled": log.enabled if log else None,
            "seen_at": seen_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def status_command(
    *,
    regions: options.Regions = None,
    settings_of: options.Settings = options.FUNCTION,
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    as_json: options.AsJson = False,
    as_csv: AsCsv = False,
    html: AsHtml = None,
) -> None:
    """Say whether every interface has its flow log, per region and VPC, and if not, why not.

    Changes nothing. An interface is *covered*, or its flow log *differs* from the settings (another topic or traffic
    type) or is *broken* (it logs nothing: disabled, or its topic is deleted), or it is *missing* (it should have a
    flow log and has none), *unsupported* (its instance's model takes none), *waiting* (it is not attached to an
    instance, and so cannot have one yet) or *excluded* (by FLOWLOG_RULES).

    The table names a few interfaces for each reason; --csv and --json have a line for each interface.

    Exit code 0 when all is covered, which means that nothing is missing, differs or is broken; 3 when not. What waits,
    is unsupported or excluded does not count against it. If a region cannot be listed, 1.

    For example:

        eni-flowlog status

        eni-flowlog status --region ap-guangzhou --region ap-shanghai --csv > coverage.csv

        eni-flowlog status --html coverage.html

        eni-flowlog status --json | jq '.items[] | select(.state == "missing")'
    """
    if as_json and as_csv:
        raise typer.BadParameter("give either --json or --csv, not both")
    run = session.start(
        profile=profile,
        function_region=function_region,
        settings_of=settings_of,
        fallback=regions[0] if regions else "",
    )
    lines = Lines(run.cloud.uin)
    whole = run.survey({"regions": regions} if regions else {}, lines.add)
    status.report_coverage(whole, run.invocation)
    report = whole_report(run.report.as_dict(), lines.sorted())
    if html:
        write_page(html, report, run, whole)
    if as_json:
        console.write_json(report)
    elif as_csv:
        write_csv(report["items"])
    else:
        show_coverage(report, " and ".join(each.region for each in whole.inventories))
    raise typer.Exit(Exit.FAILED if whole.failures else verdict(report["coverage"]))


def write_page(file: Path, report: Mapping[str, Any], run: session.Session, whole: Survey) -> None:
    """Write the page for the auditor.

    Args:
        file: where; what stands there is replaced.
        report: whole, as `--json` prints it.
        run: whose settings the interfaces were held against.
        whole: what was listed, and what could not be.

    Raises:
        OperatorError: the file cannot be written.
    """
    from ops import page  # noqa: PLC0415 - the templates' library is for this option alone

    evidence = page.Evidence(
        account=run.cloud.uin,
        taken_at=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC"),
        covered=bool(report["items"]) and not whole.failures and verdict(report["coverage"]) is Exit.OK,
        settings=redact({name: text for name, text in sorted(run.environment.items()) if name.startswith("FLOWLOG_")}),
        scope=[each.region for each in whole.inventories],
        unlisted={region: f"{each.code}: {each.message}" for region, each in sorted(whole.failures.items())},
        coverage=report["coverage"],
        interfaces=report["items"],
        notes=[run.source.said, *run.source.differences],
    )
    try:
        file.write_text(page.render(evidence), encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{file} cannot be written ({error.strerror}): name another file with --html.") from None
    console.say(f"{file}: the page for the auditor.")


def whole_report(report: dict[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The report of a status with its lists whole: each interface is an item, and each impaired one in `drift`."""
    impaired = [line for line in lines if line["state"] in ("differs", "broken")]
    drift = [
        {**{name: line[name] for name in ("region", "interface_id", "flow_log_id")}, "drift": line["reason"]}
        for line in impaired
    ]
    cut = {name: value for name, value in report.items() if name != "truncated"}
    return {**cut, "items": lines, "drift": drift}


def verdict(coverage: Sequence[Mapping[str, Any]]) -> Exit:
    """Whether all is covered: nothing is missing, differs or is broken."""
    return Exit.UNCOVERED if any(row[state] for row in coverage for state in NOT_COVERED) else Exit.OK


def write_csv(lines: Sequence[Mapping[str, Any]]) -> None:
    """Write a line for each interface to the standard output."""
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**line, "enabled": _yes_or_no(line["enabled"])} for line in lines)


def _yes_or_no(value: bool | None) -> str:  # noqa: FBT001 - a conversion of one value
    return "" if value is None else "yes" if value else "no"


def show_coverage(report: Mapping[str, Any], regions: str = "the regions that the function looks at") -> None:
    """Show the report of a status on one screen.

    Args:
        report: under `schemas/report.schema.json`, with `coverage`; its lists may be whole.
        regions: those that were listed, in words.
    """
    out = console.out()
    coverage = report["coverage"]
    if coverage:
        out.print(coverage_table(coverage, out))
    out.print(_sentence(report, regions))
    groups = _reasons(report["items"])
    for (state, reason), ids in list(groups.items())[:MAX_REASONS]:
        out.print(_line(state, reason, ids, out.width))
    if len(groups) > MAX_REASONS:
        out.print(Text(f"… and {len(groups) - MAX_REASONS} more reasons.", "dim"))
    if "truncated" in report:
        numbers = f"{len(report['items']):,} of {report['truncated']['items']:,}"
        out.print(Text(f"The function's report lists {numbers} interfaces; {ALL_OF_THEM}", "dim"))
    elif any(len(ids) > IDS_SHOWN for ids in groups.values()):
        out.print(Text(ALL_OF_THEM, "dim"))


def coverage_table(coverage: Sequence[Mapping[str, Any]], out: Console) -> Table:
    """A row for each VPC, or for each region where there are many VPCs or the row would not fit."""
    if len(coverage) <= MAX_ROWS:
        by_vpc = _rows(coverage, ("region", "vpc_id"))
        if out.measure(by_vpc).maximum <= out.width:
            return by_vpc
    regions = dict.fromkeys(row["region"] for row in coverage)
    return _rows([_sum(coverage, region) for region in regions], ("region",))


def _rows(rows: Sequence[Mapping[str, Any]], places: Sequence[str]) -> Table:
    """The numbers of some rows, without the states in which no interface is."""
    total = _sum(rows)
    numbers = [name for name in status.COLUMNS if total[name] or name in _ALWAYS]
    titles = {"region": "Region", "vpc_id": "VPC", "interfaces": "Total"}
    heads = [titles.get(name, name.capitalize()) for name in (*places, *numbers)]
    table = console.table("Coverage of interfaces", heads, numbers=heads[len(places) :])
    for row in rows:
        table.add_row(*(console.plain(row[place]) for place in places), *_cells(row, numbers))
    if len(rows) > 1:
        table.add_section()
        table.add_row("all", *[""] * (len(places) - 1), *_cells(total, numbers), style="bold")
    return table


def _cells(row: Mapping[str, Any], numbers: Sequence[str]) -> list[Text]:
    return [console.count(row[name], console.STYLES.get(name, "")) for name in numbers]


def _sum(rows: Sequence[Mapping[str, Any]], region: str = "") -> dict[str, Any]:
    """The numbers of all rows, or of a region's."""
    counted = [row for row in rows if region in ("", row["region"])]
    return {"region": region, **{name: sum(row[name] for row in counted) for name in status.COLUMNS}}


def _sentence(report: Mapping[str, Any], regions: str) -> Text:
    """The answer to the operator's question."""
    total = _sum(report["coverage"])
    if report.get("stopped"):
        return Text(f"Not known whether all is covered: {redact(report['stopped'])}.", "bold red")
    if not total["interfaces"]:
        return Text(f"No interfaces in {regions}.", "bold yellow")
    if verdict(report["coverage"]) is Exit.OK:
        return Text("All covered: every interface that can have a flow log has one that logs.", "bold green")
    parts = [_what(total, "missing", "interface", ("has", "have"), "no flow log: run `eni-flowlog backfill`")]
    parts += [_what(total, "broken", "flow log", ("logs", "log"), "nothing: run `eni-flowlog repair`")]
    parts += [_what(total, "differs", "flow log", ("is", "are"), "not as the settings say: see `eni-flowlog repair`")]
    return Text("Not all covered: " + " ".join(filter(None, parts)), "bold red")


def _what(total: Mapping[str, int], state: str, noun: str, verbs: tuple[str, str], rest: str) -> str:
    number = total[state]
    return f"{console.counted(number, noun)} {verbs[number != 1]} {rest}." if number else ""


def _reasons(items: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """The interfaces behind the numbers, by state and reason, but for those that are simply covered."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in items:
        state, reason = item.get("state", ""), item.get("reason", "")
        if state and (state != State.COVERED.value or reason):
            found[state, reason].append(item.get("interface_id", "?"))
    order = [*NOT_COVERED, *(state.value for state in State)]
    return dict(sorted(found.items(), key=lambda entry: (order.index(entry[0][0]), -len(entry[1]), entry[0][1])))


def _line(state: str, reason: str, ids: Sequence[str], width: int) -> Text:
    """A state's reason with the number of its interfaces and those of their ids that fit into a line, at least one."""
    heading = Text(state, console.STYLES[state]) + Text(f", {console.plain(reason)}" if reason else "", "default")
    heading += Text(f" ({len(ids):,}): ", "default")
    shown = list(ids[:IDS_SHOWN])
    while len(shown) > 1 and len(heading) + sum(len(each) + 2 for each in shown) > width:
        shown.pop()
    names = console.plain(", ".join(shown)) + (" …" if len(shown) < len(ids) else "")
    return heading + Text(names, "dim")
