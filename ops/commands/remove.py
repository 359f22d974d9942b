"""`eni-flowlog remove`: takes away what deploy made, and nothing else."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ops import options
from ops.console import ask, counted, progress, say, working
from ops.deployment import flow_logs
from ops.deployment.assembly import open_deployment, plan_removal
from ops.deployment.show import say_done, shown
from ops.errors import OperatorError, explained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.deployment.cloud import Cloud
    from ops.deployment.flow_logs import FlowLog

WithFlowLogs = Annotated[
    bool,
    typer.Option(
        "--flow-logs",
        help="Delete the flow logs, too, in all of FLOWLOG_REGIONS: those whose description is "
        "FLOWLOG_DESCRIPTION, and no others.",
    ),
]


def remove_command(
    config_file: options.ConfigFile = options.SERVERLESS_YML,
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    *,
    with_flow_logs: WithFlowLogs = False,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    as_json: options.AsJson = False,
) -> None:
    """Take away what deploy made: the target, rule, timer, function, queue, policy and role.

    What has the same name and does not bear our mark is left alone. Flow logs stay, and go on writing to their topic,
    unless --flow-logs is given. Records on the dead-letter queue go with it: the plan says how many.

    For example:

        eni-flowlog remove --dry-run

        eni-flowlog remove --flow-logs
    """
    deployment, cloud = open_deployment(config_file, profile=profile, region=function_region)
    with working("Looking at what is there"):
        plan = plan_removal(deployment, cloud)
        regions = flow_logs.regions_of(deployment, cloud) if with_flow_logs else []
        logs = flow_logs.ours(deployment, cloud, regions)
    with shown(plan, f"To be removed from account {cloud.uin}", dry_run=dry_run, as_json=as_json) as document:
        document["flow_logs"] = [asdict(log) for log in logs]
        if with_flow_logs:
            say(f"Also {counted(len(logs), 'flow log')}; {counted(len(regions), 'region')} looked through.")
        if not (logs or plan.writes):
            say("Nothing to remove.")
        elif not dry_run:
            ask(f"Remove this from account {cloud.uin}?", yes=yes)
            plan.carry_out(say_done)
            delete_flow_logs(cloud, logs)
            document["applied"] = True


def delete_flow_logs(cloud: Cloud, logs: Sequence[FlowLog]) -> None:
    """Delete flow logs one after the other; one that fails does not stop the rest.

    Raises:
        OperatorError: some could not be deleted.
    """
    with progress("Deleting flow logs", len(logs)) as step:
        failures = []
        for error in flow_logs.delete(cloud, logs):
            failures += [error] if error else []
            step(bool(error))
    if failures:
        raise OperatorError(
            f"{len(failures)} of {counted(len(logs), 'flow log')} could not be deleted. The first: "
            f"{explained(failures[0])} The same command goes on from there."
        )
