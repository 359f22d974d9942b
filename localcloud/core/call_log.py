"""The log of calls, and what is told to those who watch write calls."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.core.account import Caller
    from localcloud.core.errors import Refusal

KEPT = 200_000


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call that was understood so far as to name its action.

    Attributes:
        code: The error's code (a number as text for CMQ), or None for success.
        answered: Whether the client was sent the whole answer.
        time: The cloud's time of arrival, epoch seconds.
    """

    service: str
    action: str
    region: str
    params: dict[str, Any] = field(repr=False)
    caller: Caller
    code: str | None = None
    answered: bool = True
    time: float
    request_id: str


@dataclass(frozen=True, kw_only=True)
class WriteCall(Call):
    """A write call of the v3 API after its end, as CloudAudit would record it: `reply` or `error` is set."""

    version: str
    reply: dict[str, Any] | None
    error: Refusal | None
    source_ip: str
    http_method: str
    user_agent: str


class CallLog:
    """The last calls, oldest first. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[Call] = deque(maxlen=KEPT)

    def add(self, call: Call) -> None:
        """Append a call."""
        with self._lock:
            self._calls.append(call)

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._calls.clear()

    def __iter__(self) -> Iterator[Call]:
        with self._lock:
            return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def of(self, action: str, *, region: str | None = None) -> list[Call]:
        """Return the calls of one action, in one region if given."""
        return [call for call in self if call.action == action and region in (None, call.region)]

    def count(self, action: str | None = None, *, region: str | None = None, code: str | None = None) -> int:
        """Return how many calls there were, of an action, in a region, with an error code, as far as given."""
        return sum(
            action in (None, call.action) and region in (None, call.region) and code in (None, call.code)
            for call in self
        )

    def by_action(self) -> Counter[str]:
        """Return how many calls each action had."""
        return Counter(call.action for call in self)
