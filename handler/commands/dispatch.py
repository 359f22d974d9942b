"""Which code runs a command. `ensure` is none: it is read as interfaces, like an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.commands import backfill, redrive, repair, status, sweep
from handler.errors import attempted

if TYPE_CHECKING:
    from handler.invocation import Invocation
    from handler.model import Command


def run(command: Command, invocation: Invocation) -> None:
    """Run a command; one that fails or cannot be finished becomes a dead letter."""
    _or_letter(command, invocation, again=False)


def run_again(command: Command, invocation: Invocation) -> None:
    """Run a command that lay on the queue: of a sweep only what comes after its redrive, which is under way."""
    _or_letter(command, invocation, again=True)


def _or_letter(command: Command, invocation: Invocation, *, again: bool) -> None:
    failure = attempted(lambda: _run(command, invocation, again=again))
    if failure:
        invocation.give_up(command, failure)


def _run(command: Command, invocation: Invocation, *, again: bool) -> None:
    if command.name == "backfill":
        backfill.run(command, invocation)
    elif command.name == "status":
        status.run(command, invocation)
    elif command.name == "repair":
        repair.run(command, invocation)
    elif command.name == "redrive":
        redrive.run(command, invocation, run_again)
    elif again:
        sweep.cover(invocation)
    else:
        sweep.run(command, invocation, run_again)
