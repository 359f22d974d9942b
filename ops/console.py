"""What a person sees: tables, one-line summaries, progress. All text from outside is shown as plain characters."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from handler.redaction import without_own_keys
from ops.errors import Exit, OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SHOWN_ROWS = 20
"""More failures or interfaces than this are counted, not listed; `--json` lists up to 1,000."""
_PIPE_WIDTH = 120
_SAY_EVERY_S = 10.0
_TICK_S = 0.02
"""Some machines' clocks show no shorter time."""
_DAY_H = 24

STYLES = {
    "created": "green",
    "covered": "green",
    "planned": "cyan",
    "waiting": "yellow",
    "skipped": "dim",
    "gone": "dim",
    "ignored": "dim",
    "dead_lettered": "red",
    "missing": "red",
    "impaired": "magenta",
    "differs": "magenta",
    "broken": "red",
    "repaired": "green",
    "unsupported": "dim",
    "excluded": "dim",
}


def out() -> Console:
    """The standard output, for what was asked for."""
    return Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, highlight=False)


def err() -> Console:
    """The standard error, for everything else: questions, progress, faults."""
    return Console(stderr=True, width=None if sys.stderr.isatty() else _PIPE_WIDTH, highlight=False)


def plain(value: object) -> str:
    """Text from outside without our keys and control characters: a dead letter must not steer the terminal."""
    return "".join(each if each.isprintable() else " " for each in without_own_keys(str(value)))


def say(message: str, style: str = "") -> None:
    """Say a sentence on the standard error."""
    err().print(Text(without_own_keys(message), style), soft_wrap=not sys.stderr.isatty())


def write_json(value: Any) -> None:
    """Write a value to the standard output as JSON; what is foreign in it has been redacted where it was read."""
    print(without_own_keys(json.dumps(value, indent=2)))


def ask(question: str, *, yes: bool) -> None:
    """Go on only if the person agrees.

    Args:
        question: what will be done, to be answered with y or n.
        yes: `--yes` was given: do not ask.

    Raises:
        OperatorError: declined, or there is no terminal to ask at.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise OperatorError("There is no terminal to ask at: give --yes to go on without a question.", Exit.USAGE)
    try:
        answer = err().input(Text(f"{question} [y/N] "))
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise OperatorError("Declined: nothing was done.")


def table(title: str, columns: Sequence[str], *, numbers: Sequence[str] = (), fold: Sequence[str] = ()) -> Table:
    """An empty table; the columns `numbers` are aligned to the right, those of `fold` may take several lines."""
    made = Table(
        title=Text(title, "bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    for column in columns:
        made.add_column(
            column,
            justify="right" if column in numbers else "left",
            no_wrap=column not in fold,
            overflow="fold" if column in fold else "ellipsis",
        )
    return made


def duration(seconds: float) -> str:
    """A time as a person says it, such as "3 min 20 s"."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours >= 2 * _DAY_H:
        return f"{hours // _DAY_H:,} days"
    if hours:
        return f"{hours} h {minute} min"
    if minutes:
        return f"{minutes} min {second} s"
    return f"{second} s" if second else "under a second"


def counted(number: int, what: str) -> str:
    """A number and its noun, such as "1 interface" or "2,000 interfaces"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def summary(outcomes: Mapping[str, int]) -> Text:
    """The outcomes that are not zero, on one line."""
    found = [(name, number) for name, number in outcomes.items() if number]
    parts = [Text(f"{number:,} {name.replace('_', '-')}", STYLES.get(name, "")) for name, number in found]
    return Text(", ").join(parts) if parts else Text("nothing to do", "dim")


def show_report(report: Mapping[str, Any], *, listed: Sequence[str], as_json: bool) -> None:
    """Show a function's report, and say what has stopped it.

    Args:
        report: under `schemas/report.schema.json`.
        listed: the outcomes whose items a person sees one by one.
        as_json: for programs.
    """
    if as_json:
        write_json(report)
    else:
        _show_outcomes(report, listed)
    if report.get("stopped"):
        say(report["stopped"], "red")


def _show_outcomes(report: Mapping[str, Any], listed: Sequence[str]) -> None:
    console = out()
    console.print(summary(report["outcomes"]))
    items = [item for item in report["items"] if item["outcome"] in listed]
    if items:
        console.print(_items_table(items[:SHOWN_ROWS]))
        total = sum(report["outcomes"][outcome] for outcome in listed)
        left_out = total - min(len(items), SHOWN_ROWS)
        if left_out > 0:
            console.print(Text(f"… and {left_out:,} more; --json lists up to 1,000", "dim"))
    if report["continued"]:
        console.print("The function goes on by itself in another invocation.")


def _items_table(items: Sequence[Mapping[str, str]]) -> Table:
    """The items of a report, without columns that are empty."""
    titles = {"region": "Region", "interface_id": "Interface", "instance_id": "Instance", "flow_log_id": "Flow log"}
    titles["reason"] = "Reason"
    used = [name for name in titles if any(item.get(name) for item in items)]
    rows = table("", ("Outcome", *(titles[name] for name in used)), fold=("Reason",))
    for item in items:
        outcome = item["outcome"]
        cells = (Text(plain(item.get(name, ""))) for name in used)
        rows.add_row(Text(outcome.replace("_", "-"), STYLES.get(outcome, "")), *cells)
    return rows


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show how far a work of `total` steps is: with its rate and the time left, or, without a terminal, in lines.

    Yields:
        What to call after each step, with how many failures it brought.
    """
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        # Rich's own speed is that of the last steps: right for a long work, wild at its beginning.
        TextColumn("{task.fields[rate]}", style="cyan"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[failed]}", style="red"),
        console=err(),
        disable=not sys.stderr.isatty(),
        expand=True,
        speed_estimate_period=10,
    )
    task = bar.add_task(what, total=total, rate="", failed="")
    began = said = time.monotonic()
    done = failures = 0

    def step(failed: int) -> None:
        nonlocal said, done, failures
        done, failures, now = done + 1, failures + failed, time.monotonic()
        seconds = max(now - began, _TICK_S)
        bar.update(
            task,
            advance=1,
            rate=f"{done / seconds:.1f}/s",
            failed=f"{failures:,} failed" if failures else "",
        )
        if bar.disable and now - said >= _SAY_EVERY_S:
            said = now
            say(progress_line(what, done, total, failures, seconds))

    with bar:
        yield step


def progress_line(what: str, done: int, total: int | None, failures: int, seconds: float) -> str:
    """How far a work is, on one line."""
    rate = done / seconds
    parts = [f"{what}: {done:,}" + (f" of {total:,}" if total else ""), f"{rate:.1f} a second"]
    if total:
        parts.append(f"{duration((total - done) / rate)} left")
    if failures:
        parts.append(f"{failures:,} failed")
    return ", ".join(parts)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that something is being done, where there is a terminal."""
    # Where colours are forced, Rich takes a pipe for a terminal, and would fill a log with its spinner.
    with err().status(Text(f"{what} …")) if sys.stderr.isatty() else nullcontext():
        yield
