"""What a command does: backfill, redrive, sweep, status. `ensure` is read as interfaces, like an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.commands import backfill, redrive
from handler.errors import QueueError

if TYPE_CHECKING:
    from handler.invocation import Invocation
    from handler.model import Command

REDRIVE_SHARE = 0.5
"""The part of a sweep's time that its redrive may take."""


def run(command: Command, invocation: Invocation) -> None:
    """Run a command; what cannot be finished becomes a dead letter, or fails the invocation."""
    {"backfill": backfill.backfill, "status": backfill.status, "redrive": _redrive, "sweep": _sweep}[command.name](
        command, invocation
    )


def _redrive(command: Command, invocation: Invocation) -> None:
    try:
        redrive.redrive(command.arguments, invocation, run)
    except QueueError as error:
        # A letter about the queue cannot be put on the queue: the report says it.
        invocation.report.stop(f"the queue {invocation.queue.name} could not be read: {error}")


def _sweep(command: Command, invocation: Invocation) -> None:
    _redrive(command, invocation.within(invocation.budget.share(REDRIVE_SHARE)))
    backfill.backfill(command, invocation)
