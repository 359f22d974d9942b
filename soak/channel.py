"""The way of events to the function: no order, no promise of delivery, batches and triggers of every kind."""

from __future__ import annotations

import heapq
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support import records

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from soak.world import Event, Id

DROPPED, TWICE, THRICE, LATE = 0.03, 0.08, 0.02, 0.05
SIZES = (1, 1, 3, 10, 40, 100, 150)


@dataclass
class Batch:
    """What one invocation gets, and how often it has been tried."""

    events: list[Event]
    payload: Any
    failures: int = 0


class Channel:
    """Takes events, and gives them back in batches: some never, some more than once, some much later.

    Attributes:
        dropped: the numbers of those that were never put through, and `dropped_names` what they were about.
        copies: how many were put through again.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._waiting: list[tuple[float, int, Event]] = []
        self._ties = itertools.count()
        self._now = 0
        self.dropped: set[int] = set()
        self.dropped_names: set[Id] = set()
        self.copies = 0

    def put(self, event: Event) -> None:
        """Take an event of the account."""
        self._now += 1
        fate = self._chance.random()
        if fate < DROPPED:
            self.dropped.add(event.number)
            self.dropped_names.update(event.names)
            return
        copies = 1 + (fate < DROPPED + TWICE + THRICE) + (fate < DROPPED + THRICE)
        self.copies += copies - 1
        for _ in range(copies):
            late = self._chance.random() < LATE
            due = self._now + self._chance.uniform(0, 3_000 if late else 60)
            heapq.heappush(self._waiting, (due, next(self._ties), event))

    def batches(self, *, to_the_end: bool = False) -> Iterable[Batch]:
        """The batches that are due."""
        while self._waiting and (to_the_end or self._waiting[0][0] <= self._now):
            size = self._chance.choice(SIZES)
            events = [heapq.heappop(self._waiting)[2] for _ in range(min(size, len(self._waiting)))]
            yield Batch(events, wrapped(self._chance, [event.payload for event in events]))


def wrapped(chance: random.Random, events: list[dict[str, Any]]) -> Any:
    """Events as one trigger or another brings them."""
    kind = chance.random()
    if len(events) == 1 and kind < 0.7:
        return events[0]
    if kind < 0.8:
        return records.event_list(*events)
    if kind < 0.9:
        return records.cls(*(json.dumps(event["data"]) for event in events))
    wrap = chance.choice([records.ckafka, records.cmq])
    return wrap(*map(json.dumps, events))
