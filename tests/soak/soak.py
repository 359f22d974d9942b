"""Conservation under faults: an account in which things happen, a platform that fails, and the count at the end.

The function runs in processes of its own, which are killed at random; it meets the local cloud over HTTP, where a share
of all calls fails. Nothing of it is replaced: only its waits are shorter (tests/soak/worker.py).

When the faults stop, one sweep and one redrive must leave every eligible interface with one flow log, and no dead letter
without a reason. What was lost on the way without a trace is a violation even where the sweep made it good.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from handler import events, schema
from handler.model import Command, Invalid
from localcloud import LocalCloud
from localcloud.tdmq.queues import Queues
from tests.soak.channel import Batch, Channel
from tests.soak.chaos import Chaos
from tests.soak.instances import Instance, Run
from tests.soak.world import REGIONS, Event, Id, World
from tests.support import records
from tests.support.function import QUEUE, context, environment
from tests.support.records import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator

RETRIES = 2
"""SCF runs an asynchronous invocation that failed twice more (doc 583/59100)."""
VISIBILITY_S, RETENTION_S = 30, 43_200
TIME_LIMIT_S = 60.0
LONGEST_TIME_LIMIT_S = 900.0
SETTLED_WITHOUT = ("waiting", "gone")
"""Outcomes that leave an interface without a flow log and without a dead letter: the sweep's part of the promise."""


@dataclass(frozen=True)
class Plan:
    """How long and how rough.

    Attributes:
        events: how many calls the account makes.
        failing: the share of calls that fail.
        instances: how many instances of the function run side by side.
        kills: the share of invocations that are killed.
        seed: of all chance.
    """

    events: int = 100_000
    failing: float = 0.15
    instances: int = 4
    kills: float = 0.04
    seed: int = 1


@dataclass
class Figures:
    """What was counted."""

    events: int = 0
    dropped: int = 0
    copies: int = 0
    items: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    native_letters: int = 0
    given_up: int = 0
    letters_written: int = 0
    letters_left: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    injected: Counter[str] = field(default_factory=Counter)
    clock_jumps: int = 0
    outages: int = 0
    keys: int = 0
    eligible: int = 0
    uncovered_before: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    duplicates: int = 0
    secrets: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)


