"""What is left of a command in one region: another invocation goes on with it, or a dead letter keeps it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from handler.cloud.api import SCF
from handler.errors import CloudError, failure_of
from handler.model import Failure

if TYPE_CHECKING:
    from handler.invocation import Invocation
    from handler.model import Command

MAX_IDLE_HOPS = 3
"""So many hops one after the other that got nothing done end a chain."""


def go_on(rest: Command, number: int, invocation: Invocation, *, progress: bool) -> None:
    """Invoke ourselves for what is left of a command in one region, or keep it as a dead letter, and say so.

    Args:
        rest: what does the rest.
        number: how many interfaces are left.
        invocation: the one that ends.
        progress: whether it has got anything done.
    """
    left = f"{number} interfaces of {rest.region} left"
    if not invocation.function_name:
        message = f"the time ran out with {left}"
        invocation.report.stop(message)
        if rest.history:  # its record will be deleted, and only that names what is left
            invocation.give_up(rest, Failure("stopped", "OutOfTime", message, retryable=True))
        return
    idle = 0 if progress else rest.arguments.get("hop", 0) + 1
    hop = {"hop": idle} if idle else {}
    command = replace(rest, arguments={key: each for key, each in rest.arguments.items() if key != "hop"} | hop)
    if idle >= MAX_IDLE_HOPS:
        message = f"{idle} invocations in a row got nothing done, with {left}: the chain ends here"
        invocation.report.stop(message)
        invocation.give_up(command, Failure("stopped", "NoProgress", message, retryable=True))
        return
    try:
        _invoke(command, invocation)
    except CloudError as error:
        invocation.report.stop(f"{command.name} could not invoke its next hop: {error.code}: {error.message}")
        invocation.give_up(command, failure_of(error))
    else:
        invocation.report.continued = True


def for_region(command: Command, region: str, **changes: str | int) -> Command:
    """The same command for one region alone; its place and its part of a limit are among the changes."""
    kept = {key: value for key, value in command.arguments.items() if key not in ("regions", "limit")}
    return replace(command, arguments={**kept, "regions": [region], **changes})


def rest_of(command: Command, region: str, after: str, left: int) -> Command:
    """What is left of a command in one region: behind the id `after`, where there is one, and so many at the most."""
    changes: dict[str, str | int] = {"after": after} if after else {}
    if "limit" in command.arguments:
        changes["limit"] = left
    return for_region(command, region, **changes)


def _invoke(command: Command, invocation: Invocation) -> None:
    """Invoke this function asynchronously (doc 583/17243); an asynchronous event may hold 128 KB."""
    params = {
        "FunctionName": invocation.function_name,
        "Namespace": invocation.namespace,
        "InvocationType": "Event",
        "ClientContext": json.dumps(command.arguments),
    }
    # Half of what is left for letters: one that says that this failed must still be sent, and other regions go on too.
    api = invocation.within(invocation.budget.to_report().share(0.5)).api
    # Invoked again when only its answer was lost, the chain would fork.
    api.call_unless_lost(SCF, "Invoke", invocation.settings.region, params)
