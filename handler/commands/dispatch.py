"""Which code runs a command. `ensure` is none: it is read as interfaces, like an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.commands import backfill, redrive, status, sweep

if TYPE_CHECKING:
    from handler.invocation import Invocation
    from handler.model import Command


def run(command: Command, invocation: Invocation) -> None:
    """Run a command; what cannot be finished becomes a dead letter, or fails the invocation."""
    if command.name == "backfill":
        backfill.run(command, invocation)
    elif command.name == "status":
        status.run(command, invocation)
    elif command.name == "redrive":
        redrive.run(command, invocation, run)
    else:
        sweep.run(command, invocation, run)
