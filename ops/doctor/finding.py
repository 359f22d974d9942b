"""What a check of `doctor` says of one thing that it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ops.deployment.step import Verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.deployment.part import Part

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


def planned(part: Part, fine: str) -> Iterator[Finding]:
    """What deploy would say of a part, as findings; `fine` where it has nothing to do."""
    step = part.plan()
    if step.note:
        yield Finding(part.kind, State.FAIL if step.verb is Verb.CONFLICT else State.WARN, step.note)
    elif step.verb is Verb.NOTHING:
        yield Finding(part.kind, State.OK, fine)
    if step.verb is Verb.CREATE:
        yield Finding(part.kind, State.FAIL, f"there is no {part.kind} {step.name}", DEPLOY)
    for change in step.changes if step.verb is Verb.CHANGE else ():
        what = f"{change.what}: {change.old or 'empty'}, not {change.new or 'empty'}"
        yield Finding(part.kind, State.FAIL, what, DEPLOY)
