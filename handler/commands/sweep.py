"""The command `sweep`, which the timer sends: redrive what lies on the queue, then cover what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.commands import backfill, redrive
from handler.model import Command

if TYPE_CHECKING:
    from handler.commands.redrive import RunCommand
    from handler.invocation import Invocation

REDRIVE_SHARE = 0.5
"""The part of a sweep's time that its redrive may take."""


def run(command: Command, invocation: Invocation, run_command: RunCommand) -> None:
    """Run the command `sweep`; `run_command` runs a command that lies on the queue."""
    redrive.run(command, invocation.within(invocation.budget.share(REDRIVE_SHARE)), run_command)
    cover(invocation)


def cover(invocation: Invocation) -> None:
    """Cover what is missing: a sweep but for its redrive."""
    backfill.run(Command("backfill", {"command": "backfill", backfill.OF_A_SWEEP: True}), invocation)
