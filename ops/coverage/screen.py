"""The answer on one screen: the numbers by region and VPC, a sentence, and the first few interfaces for each reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from handler.commands import status
from handler.model import State
from ops import console
from ops.coverage.arrivals import WORDS
from ops.coverage.lines import NOT_COVERED, totals, verdict
from ops.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console
    from rich.table import Table

MAX_ROWS = 12
"""With more VPCs than this, the table has a row for each region."""
MAX_REASONS = 12
MAX_WIDER = 3
IDS_SHOWN = 5
ALL_OF_THEM = "`eni-flowlog status --csv` lists every interface with its reason, --json too."
_ALWAYS = ("interfaces", "covered", "missing")


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
    arrivals = Counter(item["arrival"] for item in report["items"] if item.get("arrival"))
    if arrivals:
        out.print(Text("Arrivals: " + ", ".join(_arrived(*each) for each in sorted(arrivals.items())), "dim"))
    groups = _reasons(report["items"])
    for (state, reason), ids in list(groups.items())[:MAX_REASONS]:
        out.print(_line(state, reason, ids, out.width))
    if len(groups) > MAX_REASONS:
        out.print(Text(f"… and {len(groups) - MAX_REASONS} more reasons.", "dim"))
    for wider in report.get("wider", ())[:MAX_WIDER]:
        out.print(Text(_wider(wider), "yellow"))
    if "truncated" in report:
        numbers = f"{len(report['items']):,} of {report['truncated']['items']:,}"
        out.print(Text(f"The function's report lists {numbers} interfaces; {ALL_OF_THEM}", "dim"))
    elif any(len(ids) > IDS_SHOWN for ids in groups.values()):
        out.print(Text(ALL_OF_THEM, "dim"))


def _arrived(word: str, number: int) -> str:
    return f"{number:,} {word}" if word in WORDS else f"{number:,} not judged: {word}"


def _wider(wider: Mapping[str, Any]) -> str:
    """An old flow log of a whole VPC or subnet."""
    place = f"{wider['resource_type']} {wider['resource_id']} in {wider['region']}"
    below = console.counted(wider["interfaces"], "interface")
    return f"{wider['flow_log_id']} is an old flow log of {place}: {below} below it may be collected and billed twice."


def coverage_table(coverage: Sequence[Mapping[str, Any]], out: Console) -> Table:
    """A row for each VPC, or for each region where there are many VPCs or the row would not fit."""
    if len(coverage) <= MAX_ROWS:
        by_vpc = _rows(coverage, ("region", "vpc_id"))
        if out.measure(by_vpc).maximum <= out.width:
            return by_vpc
    by_region: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in coverage:
        by_region[row["region"]].append(row)
    return _rows([{"region": region, **totals(rows)} for region, rows in by_region.items()], ("region",))


def _rows(rows: Sequence[Mapping[str, Any]], places: Sequence[str]) -> Table:
    """The numbers of some rows, without the states in which no interface is."""
    total = totals(rows)
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
    """A row's numbers: a zero is dim, so that the eye finds the others."""
    return [Text(f"{row[name]:,}", console.STYLES.get(name, "") if row[name] else "dim") for name in numbers]


def _sentence(report: Mapping[str, Any], regions: str) -> Text:
    """The answer to the operator's question."""
    total = totals(report["coverage"])
    unknown = f"Not known whether all is covered: {console.plain(report['stopped'])}." if report.get("stopped") else ""
    if verdict(report["coverage"]) is Exit.UNCOVERED:
        parts = [_what(total, "missing", "interface", ("has", "have"), "no flow log: run `eni-flowlog backfill`")]
        parts += [_what(total, "broken", "flow log", ("logs", "log"), "nothing: run `eni-flowlog repair`")]
        rest = "not as the settings say: see `eni-flowlog repair`"
        parts += [_what(total, "differs", "flow log", ("is", "are"), rest), unknown]
        return Text("Not all covered: " + " ".join(filter(None, parts)), "bold red")
    if unknown:
        return Text(unknown, "bold red")
    if not total["interfaces"]:
        return Text(f"No interfaces in {regions}.", "bold yellow")
    return Text("All covered: every interface that can have a flow log has one that logs.", "bold green")


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
