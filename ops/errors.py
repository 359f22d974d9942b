"""How a command of `eni-flowlog` ends: its exit codes, and the error that stops it with one clear sentence."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of all commands."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNCOVERED = 3
    NO_PYTHON = 4
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "done, and all that was asked for is covered; with --dry-run: it has said what would be done",
    Exit.FAILED: "it failed, or was declined; one sentence on the standard error says why, and what to do",
    Exit.USAGE: "wrong usage; nothing was done",
    Exit.UNCOVERED: "done, but not all is covered: interfaces without a flow log, flow logs that have drifted from the "
    "settings, or something that failed and is on the dead-letter queue",
    Exit.NO_PYTHON: "no Python 3.10 was found to build the package with",
    Exit.INTERRUPTED: "interrupted (Ctrl-C); what was done is done, and the same command goes on from there",
}

EPILOG = "**Exit codes**\n\n" + "\n".join(f"- {code.value}: {meaning}" for code, meaning in MEANINGS.items())
"""The exit codes as the help texts and docs/cli.md show them."""


class OperatorError(Exception):
    """A command cannot go on: what happened, to what, and what to do next, in whole sentences without secrets."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        """Take the message and the exit code."""
        super().__init__(message)
        self.code = code
