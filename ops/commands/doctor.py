"""`eni-flowlog doctor`: what is wrong with a deployment or an account, as a table or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import typer
from rich.text import Text

from handler.log import redact
from ops import console, options
from ops.commands.deploy import DEFAULT_CONFIG, Config
from ops.deployment.assembly import open_deployment
from ops.doctor.examine import examine
from ops.doctor.finding import Finding, State
from ops.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

_STYLES = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red"}


def doctor_command(
    config_file: Config = DEFAULT_CONFIG,
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    *,
    json_wanted: options.AsJson = False,
) -> NoReturn:
    """Say what is wrong with a deployment or an account before it fails, and what to do about it.

    Looks at the keys, the role and each of its permissions, flow logs' own service role, the log topics, the queue,
    the function and its settings as deployed, the timer, the rule and its target, and has the function answer a
    `status` and read its queue. Changes nothing.

    Exit code 0 when nothing fails, 1 when something does; warnings do not count.

    For example:

        eni-flowlog doctor

        eni-flowlog doctor --json | jq '.findings[] | select(.state == "fail")'
    """
    deployment, cloud = open_deployment(config_file, profile=profile, region=function_region)
    with console.working("Looking at everything"):
        findings = examine(deployment, cloud)
    failed = [finding for finding in findings if finding.state is State.FAIL]
    if json_wanted:
        console.write_json({"healthy": not failed, "findings": [as_json(finding) for finding in findings]})
    else:
        _show(findings)
        worst = f"{len(failed)} of {len(findings)} findings are failures." if failed else "Nothing is wrong."
        console.out().print(Text(worst, "bold red" if failed else "bold green"))
    raise typer.Exit(Exit.FAILED if failed else Exit.OK)


def as_json(finding: Finding) -> dict[str, str]:
    """A finding for `--json`."""
    return {"check": finding.check, "state": finding.state.value, "what": finding.what, "todo": finding.todo}


def _show(findings: Sequence[Finding]) -> None:
    rows = console.table("", ("Check", "", "What", "What to do"), fold=("What", "What to do"))
    for finding in findings:
        state = Text(finding.state.value, _STYLES[finding.state])
        rows.add_row(finding.check, state, Text(console.plain(redact(finding.what))), Text(finding.todo))
    console.out().print(rows)
