"""Pacing under the documented limits: smooth, slow at once when throttled, back up step by step.

A throttle tells what the limit leaves to us: as many calls as were accepted within the last second. The recovery from
there is CUBIC's (RFC 9438), as in botocore's adaptive retry: back to near that rate, a plateau there, then faster. Its
constants are chosen so that a limit shared with somebody else is probed every ten to twenty seconds, not every two.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BETA = 0.8  # what is left of the accepted rate after a throttle
_SCALE = 0.001  # how fast it grows, in calls a second and second cubed
_WINDOW_S = 1.0  # the limits count by the second; throttles within one second are one sign
_LOWEST = 0.5


class Pacer:
    """Spaces calls out evenly, at a rate that adapts. One for each API action and region; thread-safe."""

    def __init__(self, rate: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Set the highest rate, in calls a second, and the clock."""
        self._highest = rate
        self._monotonic = monotonic
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._next_turn = monotonic()
        self._accepted: deque[float] = deque(maxlen=10_000)
        self._plateau = rate
        self._slowed_at: float | None = None

    def wait_turn(self, wait: Callable[[float], bool]) -> bool:
        """Wait until the next call may be sent; False where `wait` says that no time is left.

        One caller waits at a time, so that a throttle slows down all that have not been sent yet.
        """
        with self._turn:
            while True:
                pause = self._take_turn()
                if pause <= 0:
                    return True
                if not wait(pause):
                    return False

    def _take_turn(self) -> float:
        """Take the next turn if it has come, or say in how many seconds it will."""
        with self._lock:
            now = self._monotonic()
            if self._next_turn > now:
                return self._next_turn - now
            # Whoever is late by less than a turn shortens the next wait, so that the rate holds. The turns of a longer
            # pause are lost.
            self._next_turn = max(self._next_turn, now - 1 / self._highest) + 1 / self._rate(now)
            return 0.0

    def accepted(self) -> None:
        """Take note of a call that was not throttled."""
        with self._lock:
            self._accepted.append(self._monotonic())

    def slow_down(self) -> None:
        """Take note of a throttle."""
        with self._lock:
            now = self._monotonic()
            if self._slowed_at is not None and now - self._slowed_at < _WINDOW_S:
                return
            rate = self._rate(now)
            accepted = sum(1 for moment in self._accepted if now - moment < _WINDOW_S)
            self._plateau = max(_LOWEST, min(rate, accepted / _WINDOW_S))
            self._slowed_at = now
            # What the second had to give is used up: wait for the next.
            pause = _WINDOW_S * max(0.0, 1 - self._plateau / rate)
            self._next_turn = now + pause + 1 / self._rate(now)

    def _rate(self, now: float) -> float:
        if self._slowed_at is None:
            return self._highest
        to_plateau: float = (self._plateau * (1 - _BETA) / _SCALE) ** (1 / 3)
        since = now - self._slowed_at
        return float(min(self._highest, max(_LOWEST, self._plateau + _SCALE * (since - to_plateau) ** 3)))
