"""Doctor's findings, and CloudAudit's records, as a person reads them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from rich.text import Text

from ops import console
from ops.doctor.finding import Finding, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.doctor.records import TrailRecord

_STYLES = {State.OK: "green", State.UNKNOWN: "cyan", State.WARN: "yellow", State.FAIL: "bold red"}


def show_findings(findings: Sequence[Finding]) -> None:
    """Print a line for each finding, and the answer in one sentence."""
    rows = console.table("", ("Check", "", "What", "What to do"), fold=("What", "What to do"))
    for finding in findings:
        state = Text(finding.state.value, _STYLES[finding.state])
        rows.add_row(finding.check, state, Text(console.plain(finding.what)), Text(finding.todo))
    console.out().print(rows)
    console.out().print(_sum_up(findings))


def _sum_up(findings: Sequence[Finding]) -> Text:
    """The answer in one sentence: green only where there is nothing to do and nothing that cannot be told."""
    counts = Counter(finding.state for finding in findings)
    if counts[State.FAIL]:
        return Text(
            f"{counts[State.FAIL]} of {len(findings)} checks failed; what to do stands beside each.", "bold red"
        )
    if not (counts[State.WARN] or counts[State.UNKNOWN]):
        return Text("Nothing is wrong.", "bold green")
    warnings, unknown = console.counted(counts[State.WARN], "warning"), console.counted(counts[State.UNKNOWN], "check")
    return Text(f"No check failed: {warnings}, and {unknown} without an answer.", "bold yellow")


def record_row(record: TrailRecord) -> dict[str, Any]:
    """A record as `--json` lists it."""
    return {
        "time": datetime.fromtimestamp(record.seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "action": record.action,
        "region": record.region,
        "understood": record.understood,
        "meaning": record.meaning,
        "record": record.content,
    }


def show_records(rows: Sequence[dict[str, Any]]) -> None:
    """Print a line for each record."""
    shown = console.table(
        "The last records of the rule's actions",
        ("Time", "Action", "", "What it means"),
        fold=("Action", "What it means"),
    )
    for row in rows:
        state = Text("ok", "green") if row["understood"] else Text("fail", "bold red")
        shown.add_row(row["time"], row["action"], state, console.plain(row["meaning"]))
    console.out().print(shown)