class Soak:
    """One run. `run()` returns its figures; those with violations have failed."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.figures = Figures()
        self.chance = random.Random(plan.seed)
        self.chaos = Chaos(random.Random(plan.seed + 1), plan.failing)
        self._lock = threading.Lock()
        self._last: dict[Id, str] = {}
        self._given_up: set[Id] = set()
        self._secrets: tuple[str, ...] = (MARKER,)

    def run(self) -> Figures:
        """Let it happen, then count."""
        started = time.monotonic()
        with LocalCloud(enforce_limits=False, time_scale=0.05, seed_value=self.plan.seed) as cloud:
            self.cloud = cloud
            self._set_up()
            self._with_faults()
            self._after_the_faults()
        self.figures.seconds = time.monotonic() - started
        return self.figures

    # The account and the function ------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        self.cloud.seed_queue(QUEUE, visibility_timeout=VISIBILITY_S, msg_retention_seconds=RETENTION_S)
        self.cloud.faults.add("*", self.chaos)
        self.world = World(self.cloud, self.chance)
        self.channel = Channel(self.chance)
        self._new_keys()

    def _new_keys(self) -> None:
        """Keys of the role, as SCF gives them: good for half an hour, and replaced when SCF thinks of it."""
        keys = self.cloud.account.issue_temporary_credentials("local-role", 1_800)
        assert keys.token is not None
        self.figures.keys += 1
        self._secrets = (*self._secrets[-9:], keys.token, keys.secret_key)
        self.environment = environment(
            self.cloud,
            TENCENTCLOUD_SECRETID=keys.secret_id,
            TENCENTCLOUD_SECRETKEY=keys.secret_key,
            TENCENTCLOUD_SESSIONTOKEN=keys.token,
            FLOWLOG_REGIONS=",".join(REGIONS),
            FLOWLOG_CREATE_RATE="10000",
        )

    def _with_faults(self) -> None:
        batches = self._batches()
        threads = [
            threading.Thread(target=self._serve, args=(batches, number)) for number in range(self.plan.instances)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.figures.dropped, self.figures.copies = len(self.channel.dropped), self.channel.copies
        self.figures.events = self.world.made

    def _batches(self) -> Iterator[Batch]:
        """What the platform delivers: new batches, those that failed before, a timer or a redrive now and then."""
        self._again: deque[Batch] = deque()
        while self.world.made < self.plan.events:
            for _ in range(50):
                if self.world.made < self.plan.events:
                    self.channel.put(self.world.happen())
            yield from self.channel.batches()
            yield from self._disturb()
            while self._again:
                yield self._again.popleft()
        yield from self.channel.batches(to_the_end=True)
        while self._again:
            yield self._again.popleft()

    def _disturb(self) -> Iterator[Batch]:
        """The weather: outages of the queue, jumps of the clock, keys that are replaced, a redrive."""
        roll = self.chance.random()
        if self.chaos.queue_down:
            self.chaos.queue_down = roll > 0.3  # noqa: PLR2004  an outage lasts a few rounds
        elif roll < 0.02:  # noqa: PLR2004  seldom
            self.chaos.queue_down = True
            self.figures.outages += 1
        if self.chance.random() < min(0.1, 40 / (self.plan.events / 50)):
            self.cloud.clock.advance(self.chance.uniform(1, 900))
            self.figures.clock_jumps += 1
        if self.chance.random() < 0.1 or not self._keys_good():  # noqa: PLR2004  and sometimes too late
            if self.chance.random() < 0.7:  # noqa: PLR2004
                self._new_keys()
        if self.chance.random() < 0.02:  # noqa: PLR2004
            yield Batch([], {"command": "redrive", "limit": 100})

    def _keys_good(self) -> bool:
        held = self.cloud.account.credentials[self.environment["TENCENTCLOUD_SECRETID"]]
        return held.expires_at is not None and held.expires_at > self.cloud.clock.now()

    # The platform ----------------------------------------------------------------------------------------------------

    def _serve(self, batches: Iterator[Batch], number: int) -> None:
        instance, chance = Instance(), random.Random(self.plan.seed * 1_000 + number)
        try:
            while True:
                with self._lock:
                    batch = next(batches, None)
                if batch is None:
                    return
                self._deliver(batch, instance, chance)
        except BaseException as error:
            self._violation(f"the soak itself failed: {error!r}")
            raise
        finally:
            instance.close()

    def _deliver(self, batch: Batch, instance: Instance, chance: random.Random) -> None:
        environment = self.environment
        timer = instance.kill_after(chance.uniform(0, 1.0)) if chance.random() < self.plan.kills else None
        run = instance.invoke(batch.payload, context(TIME_LIMIT_S), environment)
        if timer:
            timer.cancel()
        with self._lock:
            self._check(run, batch)
            if run.report is None:
                self._failed(batch)

    def _failed(self, batch: Batch) -> None:
        """SCF tries again, then puts the event on the function's dead-letter queue, if it can."""
        batch.failures += 1
        if batch.failures <= RETRIES:
            self._again.append(batch)
            return
        if self.chaos.queue_down:
            self.figures.given_up += 1
            self._given_up.update(name for event in batch.events for name in event.names)
            return
        self.figures.native_letters += 1
        body = json.dumps(records.platform_letter(json.dumps(batch.payload)))
        with self.cloud.clock.changed:
            queue = self.cloud.account.region(self.cloud.region).state(Queues).get(QUEUE)
            assert queue is not None
            queue.send(self.cloud.account.ids, body, self.cloud.clock.now())

    # What holds for each invocation ----------------------------------------------------------------------------------

    def _check(self, run: Run, batch: Batch) -> None:
        kind = "killed" if run.killed else "raised" if run.report is None else "reported"
        self.figures.runs[kind] += 1
        self.figures.letters_written += len(run.letters)
        self._check_output(run)
        if run.report is None:
            return
        report = run.report
        counts, received = Counter(report["outcomes"]), report["received"]
        self.figures.outcomes += counts
        self.figures.items += received
        if sum(counts.values()) != received:
            self._violation(f"the outcomes do not add up to {received}: {dict(counts)}")
        if batch.events:
            self._check_batch(run, report, batch)
        for item in report["items"]:
            name = item.get("interface_id") or item.get("instance_id")
            if name:
                self._last[item["region"], name] = item["outcome"]

    def _check_batch(self, run: Run, report: dict[str, Any], batch: Batch) -> None:
        wanted = sum(max(1, len(event.names)) for event in batch.events)
        exact = not any(name[1].startswith("ins-") for event in batch.events for name in event.names)
        received = report["received"]
        if received < wanted or (exact and received != wanted):
            self._violation(f"{wanted} came in and {received} were received")
        failed = {_name_of(item) for item in report["items"] if item["outcome"] == "dead_lettered"}
        logged = {_name_of(letter.get("interface", {})) for letter in run.letters}
        if failed != logged:
            self._violation(f"reported as dead letters {failed}, logged {logged}")

    def _check_output(self, run: Run) -> None:
        text = run.output + json.dumps(run.report) + run.raised
        found = [secret for secret in self._secrets if secret in text]
        self.figures.secrets += len(found)
        if found:
            self._violation(f"a secret in {next(line for line in text.splitlines() if found[0] in line)[:400]}")
        if run.broken:
            self._violation(f"not a line of JSON: {run.broken[0][:200]!r}")
        for letter in run.letters:
            problem = schema.problems("dead-letter", letter)
            if problem:
                self._violation(f"a dead letter that its schema refuses: {problem}")

    # What holds in the end -------------------------------------------------------------------------------------------

    def _after_the_faults(self) -> None:
        self.chaos.stop()
        self._new_keys()
        self.cloud.clock.advance(VISIBILITY_S * 2)
        self._look_for_the_lost()
        instance = Instance()
        try:
            for command in ("sweep", "redrive"):
                run = instance.invoke({"command": command}, context(LONGEST_TIME_LIMIT_S), self.environment)
                self._check(run, Batch([], None))
                if run.report is None or run.report["continued"] or "stopped" in run.report:
                    self._violation(f"the {command} did not finish: {run.report or run.raised}"[:1_000])
                self.cloud.clock.advance(VISIBILITY_S * 2)
        finally:
            instance.close()
        self._check_coverage()
        self._check_letters()
        self.figures.calls, self.figures.injected = self.chaos.calls, self.chaos.injected

    def _look_for_the_lost(self) -> None:
        """Before the sweep: whatever is not covered must be on the queue, or its event was never ours to keep."""
        covered, on_queue = self.world.flow_logs(), self._named_on_the_queue()
        for found in self.world.eligible():
            if found not in covered:
                reason = self._why_uncovered(found, on_queue)
                self.figures.uncovered_before[reason] += 1
                if reason == "lost":
                    self.figures.lost += 1
                    self._violation(f"lost without a trace: {found}, last {self._last.get(found)}")

    def _why_uncovered(self, found: Id, on_queue: set[Id]) -> str:
        names = {found, (found[0], self.world.instance_of(found))}
        if names & on_queue:
            return "on the queue"
        if found in self.world.without_event:
            return "it had no event"
        if names & self.channel.dropped_names:
            return "an event was dropped by the bus"
        if names & self._given_up:
            return "given up by the platform while the queue was down"
        outcomes = {self._last.get(name, "") for name in names} & set(SETTLED_WITHOUT)
        return f"reported as {min(outcomes)}" if outcomes else "lost"

    def _named_on_the_queue(self) -> set[Id]:
        named: set[Id] = set()
        for body in self.cloud.messages(QUEUE):
            for item in events.read(json.loads(body)):
                if not isinstance(item, (Invalid, Command)) and hasattr(item, "interface_id"):
                    named.add((item.region, item.interface_id or item.instance_id))
        return named

    def _check_coverage(self) -> None:
        counts = self.world.flow_logs()
        for found in self.world.eligible():
            self.figures.eligible += 1
            if found not in counts:
                self._violation(f"not covered in the end: {found}, last {self._last.get(found)}")
        for found, count in counts.items():
            if count > 1:
                self.figures.duplicates += 1
                self._violation(f"{count} flow logs: {found}")

    def _check_letters(self) -> None:
        for body in self.cloud.messages(QUEUE):
            letter = json.loads(body)
            reason = self._why_left(letter)
            self.figures.letters_left[reason or "unexplained"] += 1
            if not reason:
                self._violation(f"an unexplained dead letter: {body[:600]}")
            if MARKER in body and "schema_version" in letter:
                self.figures.secrets += 1
                self._violation(f"a secret on the queue: {body[:400]}")

    def _why_left(self, letter: dict[str, Any]) -> str:
        if "schema_version" not in letter:
            return ""
        if letter["error"]["class"] == "invalid":
            return "a payload that no schema accepts"
        name = _name_of(letter.get("interface", {}))
        if name[1] and not self.world.exists(name):
            return "its instance was terminated"
        return "failed five times" if letter["exhausted"] else ""

    def _violation(self, text: str) -> None:
        self.figures.violations.append(text)


def _name_of(item: dict[str, Any]) -> Id:
    return item.get("region", ""), item.get("interface_id") or item.get("instance_id") or ""
