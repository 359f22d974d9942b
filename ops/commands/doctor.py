"""`eni-flowlog doctor`: what is wrong with a deployment or an account, as a table or as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.text import Text

from handler.intake.cloudaudit import ACTIONS
from ops import console, options, session
from ops.commands.deploy import DEFAULT_CONFIG, Config
from ops.deployment.assembly import open_deployment
from ops.deployment.cloud import EB_REGION
from ops.doctor import records
from ops.doctor.examine import examine
from ops.doctor.finding import Finding, State
from ops.doctor.mask import Mask
from ops.errors import Exit, OperatorError
from ops.packaging import package as packaging

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_FOLD = ("Action", "What it means")
_STYLES = {State.OK: "green", State.UNKNOWN: "cyan", State.WARN: "yellow", State.FAIL: "bold red"}


Records = Annotated[
    bool,
    typer.Option(
        "--records",
        help="Show the account's own last CloudAudit records of the rule's actions instead, redacted, and what the "
        "function understands of each.",
    ),
]
Masked = Annotated[
    bool,
    typer.Option("--mask", help="With --records: put other ids, addresses, names and account numbers in their place."),
]


def doctor_command(
    config_file: Config = DEFAULT_CONFIG,
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    *,
    with_records: Records = False,
    mask: Masked = False,
    as_json: options.AsJson = False,
) -> NoReturn:
    """Say what is wrong with a deployment or an account before it fails, and what to do about it.

    Looks at the keys, the role and each of its permissions, flow logs' own service role, the log topics, the queue,
    the function with its code and settings as deployed, the timer, the rule and its target, whether events arrive, and
    whether all is covered; has the function answer a `status` and read its queue. Changes nothing.

    Exit code 0 when nothing fails, 1 when something does; warnings and what cannot be told do not count. With
    --records: 1 when a record is not understood; please report it, with the output of --records --mask --json.

    For example:

        eni-flowlog doctor

        eni-flowlog doctor --json | jq '.findings[] | select(.state == "fail")'

        eni-flowlog doctor --records --mask --json > records.json
    """
    if mask and not with_records:
        raise typer.BadParameter("--mask goes with --records")
    if with_records:
        raise typer.Exit(_records(profile, function_region, mask=mask, as_json=as_json))
    deployment, cloud = open_deployment(config_file, profile=profile, region=function_region)
    with console.working("Looking at everything"):
        findings = examine(deployment, cloud, _archive(deployment.runtime))
    failed = any(finding.state is State.FAIL for finding in findings)
    if as_json:
        console.write_json({"healthy": not failed, "findings": [asdict(finding) for finding in findings]})
    else:
        _show(findings)
        console.out().print(_sum_up(findings))
    raise typer.Exit(Exit.FAILED if failed else Exit.OK)


def _archive(runtime: str) -> Path | str:
    """The package that this checkout makes, or why it cannot be made."""
    try:
        return packaging.build(runtime).archive
    except OperatorError as error:
        return str(error)


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


def _records(profile: str, region: str, *, mask: bool, as_json: bool) -> Exit:
    _, cloud = session.connect(profile=profile, function_region=region, fallback=EB_REGION)
    with console.working("Reading CloudAudit's records"):
        found = records.last(cloud)
    masked = Mask() if mask else None
    rows = [_record_row(record, masked) for record in found]
    if as_json:
        console.write_json({"records": rows})
    elif rows:
        _show_records(rows)
    wrong = sum(not record.understood for record in found)
    if wrong:
        console.say(
            f"{console.counted(wrong, 'record')} could not be read: please report it, with the output of "
            "`eni-flowlog doctor --records --mask --json`.",
            "red",
        )
    elif not found:
        console.say(f"No call of {', '.join(sorted(ACTIONS))} in the last {records.KEPT_DAYS} days.")
    return Exit.FAILED if wrong else Exit.OK


def _record_row(record: records.Record, mask: Mask | None) -> dict[str, Any]:
    row = {
        "time": datetime.fromtimestamp(record.seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "action": record.action,
        "region": record.region,
        "understood": record.understood,
        "meaning": record.meaning,
        "record": record.content,
    }
    return mask(row) if mask else row


def _show_records(rows: Sequence[dict[str, Any]]) -> None:
    shown = console.table("The last records of the rule's actions", ("Time", "Action", "", "What it means"), fold=_FOLD)
    for row in rows:
        state = Text("ok", "green") if row["understood"] else Text("fail", "bold red")
        shown.add_row(row["time"], row["action"], state, console.plain(row["meaning"]))
    console.out().print(shown)


def _show(findings: Sequence[Finding]) -> None:
    rows = console.table("", ("Check", "", "What", "What to do"), fold=("What", "What to do"))
    for finding in findings:
        state = Text(finding.state.value, _STYLES[finding.state])
        rows.add_row(finding.check, state, Text(console.plain(finding.what)), Text(finding.todo))
    console.out().print(rows)
