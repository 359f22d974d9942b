"""What is left of a backfill: another invocation goes on with it, or a dead letter keeps it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler.cloud.api import SCF
from handler.errors import CloudError, failure_of
from handler.model import Command, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.commands.backfill import RegionRun
    from handler.invocation import Invocation

MAX_HOP = 10_000
"""Of the command's schema. A hop is counted for whoever reads it; what ends a chain is that it makes no progress."""


def go_on(command: Command, run: RegionRun, invocation: Invocation) -> None:
    """Invoke ourselves for what is left of a region, if this hop has made progress."""
    rest = rest_of(command, run)
    if not invocation.function_name:
        message = f"the time ran out with {run.left} interfaces of {run.inventory.region} left"
        invocation.report.stop(message)
        put_back(rest, Failure("stopped", "OutOfTime", message, retryable=True), invocation)
        return
    if not run.after and not run.made:
        message = f"no interface of {run.inventory.region} could be done within the time limit: the chain ends here"
        invocation.report.stop(message)
        invocation.give_up(rest, Failure("stopped", "NoProgress", message, retryable=True), run.inventory.region)
        return
    try:
        _invoke(rest, invocation)
    except CloudError as error:
        invocation.report.stop(f"the backfill could not invoke its next hop: {error.code}: {error.message}")
        invocation.give_up(rest, failure_of(error), run.inventory.region)
    else:
        invocation.report.continued = True


def rest_of(command: Command, run: RegionRun) -> Command:
    """What is left of one region."""
    rest: dict[str, Any] = {"hop": min(command.arguments.get("hop", 0) + 1, MAX_HOP)}
    if run.after:
        rest["after"] = run.after
    if "limit" in command.arguments:
        rest["limit"] = len(run.inventory.missing) - run.tried
    return for_region(command, run.inventory.region, rest)


def for_region(command: Command, region: str, changes: Mapping[str, Any]) -> Command:
    """The backfill of one region alone, from a backfill or a sweep; its part of a limit is one of the changes."""
    kept = {key: value for key, value in command.arguments.items() if key in ("vpc_ids", "dry_run", "after")}
    return Command("backfill", {"command": "backfill", **kept, "regions": [region], **changes}, command.history)


def _invoke(rest: Command, invocation: Invocation) -> None:
    """Invoke this function asynchronously (doc 583/17243); an asynchronous event may hold 128 KB."""
    params = {
        "FunctionName": invocation.function_name,
        "Namespace": invocation.namespace,
        "InvocationType": "Event",
        "ClientContext": json.dumps(rest.arguments),
    }
    # Half of what is left for letters: one that says that this failed must still be sent, and other regions go on too.
    api = invocation.within(invocation.budget.to_report().share(0.5)).api
    # Invoked again when only its answer was lost, the chain would fork.
    api.call(SCF, "Invoke", invocation.settings.region, params, again_when_lost=False)


def put_back(rest: Command, failure: Failure, invocation: Invocation) -> None:
    """A redriven command's record will be deleted, and only that names what is left: it gets another."""
    if rest.history:
        invocation.give_up(rest, failure)
