"""`eni-flowlog repair`: make flow logs good that log nothing or not as the settings say, with the operator's keys."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.text import Text

from handler.commands import repair, status
from handler.cover.cure import ENABLE, OFF, RECREATE, Wish
from handler.model import Outcome
from ops import console, options, session
from ops.errors import Exit

if TYPE_CHECKING:
    from rich.table import Table

    from handler.commands.survey import Survey
    from ops.session import Session


Modes = Annotated[
    Literal["enable", "recreate"] | None,
    typer.Option(
        "--mode",
        help="`enable` switches on what is disabled; `recreate` also deletes and makes anew what has lost its topic or "
        "differs. Without it: FLOWLOG_REPAIR, else enable.",
        show_default=False,
    ),
]
Everybodys = Annotated[bool, typer.Option("--all", help="Also flow logs that are not our own, by description or tags.")]


def repair_command(
    *,
    regions: options.Regions = None,
    vpc_ids: options.VpcIds = None,
    mode: Modes = None,
    everybodys: Everybodys = False,
    limit: options.Limit = None,
    settings_of: options.Settings = "function",
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    as_json: options.AsJson = False,
) -> None:
    """Repair flow logs that log nothing, or not as the settings say, on this machine and with your keys.

    Switching on what is disabled loses nothing. A flow log cannot be changed, so one that has lost its topic or
    differs is deleted and made anew (--mode recreate): its interface logs nothing for that moment. Only our own are
    touched, unless --all is given. It may be interrupted and started again at any time.

    For example:

        eni-flowlog repair --dry-run

        eni-flowlog repair --mode recreate --region ap-guangzhou
    """
    run = session.start(profile=profile, function_region=function_region, settings_of=settings_of, regions=regions)
    chosen = mode or run.settings.repair.replace(OFF, ENABLE)
    whole = run.survey({"regions": regions, "vpc_ids": vpc_ids, "limit": limit}, wish=Wish(chosen, everybodys))
    number = sum(len(each.cures) for each in whole.inventories)
    show = console.err() if as_json else console.out()
    show.print(plan_table(whole) if number else Text(_nothing(whole, chosen), "green"))
    if dry_run:
        repair.report_planned(whole, run.invocation)
    elif number:
        console.ask(question(whole), yes=yes)
        _mend(run, whole, number)
    status.report_others(whole, run.report, repair.REPORTED)
    raise typer.Exit(_finish(run, whole, dry_run=dry_run, as_json=as_json))


def plan_table(whole: Survey) -> Table:
    """What would be repaired where, and how."""
    rows = console.table("Plan", ("Region", "What is wrong", "What is done", "Flow logs"), numbers=("Flow logs",))
    for each in whole.inventories:
        found = Counter((cure.words, cure.said) for cure in each.cures)
        for (words, said), number in sorted(found.items()):
            rows.add_row(each.region, words, said, f"{number:,}")
        if each.cures_cut:
            rows.add_row(each.region, "as the above", "in the next run", f"{each.cures_cut:,}")
    return rows


def question(whole: Survey) -> str:
    """What is about to be done, as a question."""
    how = Counter(cure.how for each in whole.inventories for cure in each.cures)
    parts = [f"switch on {console.counted(how[ENABLE], 'flow log')}"] if how[ENABLE] else []
    if how[RECREATE]:
        parts.append(f"delete {console.counted(how[RECREATE], 'flow log')} and make them anew")
    return " and ".join(parts).capitalize() + "?"


def _nothing(whole: Survey, mode: str) -> str:
    """Why there is nothing to repair."""
    impaired = sum(each.impaired.total() for each in whole.inventories)
    if not impaired:
        return "Nothing to repair: every flow log logs as the settings say."
    more = "`--mode recreate` would touch more, and so would --all" if mode == ENABLE else "--all would touch more"
    are = "flow log is" if impaired == 1 else "flow logs are"
    return f"Nothing to repair within --mode {mode}; {impaired:,} {are} left as they are: {more}."


def _mend(run: Session, whole: Survey, number: int) -> None:
    """Do what the plan names, and take note of what stops it."""
    with run.settling("Repairing flow logs", number) as settle:
        done = repair.mend(run.invocation, whole, settle)
    run.say_ends(
        [f"{each.stopped}." for each in done if each.stopped],
        {each.inventory.region: each.left for each in done if not each.stopped},
    )


def _finish(run: Session, whole: Survey, *, dry_run: bool, as_json: bool) -> Exit:
    """Show the report and say how the command ended.

    Raises:
        OperatorError: what failed could not be put on the queue.
    """
    listed = ("planned",) if dry_run else ("repaired", "dead_lettered", "impaired")
    report = run.show_report(listed, as_json=as_json)
    left = report["outcomes"][Outcome.IMPAIRED.value] or report["outcomes"][Outcome.DEAD_LETTERED.value]
    return run.ending(whole, undone=bool(left) and not dry_run)
