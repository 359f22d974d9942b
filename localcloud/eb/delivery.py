"""From a write call to the functions: CloudAudit record, event, rules of the service bus, targets, delivery.

No promise of at-least-once, order or uniqueness is documented, so each can be broken by a switch. Documented: an event
of at most 64 KB, 2,000 deliveries a target and day (docs 248/87558, 1108/46254). Contradictory: whether the function is
called asynchronously, with SCF's retries (583/59100), or synchronously, without any (248/87507): a switch.
"""

from __future__ import annotations

import json
import random
import threading
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from localcloud.cam.model import CLOUDAUDIT_ROLE, Access
from localcloud.cloudaudit import record as cloudaudit
from localcloud.core.notify import notify
from localcloud.eb import pattern
from localcloud.eb.model import StoredEvent, home_bridge
from localcloud.scf.invoker import EVENT_BUS
from localcloud.scf.model import Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.core.account import Account
    from localcloud.core.background import Background
    from localcloud.core.call_log import WriteCall
    from localcloud.eb.model import Bridge, Target
    from localcloud.scf.invoker import Invoker

LARGEST_EVENT = 64 * 1024
DAILY_CAP = 2000
DAY_S = 24 * 3600
KEPT = 20_000


@dataclass
class Switches:
    """How delivery behaves. Probabilities are from 0 to 1; seconds are shortened by the time scale.

    Attributes:
        delay_s: From the call's end to the delivery.
        reorder_s: A random wait of up to this much more, so that events overtake each other.
        duplicates: The chance that an event is delivered twice.
        drops: The chance that an event is lost.
        daily_cap: Deliveries a target and day; what is over is dropped. None: no cap.
        synchronous: Whether EventBridge waits for the function; then nothing is retried (simplified).
        batch_of: How many events a target gets at once, as with batch delivery.
        batch_wait_s: How long the first of such a batch waits for the others.
        styles: The forms that records take in turn.
    """

    delay_s: float = 0.2
    reorder_s: float = 0.0
    duplicates: float = 0.0
    drops: float = 0.0
    daily_cap: int | None = DAILY_CAP
    synchronous: bool = False
    batch_of: int = 1
    batch_wait_s: float = 1.0
    styles: tuple[cloudaudit.Style, ...] = cloudaudit.STYLES


@dataclass(frozen=True)
class Delivery:
    """What became of an event for one target: "delivered", "dropped", "over the daily cap" or "too large"."""

    target_id: str
    event_ids: tuple[str, ...]
    outcome: str
    request_id: str = ""


class EventBridge:
    """What watches write calls and delivers them. Thread-safe.

    Attributes:
        switches: How delivery behaves; change them at any time.
        watchers: Called with each event that was put on the service bus.
    """

    def __init__(self, account: Account, background: Background, invoker: Invoker, seed: int = 0) -> None:
        self._account = account
        self._background = background
        self._invoker = invoker
        self._random = random.Random(seed)  # noqa: S311  chance for tests, which must be repeatable
        self._lock = threading.Lock()
        self._deliveries: deque[Delivery] = deque(maxlen=KEPT)
        self._used: Counter[tuple[str, int]] = Counter()
        self._batches: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._published = count(1)
        self.switches = Switches()
        self.watchers: list[Callable[[dict[str, Any]], None]] = []

    @property
    def deliveries(self) -> list[Delivery]:
        """Return what became of events, oldest first."""
        with self._lock:
            return list(self._deliveries)

    def publish(self, write: WriteCall) -> None:
        """Put a write call on the service bus and deliver it to the targets of the rules that let it through."""
        bridge = home_bridge(self._account)
        bus = bridge.bus
        if bus is None or not bus.cloudaudit or CLOUDAUDIT_ROLE not in self._account.state(Access).roles:
            return
        if not self.watchers and not bridge.rules and not bus.keeps:
            return  # nobody would see it
        styles = self.switches.styles
        style = styles[next(self._published) % len(styles)]
        event = cloudaudit.cloud_event(write, self._account, bus.bus_id, style)
        notify(self.watchers, event)
        self._route(event, bridge)

    def put(self, event: dict[str, Any]) -> None:
        """Deliver an event as if it had come from the service bus: again, late, or made by a test."""
        self._route(event, home_bridge(self._account))

    def _route(self, event: dict[str, Any], bridge: Bridge) -> None:
        with self._account.lock:
            if bridge.bus is not None and bridge.bus.keeps:
                bridge.stored.append(StoredEvent(self._account.now(), event))
            enabled = [rule for rule in bridge.rules.values() if rule.settings["Enable"]]
            rules = [rule for rule in enabled if pattern.matches(rule.parsed, event)]
            targets = [target for rule in rules for target in bridge.targets_of(rule.rule_id)]
        for target in targets:
            self._send(target, event)

    def _send(self, target: Target, event: dict[str, Any]) -> None:
        if len(json.dumps(event, ensure_ascii=False).encode()) > LARGEST_EVENT:
            self._note(target, [event], "too large")
        elif self._chance(self.switches.drops):
            self._note(target, [event], "dropped")
        else:
            for _ in range(2 if self._chance(self.switches.duplicates) else 1):
                with self._lock:
                    seconds = self.switches.delay_s + self._random.uniform(0, self.switches.reorder_s)
                due = self._account.now() + self._account.behaviour.wait(seconds)
                self._background.at(due, lambda: self._arrive(target, event))

    def _arrive(self, target: Target, event: dict[str, Any]) -> None:
        size = self.switches.batch_of
        if size <= 1:
            self._deliver(target, [event], event)
            return
        with self._lock:
            batch = self._batches[target.target_id]
            batch.append(event)
            first, full = len(batch) == 1, len(batch) >= size
        if full:
            self._flush(target, batch)
        elif first:
            due = self._account.now() + self._account.behaviour.wait(self.switches.batch_wait_s)
            self._background.at(due, lambda: self._flush(target, batch))

    def _flush(self, target: Target, batch: list[dict[str, Any]]) -> None:
        """Deliver a batch that is full or has waited long enough, unless that was done already."""
        with self._lock:
            if self._batches.get(target.target_id) is not batch:
                return
            del self._batches[target.target_id]
        self._deliver(target, batch, {"EventList": batch})

    def _deliver(self, target: Target, events: list[dict[str, Any]], sent: dict[str, Any]) -> None:
        text = json.dumps(sent, ensure_ascii=False)
        if not self._within_cap(target):
            self._note(target, events, "over the daily cap")
        elif self.switches.synchronous:
            request_id = self._account.ids.uuid()
            self._note(target, events, "delivered", request_id)
            now = self._account.now()
            self._invoker.run(Event(target.function, text, EVENT_BUS, "RequestResponse", request_id, now))
        else:
            request_id = self._invoker.trigger(target.function, text, EVENT_BUS)
            self._note(target, events, "delivered", request_id)

    def _within_cap(self, target: Target) -> bool:
        key = (target.target_id, int(self._account.now() // DAY_S))
        with self._lock:
            self._used[key] += 1
            return self.switches.daily_cap is None or self._used[key] <= self.switches.daily_cap

    def _note(self, target: Target, events: list[dict[str, Any]], outcome: str, request_id: str = "") -> None:
        ids = tuple(str(event.get("id", "")) for event in events)
        with self._lock:
            self._deliveries.append(Delivery(target.target_id, ids, outcome, request_id))

    def _chance(self, probability: float) -> bool:
        with self._lock:
            return self._random.random() < probability
