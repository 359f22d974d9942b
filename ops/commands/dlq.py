"""`eni-flowlog dlq`: what lies on the dead-letter queue, why, and how to run it again or throw it away."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from handler.commands import dispatch, redrive
from ops import console, options, session
from ops.deadletters import Depth, Record, depth, receive
from ops.errors import Exit, OperatorError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from ops.session import Session

IDS_SHOWN = 5
_SHORT = 8
_MESSAGE = 200

app = typer.Typer(
    name="dlq",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Look at the dead-letter queue, run its records again, or throw them away.\n\n"
    "Reading a record hides it from every other reader for the queue's visibility time-out: as `deploy` sets it, the "
    "function's own time limit of 300 seconds. These commands hand each other what they have read, so that `show`, "
    "`redrive` and `purge` can follow `list` at once.",
)


def _not_empty(value: Any) -> Any:
    """An id that is empty would be the beginning of every id."""
    if any(not each.strip() for each in ([value] if isinstance(value, str) else value or [])):
        raise typer.BadParameter("an id cannot be empty")
    return value


Ident = Annotated[str, typer.Argument(metavar="ID", help="The record's id, or its beginning.", callback=_not_empty)]
Idents = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID]...",
        help="Only these records, by id or its beginning.",
        show_default=False,
        callback=_not_empty,
    ),
]
Exhausted = Annotated[
    bool, typer.Option("--exhausted", help="Only records that have failed too often to be tried again.")
]
All = Annotated[bool, typer.Option("--all", help="All records.")]


@app.command("list")
def list_command(
    *,
    limit: options.Limit = None,
    settings_of: options.Settings = "function",
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    as_json: options.AsJson = False,
) -> None:
    """List the records: what failed, why, how often, and since when.

    They stay on the queue, hidden from the function for the queue's visibility time-out (300 seconds as `deploy` sets
    it), and can be shown, run again or purged from this machine at once. The queue keeps a record 12 hours at the
    most: its copy in the function's log stays.

    For example:

        eni-flowlog dlq list

        eni-flowlog dlq list --json | jq -r '.records[].error.code' | sort | uniq -c
    """
    run = session.start(profile=profile, function_region=function_region, settings_of=settings_of)
    records = _received(run, limit)
    left = depth(run)
    if as_json:
        rows = [each.as_dict() for each in records]
        console.write_json({"queue": run.queue.name, "hidden": left.hidden, "records": rows})
        return
    if records:
        console.out().print(_table(run.queue.name, records))
        if until := max(each.received.visible_at for each in records):
            console.say(
                f"Hidden from the function until {_clock(until)}; `eni-flowlog dlq show`, `redrive` and `purge` on "
                "this machine take them at once.",
                "dim",
            )
    elif not left.hidden:
        console.out().print(Text("No records.", "green"))
    _say_hidden(left)


@app.command("show")
def show_command(
    ident: Ident,
    *,
    settings_of: options.Settings = "function",
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    as_json: options.AsJson = False,
) -> None:
    """Show one record whole.

    For example:

        eni-flowlog dlq show 9c4b1c5e

        eni-flowlog dlq show 9c4b1c5e --json > record.json
    """
    run = session.start(profile=profile, function_region=function_region, settings_of=settings_of)
    found = {each.ident: each for each in _received(run) if each.ident.startswith(ident)}
    if not found:
        _say_hidden(depth(run))
        raise OperatorError(f"No record on the queue begins with {ident}: see `eni-flowlog dlq list`.")
    if len(found) > 1:
        raise OperatorError(f"{ident} is the beginning of several ids: {_some(list(found))}.")
    [record] = found.values()
    if not as_json:
        console.say(f"{record.what}: {record.error.code}: {record.error.message}")
    console.write_json(record.content)


@app.command("redrive")
def redrive_command(
    *,
    limit: options.Limit = None,
    settings_of: options.Settings = "function",
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    as_json: options.AsJson = False,
) -> None:
    """Run the records again, on this machine and with your keys.

    A record is deleted only after its own success. One that fails again is put back with its count raised; after
    five attempts it stays on the queue, marked as exhausted, and is not tried any more. Understands the function's
    own records and the platform's native messages. Exit code 3 when something failed again or is left.

    For example:

        eni-flowlog dlq redrive --dry-run

        eni-flowlog dlq redrive --limit 100 --yes
    """
    run = session.start(profile=profile, function_region=function_region, settings_of=settings_of)
    before = depth(run)
    if before.readable == 0:
        _nothing(run, before, as_json=as_json)
    if not dry_run:
        console.ask(f"Run {_how_many(before.readable, limit)} of {run.queue.name} again?", yes=yes)
    total = min(filter(None, (before.readable, limit)), default=None)
    with run.progress("Reading" if dry_run else "Running again", total):
        redrive.redrive({"limit": limit, "dry_run": dry_run}, run.invocation, dispatch.run)
    raise typer.Exit(_redriven(run, limit, dry_run=dry_run, as_json=as_json))


@app.command("purge")
def purge_command(
    idents: Idents = None,
    *,
    limit: options.Limit = None,
    settings_of: options.Settings = "function",
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    everything: All = False,
    exhausted: Exhausted = False,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    as_json: options.AsJson = False,
) -> None:
    """Delete records from the queue for good: some by their ids, those that are exhausted, or all of them.

    Asks first. With --json it prints what it has deleted, to be kept. The interfaces behind the records stay as they
    are: `eni-flowlog backfill` still finds those that have no flow log.

    For example:

        eni-flowlog dlq purge --exhausted

        eni-flowlog dlq purge 9c4b1c5e 0b0f8f34

        eni-flowlog dlq purge --all --yes --json > purged.json
    """
    if bool(idents) + exhausted + everything != 1:
        raise typer.BadParameter("say which records: their ids, --exhausted, or --all")
    run = session.start(profile=profile, function_region=function_region, settings_of=settings_of)
    before = depth(run)
    purged: list[Record] = []
    # What comes onto an empty queue from now on was not asked about, and stays.
    if before.readable != 0:
        if not dry_run:
            wanted = _wanted(idents, before, limit, exhausted=exhausted)
            console.ask(f"Delete {wanted} of {run.queue.name} for good?", yes=yes)
        purged = _purge(run, idents, limit, exhausted=exhausted, dry_run=dry_run)
    _show_purged(run, purged, dry_run=dry_run, as_json=as_json)
    if run.stop.asked:
        raise KeyboardInterrupt
    if idents and not purged:
        raise OperatorError(f"No record on {run.queue.name} begins with {_some(idents)}: see `eni-flowlog dlq list`.")


def _purge(
    run: Session, idents: Sequence[str] | None, limit: int | None, *, exhausted: bool, dry_run: bool
) -> list[Record]:
    """Delete what is wanted; a dry run only finds it."""
    purged: list[Record] = []
    beginnings = tuple(idents or [""])  # which is the beginning of every id
    with run.stop.on_interrupt(), console.working("Deleting records"):
        for records in receive(run, None if idents or exhausted else limit):
            chosen = [
                each for each in records if each.ident.startswith(beginnings) and (each.exhausted or not exhausted)
            ]
            chosen = chosen[: limit - len(purged) if limit else None]
            if chosen and not dry_run:
                run.queue.delete([each.received.handle for each in chosen])
            purged += chosen
            if limit and len(purged) >= limit:
                break
    return purged


def _received(run: Session, limit: int | None = None) -> list[Record]:
    with run.looking("Reading the queue"):
        return [each for records in receive(run, limit) for each in records]


def _clock(moment: float) -> str:
    """A time of day as the operator's clock shows it."""
    return datetime.fromtimestamp(moment).astimezone().strftime("%H:%M:%S")


