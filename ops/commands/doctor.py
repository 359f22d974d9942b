"""`eni-flowlog doctor`: what is wrong with a deployment or an account, as a table or as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from handler.intake.cloudaudit import ACTIONS
from ops import console, options, session
from ops.deployment.assembly import open_deployment
from ops.deployment.cloud import EB_REGION
from ops.doctor import records
from ops.doctor.examine import examine
from ops.doctor.finding import State
from ops.doctor.mask import Mask
from ops.doctor.show import record_row, show_findings, show_records
from ops.errors import Exit, OperatorError
from ops.packaging import package as packaging

if TYPE_CHECKING:
    from pathlib import Path

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
    config_file: options.ConfigFile = options.SERVERLESS_YML,
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
        show_findings(findings)
    raise typer.Exit(Exit.FAILED if failed else Exit.OK)


def _archive(runtime: str) -> Path | str:
    """The package that this checkout makes, or why it cannot be made."""
    try:
        return packaging.build(runtime).archive
    except OperatorError as error:
        return str(error)


def _records(profile: str, region: str, *, mask: bool, as_json: bool) -> Exit:
    _, cloud = session.connect(profile=profile, function_region=region, fallback=EB_REGION)
    with console.working("Reading CloudAudit's records"):
        found = records.last(cloud)
    rows = [record_row(record) for record in found]
    rows = Mask()(rows) if mask else rows
    if as_json:
        console.write_json({"records": rows})
    elif rows:
        show_records(rows)
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
