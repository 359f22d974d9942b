"""Pacing under the documented limits: smooth, slow at once when throttled, back up step by step.

The recovery is CUBIC's (RFC 9438), as in botocore's adaptive retry: fast back to near the rate that was too much, then
a plateau there, then faster. Its constants are chosen so that a limit shared with somebody else is probed every ten to
twenty seconds, not every two.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BETA = 0.7  # what is left of the rate after a throttle
_SCALE = 0.001  # how fast it grows, in calls a second and second cubed
_EPOCH_S = 1.0  # throttles within one second are one sign: the limit counts by the second
_LOWEST = 0.5


class Pacer:
    """Spaces calls out evenly, at a rate that adapts. One for each API action and region; thread-safe."""

    def __init__(
        self, rate: float, monotonic: Callable[[], float] = time.monotonic, *, until_throttled: bool = False
    ) -> None:
        """Set the highest rate, in calls a second.

        Args:
            rate: never exceeded.
            monotonic: the clock.
            until_throttled: do not space anything out before the first throttle (an event's batch, not a sweep).
        """
        self._highest = rate
        self._monotonic = monotonic
        self._free = until_throttled
        self._lock = threading.Lock()
        self._next_turn = monotonic()
        self._rate_before = rate
        self._slowed_at: float | None = None
        self.throttles = 0

    @property
    def rate(self) -> float:
        """The rate now, in calls a second."""
        with self._lock:
            return self._rate(self._monotonic())

    def wait_turn(self, wait: Callable[[float], bool]) -> bool:
        """Wait until the next call may be sent; False where `wait` says that no time is left."""
        with self._lock:
            if self._free:
                return True
            now = self._monotonic()
            turn = max(self._next_turn, now - 1 / self._highest)
            self._next_turn = turn + 1 / self._rate(now)
        return turn <= now or wait(turn - now)

    def slow_down(self) -> None:
        """Take note of a throttle."""
        with self._lock:
            now = self._monotonic()
            self._free = False
            self.throttles += 1
            if self._slowed_at is not None and now - self._slowed_at < _EPOCH_S:
                return
            self._rate_before = self._rate(now)
            self._slowed_at = now
            self._next_turn = max(self._next_turn, now + 1 / self._rate(now))

    def _rate(self, now: float) -> float:
        if self._slowed_at is None:
            return self._highest
        to_plateau: float = (self._rate_before * (1 - _BETA) / _SCALE) ** (1 / 3)
        since = now - self._slowed_at
        return float(min(self._highest, max(_LOWEST, self._rate_before + _SCALE * (since - to_plateau) ** 3)))
