"""The one door: `main_handler(event, context)`. Read it first, and follow the calls downward."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from handler.cover.batch import Batch
from handler.errors import EniFlowlogError, attempted, failure_of
from handler.intake import events
from handler.intake.record import request_ids
from handler.invocation import Invocation
from handler.log import logger
from handler.model import Command, Failure, Ignored, Interface, Invalid
from handler.redaction import without_own_keys

if TYPE_CHECKING:
    from handler.budget import Budget

LETTER_S = 0.005
"""What it takes to write one dead letter, in seconds: a big batch may fail as a whole."""
_LOGGED = ("calls", "command", "received", "outcomes", "continued", "stopped")


class InvocationFailed(Exception):
    """What the platform sees when an event could not be kept by us: one clear sentence, without secrets."""


def main_handler(event: Any, context: Any, budget: Budget | None = None) -> dict[str, Any]:
    """Give every interface that the event names a flow log (SCF's entry, doc 583/30228).

    Args:
        event: the payload of any trigger, of any JSON type; `events` reads it.
        context: SCF's dict; `time_limit_in_ms`, `request_id` and the function's name are used.
        budget: the time, where it is not the context's: SCF gives none, a caller with another clock does.

    Returns:
        The report, under `schemas/report.schema.json`.

    Raises:
        InvocationFailed: the settings are wrong, or the dead-letter queue could not be reached: the platform's own
            retry and native dead-letter queue keep the event.
    """
    try:
        return _handle(event, Invocation.start(os.environ, context if isinstance(context, dict) else {}, budget))
    except EniFlowlogError as error:
        message = str(error)
    except Exception as error:  # noqa: BLE001 - its text may hold secrets: the platform logs what is raised
        message = failure_of(error).message
    logger.error("invocation failed", extra={"error": message})
    # Not from the original, whose trace and text the platform would log too.
    raise InvocationFailed(without_own_keys(message)) from None


def _handle(event: Any, invocation: Invocation) -> dict[str, Any]:
    """Bring every item of the event to its outcome, then report."""
    items = events.items_of(events.read, event)
    run_interfaces([each for each in items if isinstance(each, Interface)], invocation)
    for item in items:
        if isinstance(item, (Ignored, Invalid)):
            invocation.dismiss(item)
        elif isinstance(item, Command):
            from handler.commands import dispatch  # noqa: PLC0415 - not on the path of an event

            dispatch.run(item, invocation)
    report = invocation.report.as_dict()
    commands = ",".join(each.name for each in items if isinstance(each, Command))
    calls = attempted(lambda: request_ids(event))
    heard = {"calls": [] if isinstance(calls, Failure) else calls, "command": commands, **report}
    logger.info("report", extra={key: heard[key] for key in _LOGGED if key in heard})
    invocation.letters.raise_if_unsent()
    return report


def run_interfaces(interfaces: list[Interface], invocation: Invocation) -> None:
    """Bring interfaces to their outcomes, and each failure to the queue."""
    invocation = invocation.within(invocation.budget.keeping(len(interfaces) * LETTER_S))
    batch = Batch(invocation.vpc())
    for done in batch.run(interfaces):
        for interface, result in done:
            invocation.record(interface, result)
