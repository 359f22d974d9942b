"""A clock that moves only when somebody waits."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Clock:
    """Its `wait` never runs out of time; `waits` are those that were asked for, in seconds."""

    now: float = 1_000.0
    waits: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def wait(self, seconds: float) -> bool:
        self.sleep(seconds)
        return True
