"""Which code runs a command. `ensure` is none: it is read as interfaces, like an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.commands import backfill, redrive, repair, status
from handler.errors import attempted

if TYPE_CHECKING:
    from handler.invocation import Invocation
    from handler.model import Command

REDRIVE_SHARE = 0.5
"""The part of a sweep's time that its redrive may take."""
_RUNS_BY_ITSELF = {"backfill": backfill.run, "status": status.run, "repair": repair.run}


def run(command: Command, invocation: Invocation) -> None:
    """Run a command; one that fails or cannot be finished becomes a dead letter."""
    failure = attempted(lambda: _run(command, invocation))
    if failure:
        invocation.give_up(command, failure)


def _run(command: Command, invocation: Invocation) -> None:
    if command.name == "redrive":
        redrive.run(command, invocation, run)
    elif command.name == "sweep":  # redrive what lies on the queue, then cover what is missing
        redrive.run(command, invocation.within(invocation.budget.share(REDRIVE_SHARE)), run)
        backfill.run(backfill.SWEEP, invocation)
    else:
        _RUNS_BY_ITSELF[command.name](command, invocation)
