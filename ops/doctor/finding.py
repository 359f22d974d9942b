"""What a check of `doctor` says of one thing that it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

DEPLOY = "Run `eni-flowlog deploy`."
"""What to do about all that deploy makes or mends."""


class State(str, Enum):
    """How a finding counts: only `fail` makes the exit code 1."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: which check it is of.
        state: how it counts.
        what: what is so, in a sentence.
        todo: what to do about it; empty if nothing.
    """

    check: str
    state: State
    what: str
    todo: str = ""
