"""The invocation's time. SCF tells its limit in the context and has no remaining-time call (platform.md section 5)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ASSUMED_LIMIT_S = 60.0
"""Without a context, as on an operator's machine, there is no limit; retries still have to end."""


@dataclass(frozen=True)
class Budget:
    """How much time there is, in seconds.

    Attributes:
        limit_s: when the platform ends the invocation, counted from `started`.
        reserve_s: the last part, which is kept for what comes after the work: dead letters and the report.
        started: what `monotonic` said when the invocation began.
        monotonic: the clock.
        sleep: what waits.
    """

    limit_s: float
    reserve_s: float = 0.0
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    started: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """Seconds left to work in."""
        return self.limit_s - self.reserve_s - (self.monotonic() - self.started)

    def wait(self, seconds: float) -> bool:
        """Wait, if that leaves time to work; otherwise return False at once, or when it took longer than asked for."""
        if seconds >= self.left():
            return False
        self.sleep(seconds)
        return self.left() > 0

    def to_report(self) -> Budget:
        """The time for dead letters and the report: all but a margin for the reply itself."""
        return replace(self, reserve_s=min(1.0, self.limit_s / 10))

    def keeping(self, seconds: float) -> Budget:
        """The same with more kept back for what comes after the work: at most half of the limit in all."""
        return replace(self, reserve_s=max(self.reserve_s, min(self.limit_s / 2, self.reserve_s + seconds)))

    def share(self, part: float) -> Budget:
        """A part, between 0 and 1, of what is left, for one of several pieces of work: the rest is kept back."""
        return replace(self, reserve_s=self.reserve_s + max(0.0, self.left()) * (1 - part))


def budget_from(context: Mapping[str, object]) -> Budget:
    """The time that SCF's context grants by `time_limit_in_ms`; a quarter, at most 15 s, is kept back."""
    limit_ms = context.get("time_limit_in_ms")
    limit_s = limit_ms / 1_000 if isinstance(limit_ms, (int, float)) and limit_ms > 0 else ASSUMED_LIMIT_S
    return Budget(limit_s, reserve_s=min(limit_s / 4, 15.0))
