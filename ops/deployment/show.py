"""A plan as a person reads it, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from ops.console import out, plain, table
from ops.deployment.part import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Sequence

_STYLES = {
    Verb.CREATE: "green",
    Verb.CHANGE: "yellow",
    Verb.DELETE: "red",
    Verb.NOTHING: "dim",
    Verb.CONFLICT: "bold red",
    Verb.KEEP: "cyan",
}


def show_plan(title: str, steps: Sequence[Step]) -> None:
    """Print a plan: a line a part, with its differences below it."""
    rows = table(title, ("What", "Name", "Plan", "Detail"), fold=("Name", "Detail"))
    for step in steps:
        rows.add_row(step.kind, plain(step.name), Text(step.verb.value, _STYLES[step.verb]), _detail(step))
    out().print(rows)


def as_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """A plan for `--json`: old is empty for what is added, new for what is taken away."""
    return [
        {
            "kind": step.kind,
            "name": step.name,
            "plan": step.verb.value,
            "changes": [{"what": change.what, "old": change.old, "new": change.new} for change in step.changes],
            "note": step.note,
        }
        for step in steps
    ]


def _detail(step: Step) -> Text:
    lines = [Text(plain(step.note))] if step.note else []
    for change in step.changes:
        line = Text(f"{change.what}: ")
        if not change.new:
            line.append(f"- {plain(change.old)}", "red")
        elif not change.old:
            line.append(f"+ {plain(change.new)}", "green")
        else:
            line.append(f"{plain(change.old)} → {plain(change.new)}")
        lines.append(line)
    return Text("\n").join(lines)
