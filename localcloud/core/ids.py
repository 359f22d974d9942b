"""Ids in the platform's forms."""

from __future__ import annotations

import random
import re
import string
import uuid

_ALPHABET = string.ascii_lowercase + string.digits
_ID = re.compile(r"[a-z]+-[a-z0-9]{8}")


class Ids:
    """A source of ids, repeatable when seeded."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311  ids of a test double need no secrecy
        self._given: set[str] = set()

    def new(self, prefix: str) -> str:
        """Return an id that was never given before, such as `eni-1a2b3c4d`."""
        while True:
            value = f"{prefix}-{self.letters(8)}"
            if value not in self._given:
                self._given.add(value)
                return value

    def letters(self, length: int) -> str:
        """Return `length` lower-case letters and digits."""
        return "".join(self._random.choices(_ALPHABET, k=length))

    def uuid(self) -> str:
        """Return a UUID, the form of request ids and topics."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def has_form(value: str, prefix: str) -> bool:
    """Tell whether `value` is the prefix, a dash and eight lower-case letters or digits."""
    return value.startswith(f"{prefix}-") and _ID.fullmatch(value) is not None
