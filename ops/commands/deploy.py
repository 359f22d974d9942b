"""`eni-flowlog deploy`: makes the function and all around it, or brings them to what serverless.yml says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops import options
from ops.console import ask, say, working
from ops.deployment import backlog, preflight
from ops.deployment.assembly import open_deployment, plan_deployment
from ops.deployment.show import say_done, shown
from ops.doctor.arrivals import arrivals
from ops.doctor.case import Case
from ops.doctor.finding import State
from ops.doctor.function import elsewhere
from ops.packaging import package as packaging

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ops.deployment.cloud import Cloud
    from ops.deployment.plan import Plan
    from ops.doctor.finding import Finding

PackageFile = Annotated[
    Path | None,
    typer.Option(
        "--package",
        metavar="ZIP",
        exists=True,
        dir_okay=False,
        help="Deploy this zip, as `eni-flowlog package` built it, instead of building one.",
        show_default=False,
    ),
]
WithoutTimer = Annotated[
    bool,
    typer.Option(
        "--without-timer",
        help="Leave the sweep's timer off: only interfaces that are new get a flow log, until a backfill, or until "
        "deploy runs without this option.",
    ),
]


def deploy_command(
    config_file: options.ConfigFile = options.SERVERLESS_YML,
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    *,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    as_json: options.AsJson = False,
    package: PackageFile = None,
    without_bytecode: options.WithoutBytecode = False,
    without_timer: WithoutTimer = False,
) -> None:
    """Create the function and everything around it, or bring them in line with serverless.yml.

    Shows the plan first: where the log topics are; the role and its policy, the queue, the function, its timer, the
    EventBridge rule and its target, each to be created, changed or left alone; and before the first sweep, which
    interfaces it will cover. A second run changes nothing; a run that broke off is completed by the next. What has
    one of these names and was not made by eni-flowlog is never changed: then nothing is done.

    For example:

        eni-flowlog deploy --dry-run

        eni-flowlog deploy --without-timer

        eni-flowlog deploy --package .build/function.zip --yes --json
    """
    deployment, cloud = open_deployment(config_file, profile=profile, region=function_region)
    if without_timer:
        deployment = replace(deployment, timer=replace(deployment.timer, enabled=False))
    preflight.check(deployment, package, str(config_file))
    with working("Building the package"):
        archive = package or packaging.build(deployment.runtime, bytecode=not without_bytecode).archive
    with working("Looking at what is there"):
        plan = plan_deployment(deployment, cloud, archive)
    title = f"{deployment.name} in {deployment.region}, account {cloud.uin}"
    with shown(plan, title, dry_run=dry_run, as_json=as_json) as document:
        plan.refuse_conflicts()
        document.update(_say_what_to_know(plan, cloud, table=not as_json))
        if not plan.writes:
            say("Nothing else to do." if plan.remarks else "Nothing to do: all is as serverless.yml says.")
        elif not dry_run:
            _carry_out(plan, cloud, yes=yes)
            document["applied"] = True


def _say_what_to_know(plan: Plan, cloud: Cloud, *, table: bool) -> dict[str, object]:
    """Say what a person should know before the question.

    Returns:
        What of it `--json` shows besides the plan.
    """
    for remark in plan.remarks:
        say(remark, "yellow")
    if plan.first("function"):
        _say_findings(elsewhere(Case(plan.deployment, cloud)))
    if not plan.starts_sweeping:
        return {}
    with working("Counting the interfaces"):
        found = backlog.count(plan.deployment, cloud)
    backlog.show(found, table=table)
    return {"backlog": backlog.as_json(found)}


def _carry_out(plan: Plan, cloud: Cloud, *, yes: bool) -> None:
    ask(f"Do this in account {cloud.uin}?", yes=yes)
    plan.carry_out(say_done)
    say("Deployed. `eni-flowlog backfill` covers what was there before; `eni-flowlog doctor` then checks all of it.")
    with working("Looking for events"):
        found = list(arrivals(Case(plan.deployment, cloud)))
    _say_findings(found)


def _say_findings(found: Iterable[Finding]) -> None:
    """Say what doctor finds that is not as it should be, and what to do about it."""
    for finding in found:
        if finding.state is not State.OK:
            say(f"{finding.what[:1].upper()}{finding.what[1:]}. {finding.todo}", "yellow")