def _table(queue: str, records: Sequence[Record]) -> Table:
    columns = ("Id", "Kind", "What", "Error", "Tries", "Age")
    title = f"{console.counted(len(records), 'record')} on {queue}"
    rows = console.table(title, columns, numbers=("Tries", "Age"), fold=("Error",))
    now = datetime.now(timezone.utc)
    for each in records:
        what = console.plain(each.what).replace(" ", "\n", 1)
        age = console.duration((now - each.since).total_seconds()) if each.since else "?"
        rows.add_row(console.plain(each.ident[:_SHORT]), each.kind, Text(what), _error(each), _tries(each), age)
    return rows


def _error(record: Record) -> Text:
    code, kind, message = (console.plain(each) for each in (record.error.code, record.error.kind, record.error.message))
    return Text(code, "red") + Text(f" {kind}", "dim") + Text(f"\n{message[:_MESSAGE]}", "default")


def _tries(record: Record) -> Text:
    tries = Text(str(record.attempts or "?"))
    return tries + Text("\nexhausted", "red") if record.exhausted else tries


def _say_hidden(left: Depth) -> None:
    if left.hidden:
        until = datetime.now(timezone.utc).timestamp() + left.visibility_s
        console.say(
            f"{console.counted(left.hidden, 'record')} of the queue hidden by another reader, such as the function: "
            f"until {_clock(until)} at the latest.",
            "yellow",
        )


