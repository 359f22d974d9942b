"""The lines of a plan: what is to be done to a part, and what of it changes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Verb(str, Enum):
    """What a plan says of one part."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    NOTHING = "nothing to do"
    CONFLICT = "conflict"
    KEEP = "keep"
    FOUND = "found"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Change:
    """One difference: old is empty for what is added, new for what is taken away."""

    what: str
    old: str
    new: str


@dataclass(frozen=True)
class Step:
    """One line of a plan.

    Attributes:
        kind: of the part.
        name: of the part.
        verb: what is to be done to it.
        changes: what of it changes, or what it is made with.
        note: what the person should know of it, and perhaps do.
        detail: what is so, and nothing to worry about.
    """

    kind: str
    name: str
    verb: Verb
    changes: tuple[Change, ...] = ()
    note: str = ""
    detail: str = ""

    @property
    def writes(self) -> bool:
        """Whether carrying it out changes the cloud."""
        return self.verb in (Verb.CREATE, Verb.CHANGE, Verb.DELETE)


def changed(what: str, old: Any, new: Any) -> list[Change]:
    """The difference between two values, if there is one."""
    return [] if old == new else [Change(what, _text(old), _text(new))]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
