"""`eni-flowlog status`: is every interface covered, and if not, why not?"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handler.commands import status
from handler.model import State
from handler.redaction import redact
from ops import console, options, session
from ops.coverage.arrivals import look
from ops.coverage.cost import estimate, read_prices
from ops.coverage.lines import Lines, verdict, whole_report, write_csv
from ops.coverage.screen import show_coverage
from ops.errors import Exit, OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from handler.commands.inventory import Inventory
    from handler.commands.survey import Survey

AsHtml = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Also write a page for an auditor, whole in one file.")
]
WithArrivals = Annotated[
    bool,
    typer.Option("--arrivals", help="Also ask CLS whether records arrive: a flow log that writes none is broken."),
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print a line for each interface, as CSV on the standard output.")]


def status_command(
    *,
    regions: options.Regions = None,
    settings_of: options.Settings = "function",
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    as_json: options.AsJson = False,
    as_csv: AsCsv = False,
    html: AsHtml = None,
    prices: options.Prices = None,
    with_arrivals: WithArrivals = False,
    since: options.Since = "1h",
) -> None:
    """Say whether every interface has its flow log, per region and VPC, and if not, why not.

    Changes nothing. An interface is *covered*, or its flow log *differs* from the settings (another topic or traffic
    type) or is *broken* (it logs nothing: disabled, or its topic is deleted), or it is *missing* (it should have a
    flow log and has none), *unsupported* (its instance's model takes none), *waiting* (it is not attached to an
    instance, and so cannot have one yet) or *excluded* (by FLOWLOG_RULES). The table names a few interfaces for each
    reason; --csv and --json have a line for each interface.

    Exit code 0 when nothing is missing, differs or is broken; 3 when something is; 1 when a region that holds
    interfaces could not be listed, or is left out.

    For example:

        eni-flowlog status --region ap-guangzhou --region ap-shanghai --csv > coverage.csv

        eni-flowlog status --json | jq '.items[] | select(.state == "missing")'
    """
    if as_json and as_csv:
        raise typer.BadParameter("give either --json or --csv, not both")
    period, table = timedelta(seconds=options.seconds_of(since)), read_prices(prices)
    run = session.start(profile=profile, function_region=function_region, settings_of=settings_of, regions=regions)
    lines = Lines(run.account_id)
    whole = run.survey({"regions": regions}, lines.add, for_status=True)
    lines.drop(whole.failures)
    if with_arrivals:
        whole.inventories = look_for_arrivals(run, lines, whole.inventories, period)
    status.report_coverage(whole, run.invocation)
    report = whole_report(run.report.as_dict(), lines.sorted())
    if html:
        costs = estimate(run.cloud, (found for found, _ in lines.found), whole, run.settings, table)
        write_page(html, report, run, whole, costs)
    raise typer.Exit(show(report, whole.where, as_json=as_json, as_csv=as_csv))


def show(report: Mapping[str, Any], regions: str, *, as_json: bool, as_csv: bool) -> Exit:
    """Print the report in the form that was asked for, and say how the command ends.

    Args:
        report: whole, with `coverage`.
        regions: those that were listed, in words.
        as_json: for programs.
        as_csv: for a spreadsheet.
    """
    if as_json:
        console.write_json(report)
    elif as_csv:
        write_csv(report["items"])
    else:
        show_coverage(report, regions)
    return Exit.FAILED if report.get("stopped") else verdict(report["coverage"])


def look_for_arrivals(
    run: session.Session, lines: Lines, inventories: Sequence[Inventory], period: timedelta
) -> list[Inventory]:
    """Find out what arrives of each covered interface, and say of which topics that is not known.

    Returns:
        The inventories as they are with that.
    """
    covered = [found for found, _ in lines.found if found.state in (State.COVERED, State.DIFFERS)]
    with console.working("Looking for what arrives in CLS"):
        arrivals = look(run.cloud, covered, period)
    for problem in arrivals.problems:
        console.say(problem, "red")
        run.report.stop(problem)
    return lines.judge(arrivals, inventories)


def write_page(
    file: Path, report: Mapping[str, Any], run: session.Session, whole: Survey, costs: Sequence[str]
) -> None:
    """Write the page for the auditor.

    Args:
        file: where; what stands there is replaced.
        report: whole, as `--json` prints it.
        run: whose settings the interfaces were held against.
        whole: what was listed, and what could not be.
        costs: what the flow logs to come will cost.

    Raises:
        OperatorError: the file cannot be written.
    """
    from ops.coverage import page  # noqa: PLC0415 - the templates' library is for this option alone

    evidence = page.Evidence(
        account=run.account_id,
        taken_at=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC"),
        covered=bool(report["items"]) and not report.get("stopped") and verdict(report["coverage"]) is Exit.OK,
        settings=redact(dict(sorted(run.source.settings.items()))),
        scope=[each.region for each in whole.inventories],
        unlisted={region: f"{each.code}: {each.message}" for region, each in sorted(whole.failures.items())},
        coverage=report["coverage"],
        interfaces=report["items"],
        notes=[run.source.said, *run.source.differences, *costs],
    )
    try:
        file.write_text(page.render(evidence), encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{file} cannot be written ({error.strerror}): name another file with --html.") from None
    console.say(f"{file}: the page for the auditor.")