def _nothing(run: Session, before: Depth, *, as_json: bool) -> None:
    """End the command: there is nothing that can be received now."""
    if as_json:
        console.write_json(run.report.as_dict())
    elif not before.hidden:
        console.out().print(Text("No records: nothing to run again.", "green"))
    _say_hidden(before)
    raise typer.Exit(Exit.UNCOVERED if before.hidden else Exit.OK)


def _how_many(number: int | None, limit: int | None) -> str:
    if limit and (number is None or limit < number):
        return f"up to {console.counted(limit, 'record')}"
    return "all records" if number is None else f"all {console.counted(number, 'record')}"


def _redriven(run: Session, limit: int | None, *, dry_run: bool, as_json: bool) -> Exit:
    """Show the report of a redrive and say how it ended.

    Raises:
        OperatorError: what failed again could not be put back.
    """
    report = run.show_report(("planned",) if dry_run else ("created", "covered", "dead_lettered"), as_json=as_json)
    after = Depth() if dry_run else depth(run)
    left = (after.readable or 0) + (after.hidden or 0)
    if left:
        console.say(f"{console.counted(left, 'record')} on the queue: see `eni-flowlog dlq list`.", "yellow")
    if run.stop.asked:
        return Exit.INTERRUPTED
    undone = report["outcomes"]["dead_lettered"] or (left and limit is None)
    return Exit.UNCOVERED if undone else Exit.OK


def _wanted(idents: Sequence[str] | None, before: Depth, limit: int | None, *, exhausted: bool) -> str:
    if not (idents or exhausted):
        return _how_many(before.readable, limit)
    which = f"the records that begin with {_some(idents)}" if idents else "the exhausted records"
    return which + (f", up to {limit:,}," if limit else "")


def _show_purged(run: Session, purged: Sequence[Record], *, dry_run: bool, as_json: bool) -> None:
    done = "would be deleted" if dry_run else "deleted"
    if as_json:
        rows = [each.as_dict() for each in purged]
        console.write_json({"queue": run.queue.name, "deleted": not dry_run, "records": rows})
    else:
        for each in purged[: console.SHOWN_ROWS]:
            print(console.plain(f"{done}: {each.ident}  {each.what}  {each.error.code}"))
        print(f"{console.counted(len(purged), 'record')} {done}.")
    _say_hidden(depth(run))


def _some(idents: Sequence[str]) -> str:
    shown = ", ".join(console.plain(each) for each in idents[:IDS_SHOWN])
    return shown + (f" and {len(idents) - IDS_SHOWN} more" if len(idents) > IDS_SHOWN else "")
