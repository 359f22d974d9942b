"""`eni-flowlog deploy`: makes the function and all around it, or brings them to what serverless.yml says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops import options  # noqa: TC001 - Typer reads the annotations
from ops.console import ask, say, working, write_json
from ops.deployment import preflight
from ops.deployment.function import Code, Zip
from ops.deployment.part import Resource, Step, Verb, carry_out
from ops.deployment.parts import all_parts, open_deployment
from ops.deployment.show import as_json, show_plan
from ops.errors import Exit, OperatorError
from ops.packaging import package as packaging
from ops.packaging.dependencies import PackageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.config import Deployment
    from ops.deployment.cloud import Cloud
    from ops.packaging.package import Package

Config = Annotated[
    Path, typer.Option("--config", metavar="FILE", help="The serverless.yml that says what there should be.")
]
DEFAULT_CONFIG = Path("serverless.yml")


def deploy_command(  # noqa: PLR0913 - a command's options are its arguments
    config_file: Config = DEFAULT_CONFIG,
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    *,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    json_wanted: options.AsJson = False,
    package: Annotated[
        Path | None,
        typer.Option(
            "--package",
            metavar="ZIP",
            exists=True,
            dir_okay=False,
            help="Deploy this zip, as `eni-flowlog package` built it, instead of building one.",
            show_default=False,
        ),
    ] = None,
    without_bytecode: Annotated[
        bool, typer.Option("--without-bytecode", help="Build the package without a Python 3.10; starts are slower.")
    ] = False,
) -> None:
    """Make the function and all around it, or bring them to what serverless.yml says.

    Shows the plan first: the role and its policy, the queue, the function, its timer, the EventBridge rule and its
    target, each to be created, changed or left alone. A second run changes nothing; a run that broke off is completed
    by the next. What has one of these names and was not made by eni-flowlog is never changed: then nothing is done.

    For example:

        eni-flowlog deploy --dry-run

        eni-flowlog deploy --package .build/function.zip --yes --json
    """
    deployment, cloud = open_deployment(config_file, profile=profile, region=function_region)
    preflight.check(deployment, package)
    with working("Building the package"):
        code: Code = Zip(package) if package else build_package(bytecode=not without_bytecode)
    with working("Looking at what is there"):
        parts, steps = plan(deployment, cloud, code)
    if not json_wanted:
        show_plan(f"{deployment.name} in {deployment.region}, account {cloud.uin}", steps)
    applied = False
    try:
        refuse_conflicts(steps)
        remarks = [f"{step.kind} {step.name}: {step.note}." for step in steps if step.note]
        for remark in remarks:
            say(remark, "yellow")
        if not any(step.writes for step in steps):
            say("Nothing else to do." if remarks else "Nothing to do: all is as serverless.yml says.")
        elif not dry_run:
            ask(f"Do this in account {cloud.uin}?", yes=yes)
            carry_out(parts, steps, Resource.apply, done)
            applied = True
            say("Deployed. `eni-flowlog doctor` checks it; `eni-flowlog backfill` covers what was there before.")
    finally:
        if json_wanted:
            write_json({"dry_run": dry_run, "applied": applied, "steps": as_json(steps)})


def plan(deployment: Deployment, cloud: Cloud, code: Code) -> tuple[list[Resource], list[Step]]:
    """The parts of a deployment and what deploy would do to each.

    Raises:
        OperatorError: the package cannot be uploaded.
        CloudError: the account could not be looked at.
    """
    preflight.check_package(code.archive, deployment.handler)
    parts = all_parts(deployment, cloud, code)
    return parts, [part.plan() for part in parts]


def deploy(
    deployment: Deployment, cloud: Cloud, code: Code, tell: Callable[[Step], None] = lambda _: None
) -> list[Step]:
    """Deploy without asking, for tests and the demo.

    Returns:
        The plan that was carried out.

    Raises:
        OperatorError: a part is not ours, or a step failed.
    """
    parts, steps = plan(deployment, cloud, code)
    refuse_conflicts(steps)
    carry_out(parts, steps, Resource.apply, tell)
    return steps


def refuse_conflicts(steps: Sequence[Step]) -> None:
    """Go no further when a part cannot be made ours.

    Raises:
        OperatorError: names each such part.
    """
    conflicts = [f"{step.kind} {step.name}: {step.note}" for step in steps if step.verb is Verb.CONFLICT]
    if conflicts:
        raise OperatorError(
            "Nothing was done. " + "; ".join(conflicts) + ". Choose another name in serverless.yml, or, if it is "
            "yours to give, mark it as eni-flowlog's (docs/deploy.md) and deploy again."
        )


def build_package(*, bytecode: bool = True) -> Package:
    """Build the package.

    Raises:
        OperatorError: it cannot be built.
    """
    try:
        return packaging.build(bytecode=bytecode)
    except packaging.PythonMissingError as error:
        raise OperatorError(str(error), Exit.NO_PYTHON) from None
    except PackageError as error:
        raise OperatorError(str(error)) from None


def done(step: Step) -> None:
    """Say that a step is done."""
    say(f"{step.kind} {step.name}: {_DONE[step.verb]}", "green")


_DONE = {Verb.CREATE: "created", Verb.CHANGE: "changed", Verb.DELETE: "deleted"}
