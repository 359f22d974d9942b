"""A plan as a person reads it, and as JSON."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from ops.console import out, plain, say, table, write_json
from ops.deployment.step import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ops.deployment.plan import Plan

_STYLES = {
    Verb.CREATE: "green",
    Verb.CHANGE: "yellow",
    Verb.DELETE: "red",
    Verb.NOTHING: "dim",
    Verb.CONFLICT: "bold red",
    Verb.KEEP: "cyan",
    Verb.FOUND: "dim",
    Verb.MISSING: "bold yellow",
    Verb.UNKNOWN: "yellow",
}
_DONE = {Verb.CREATE: "created", Verb.CHANGE: "changed", Verb.DELETE: "deleted"}


@contextmanager
def shown(plan: Plan, title: str, *, dry_run: bool, as_json: bool) -> Iterator[dict[str, Any]]:
    """Show a plan to a person before the block, or as JSON after it, whether the block fails or not.

    Yields:
        The JSON document, for the block to say what more there is, and whether the plan was `applied` to its end.
    """
    document = {"dry_run": dry_run, "applied": False, "steps": listed(plan.lines)}
    if not as_json:
        show_plan(title, plan.lines)
    try:
        yield document
    finally:
        if as_json:
            write_json(document)


def say_done(step: Step) -> None:
    """Say that a step is done."""
    say(f"{step.kind} {step.name}: {_DONE[step.verb]}", "green")


def show_plan(title: str, steps: Sequence[Step]) -> None:
    """Print a plan: a line a part, with its differences below it."""
    rows = table(title, ("What", "Name", "Plan", "Detail"), fold=("Name", "Detail"))
    for step in steps:
        rows.add_row(step.kind, plain(step.name), Text(step.verb.value, _STYLES[step.verb]), _detail(step))
    out().print(rows)


def listed(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """A plan for `--json`: old is empty for what is added, new for what is taken away."""
    fields = [asdict(step) for step in steps]
    return [{"kind": each["kind"], "name": each["name"], "plan": each.pop("verb").value, **each} for each in fields]


def _detail(step: Step) -> Text:
    lines = [Text(plain(text)) for text in (step.detail, step.note) if text]
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
