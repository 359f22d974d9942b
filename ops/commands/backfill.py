"""`eni-flowlog backfill`: the function's own backfill, run here with the operator's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from handler.commands import backfill, status
from handler.commands.creates import create
from handler.commands.inventory import IMPAIRED, Found
from ops import console, options, session
from ops.coverage.cost import estimate, read_prices
from ops.coverage.screen import coverage_table
from ops.errors import Exit

if TYPE_CHECKING:
    from handler.commands.survey import Survey
    from handler.settings import Settings
    from ops.session import Session

After = Annotated[
    str,
    options.unset(
        "--after", "ID", "Begin after this interface id, where a backfill that was stopped has left off.", "interfaceId"
    ),
]


def backfill_command(
    *,
    regions: options.Regions = None,
    vpc_ids: options.VpcIds = None,
    limit: options.Limit = None,
    after: After = "",
    prices: options.Prices = None,
    settings_of: options.Settings = "function",
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    as_json: options.AsJson = False,
) -> None:
    """Create a flow log for every interface that has none, on this machine and with your keys.

    Lists interfaces and flow logs, shows the plan with its time and cost, asks, and creates what is missing in order of
    interface id, at most FLOWLOG_CREATE_RATE a second and region. What fails goes to the dead-letter queue and does
    not stop the rest. It may be interrupted and started again at any time: the cloud's state is the checkpoint.

    For example:

        eni-flowlog backfill --dry-run

        eni-flowlog backfill --region ap-guangzhou --region ap-shanghai

        eni-flowlog backfill --vpc-id vpc-pq9vxykj --limit 10 --yes
    """
    run = session.start(profile=profile, function_region=function_region, settings_of=settings_of, regions=regions)
    table, listed = read_prices(prices), list[Found]()
    whole = run.survey({"regions": regions, "vpc_ids": vpc_ids, "limit": limit, "after": after}, listed.append)
    if dry_run:
        backfill.report_planned(whole, run.invocation)  # first: the report lists a bounded number
    status.report_others(whole, run.report)
    show = console.err() if as_json else console.out()
    show.print(coverage_table(status.coverage_rows(whole), show))
    show.print(effort(whole, run.settings))
    for sentence in estimate(run.cloud, listed, whole, run.settings, table):
        show.print(Text(sentence))
    if whole.missing and not dry_run:
        console.ask(f"Create {console.counted(whole.missing, 'flow log')}?", yes=yes)
        _create(run, whole)
    raise typer.Exit(_finish(run, whole, dry_run=dry_run, as_json=as_json))


def effort(whole: Survey, settings: Settings) -> Text:
    """How many calls the plan needs, and how long they take."""
    number = whole.missing
    if not any(each.coverage for each in whole.inventories):
        return Text(f"No interfaces in {whole.where}.", "yellow")
    if not number:
        return Text("Nothing to create: no interface that can have a flow log is without one.", "green")
    slowest = max(len(each.missing) for each in whole.inventories)
    regions = sum(bool(each.missing) for each in whole.inventories)
    where = f"{regions} regions side by side" if regions > 1 else "1 region"
    what = "ckafka" if settings.storage != "cls" else "CLS"
    time = console.duration(max(1.0, slowest / settings.create_rate))
    return Text(
        f"{console.counted(number, 'flow log')} to create ({settings.traffic_type} traffic, to {what}): "
        f"{console.counted(number, 'call')} in {where}, about {time} "
        f"at {settings.create_rate:g} a second and region."
    )


def _create(run: Session, whole: Survey) -> None:
    """Create what the plan names, and take note of what stops it."""
    with run.settling("Creating flow logs", whole.missing) as settle:
        done = create(run.invocation, whole, settle)
    run.say_ends(
        [f"{backfill.why_ended(each, each.cause)}." for each in done if each.cause],
        {each.inventory.region: len(each.undone) for each in done if not each.cause},
    )


def _finish(run: Session, whole: Survey, *, dry_run: bool, as_json: bool) -> Exit:
    """Show the report, say what to look at next, and how the command ended.

    Raises:
        OperatorError: what failed could not be put on the queue.
    """
    report = run.show_report(("planned",) if dry_run else ("dead_lettered", "skipped"), as_json=as_json)
    failed = report["outcomes"]["dead_lettered"]
    drifted = sum(each.total(*IMPAIRED) for each in whole.inventories)
    if drifted:
        are = "is" if drifted == 1 else "are"
        console.say(
            f"{console.counted(drifted, 'flow log')} {are} not as the settings say: see `eni-flowlog status`.", "yellow"
        )
    if failed:
        console.say(
            f"What failed is on the queue {run.queue.name}: see `eni-flowlog dlq list`; when the cause is gone, "
            "`eni-flowlog dlq redrive` runs it again.",
            "yellow",
        )
    return run.ending(whole, undone=bool(failed or (drifted and not dry_run)))
