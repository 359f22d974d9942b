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


def run(command: Command, invocation: Invocation, *, again: bool = False) -> None:
    """Run a command, `again` if it lay on the queue; one that fails or cannot be finished becomes a dead letter."""
    failure = attempted(lambda: _run(command, invocation, again=again))
    if failure:
        invocation.give_up(command, failure)


def run_again(command: Command, invocation: Invocation) -> None:
    """Run a command that lay on the queue: of a sweep only what comes after its redrive, which is under way."""
    run(command, invocation, again=True)


def _run(command: Command, invocation: Invocation, *, again: bool) -> None:
    if command.name == "backfill":
        backfill.run(command, invocation)
    elif command.name == "status":
        status.run(command, invocation)
    elif command.name == "repair":
        repair.run(command, invocation)
    elif command.name == "redrive":
        redrive.run(command, invocation, run_again)
    else:  # a sweep: redrive what lies on the queue, then cover what is missing
        if not again:
            redrive.run(command, invocation.within(invocation.budget.share(REDRIVE_SHARE)), run_again)
        backfill.run(backfill.SWEEP, invocation)
