"""Conservation under faults: an account in which things happen, a platform that fails, and the count at the end.

The function runs in processes of its own, which are killed at random; it meets the local cloud over HTTP, where a share
of all calls fails. Nothing of it is replaced: only its waits are shorter (soak/worker.py).

When the faults stop, one sweep and one redrive must leave every eligible interface with one flow log, which logs, and
no dead letter without a reason; interfaces that are refused for good, and what is somebody else's, are as they were.
What was lost on the way without a trace is a violation even where the sweep made it good.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from localcloud import LocalCloud
from soak import checks
from soak.channel import Batch, Channel
from soak.chaos import Chaos
from soak.instances import Instance, Run
from soak.world import REGIONS, Id, World
from tests.support import records
from tests.support.function import QUEUE, context, environment
from tests.support.records import MARKER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RETRIES = 2
"""SCF runs an asynchronous invocation that failed twice more (doc 583/59100)."""
VISIBILITY_S, RETENTION_S = 30, 43_200
TIME_LIMIT_S = 60.0
LONGEST_TIME_LIMIT_S = 900.0
SETTLED_WITHOUT = ("waiting", "gone", "missing")
"""Outcomes that leave an interface without a flow log and without a dead letter: the sweep's part of the promise."""


@dataclass(frozen=True)
class Plan:
    """How long and how rough.

    Attributes:
        events: how many calls the account makes.
        failing: the share of calls that fail.
        instances: how many instances of the function run side by side.
        kills: the share of invocations that are to be killed; some end before.
        outages: the chance, at each fifty events, that the queue goes down.
        seed: of all chance.
    """

    events: int = 100_000
    failing: float = 0.15
    instances: int = 4
    kills: float = 0.04
    outages: float = 0.03
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
    sweeps: int = 0
    outages: int = 0
    keys: int = 0
    eligible: int = 0
    uncovered_before: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    duplicates: int = 0
    secrets: int = 0
    refused: int = 0
    spoilt: int = 0
    theirs: int = 0
    longest_s: float = 0.0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)


class Soak:
    """One run. `run()` returns its figures; those with violations have failed."""

    def __init__(self, plan: Plan, progress: Callable[[int], None] = lambda _: None) -> None:
        self.plan = plan
        self._progress = progress
        self.figures = Figures()
        self.chance = random.Random(plan.seed)
        self.chaos = Chaos(random.Random(plan.seed + 1), plan.failing)
        self._lock = threading.Lock()
        self._again: deque[Batch] = deque()
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
        self.cloud.seed_queue(QUEUE, VisibilityTimeout=VISIBILITY_S, MsgRetentionSeconds=RETENTION_S)
        self.cloud.faults.add("*", self.chaos)
        self.world = World(self.cloud, self.chance)
        self.chaos.refused = self.world.refused
        self.channel = Channel(self.chance)
        self._new_keys()

    def _new_keys(self) -> None:
        """Keys of the role, as SCF gives them: good for half an hour, and replaced when SCF thinks of it."""
        keys = self.cloud.issue_keys("local-role", 1_800)
        assert keys.token is not None
        self.figures.keys += 1
        self._secrets = (*self._secrets[-9:], keys.token, keys.secret_key)
        self.environment = environment(
            self.cloud,
            TENCENTCLOUD_SECRETID=keys.secret_id,
            TENCENTCLOUD_SECRETKEY=keys.secret_key,
            TENCENTCLOUD_SESSIONTOKEN=keys.token,
            FLOWLOG_REGIONS=",".join(REGIONS),
            FLOWLOG_REPAIR="recreate",
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
        # What failed on one thread when the others had found nothing left to do.
        self._serve(self._repeats(), self.plan.instances)
        self.figures.dropped, self.figures.copies = len(self.channel.dropped), self.channel.copies
        self.figures.events = self.world.made

    def _batches(self) -> Iterator[Batch]:
        """What the platform delivers: new batches, those that failed before, a timer or a redrive now and then."""
        while self.world.made < self.plan.events:
            for _ in range(50):
                if self.world.made < self.plan.events:
                    self.channel.put(self.world.happen())
            self._progress(self.world.made)
            yield from self.channel.batches()
            yield from self._disturb()
            yield from self._repeats()
        yield from self.channel.batches(to_the_end=True)
        yield from self._repeats()

    def _repeats(self) -> Iterator[Batch]:
        while self._again:
            yield self._again.popleft()

    def _disturb(self) -> Iterator[Batch]:
        """The weather: outages of the queue, jumps of the clock, keys that are replaced, a redrive."""
        roll = self.chance.random()
        if self.chaos.queue_down:
            self.chaos.queue_down = roll > 0.3
        elif roll < self.plan.outages:
            self.chaos.queue_down = True
            self.figures.outages += 1
        if self.chance.random() < min(0.1, 40 / (self.plan.events / 50)):
            self.cloud.clock.advance(self.chance.uniform(1, 900))
            self.figures.clock_jumps += 1
        if (self.chance.random() < 0.1 or not self._keys_good()) and self.chance.random() < 0.7:
            self._new_keys()  # sometimes too late
        if self.chance.random() < 0.02:
            yield Batch([], {"command": "redrive", "limit": 100})
        if self.chance.random() < min(0.05, 10 / (self.plan.events / 50)):
            self.figures.sweeps += 1
            yield Batch([], {"command": "sweep"})

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
            self.figures.violations.append(f"the soak itself failed: {error!r}")
            raise
        finally:
            instance.close()

    def _deliver(self, batch: Batch, instance: Instance, chance: random.Random) -> None:
        environment = self.environment
        timer = instance.kill_after(chance.uniform(0, 0.5)) if chance.random() < self.plan.kills else None
        run = instance.invoke(batch.payload, context(TIME_LIMIT_S), environment)
        if timer:
            timer.cancel()
        with self._lock:
            self._check(run, batch)
            if run.seconds > TIME_LIMIT_S:
                self.figures.violations.append(f"{run.seconds:.1f} s of {TIME_LIMIT_S} s: {batch.payload}"[:400])
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
        self.cloud.seed_messages(QUEUE, body)

    # What holds for each invocation ----------------------------------------------------------------------------------

    def _check(self, run: Run, batch: Batch) -> None:
        self.figures.runs["killed" if run.killed else "raised" if run.report is None else "reported"] += 1
        self.figures.letters_written += len(run.letters)
        self.figures.longest_s = max(self.figures.longest_s, run.seconds)
        leaks = checks.secrets_in(run, self._secrets)
        self.figures.secrets += len(leaks)
        self.figures.violations += [f"a secret in {line}" for line in leaks]
        self.figures.violations += checks.faults_of(run, batch.events)
        if run.report is None:
            return
        self.figures.outcomes += Counter(run.report["outcomes"])
        self.figures.items += run.report["received"]
        for item in run.report["items"]:
            if checks.name_of(item)[1]:
                self._last[checks.name_of(item)] = item["outcome"]

    # What holds in the end -------------------------------------------------------------------------------------------

    def _after_the_faults(self) -> None:
        self.chaos.stop()
        self._new_keys()
        self.cloud.clock.advance(VISIBILITY_S * 2)
        self._look_for_the_lost()
        instance, letters = Instance(), len(self.cloud.messages(QUEUE))
        try:
            for command in ("sweep", "redrive"):
                run = instance.invoke({"command": command}, context(LONGEST_TIME_LIMIT_S), self.environment)
                self._check(run, Batch([], None))
                if run.report is None or run.report["continued"] or "stopped" in run.report:
                    self.figures.violations.append(f"the {command} did not finish: {run.report or run.raised}"[:1_000])
                self.cloud.clock.advance(VISIBILITY_S * 2)
                if len(self.cloud.messages(QUEUE)) > letters:
                    self.figures.violations.append(f"the {command} has left more letters than there were")
        finally:
            instance.close()
        self._check_the_end()
        self.figures.calls, self.figures.injected = self.chaos.calls, self.chaos.injected

    def _look_for_the_lost(self) -> None:
        """Before the sweep: whatever is not covered must be on the queue, or its event was never ours to keep."""
        covered, on_queue = self.world.flow_logs(), checks.named_on_the_queue(self.world)
        for found in self.world.eligible():
            if found not in covered:
                reason = self._why_uncovered(found, on_queue)
                self.figures.uncovered_before[reason] += 1
                if reason == "lost":
                    self.figures.lost += 1
                    self.figures.violations.append(f"lost without a trace: {found}, last {self._last.get(found)}")

    def _why_uncovered(self, found: Id, on_queue: set[Id]) -> str:
        names = {found, (found[0], self.world.instance_of(found))}
        if names & on_queue:
            return "on the queue"
        if found in self.world.without_event:
            return "it had no event"
        if found in self.world.spoilt:
            return "its flow log was being repaired"
        if names & self.channel.dropped_names:
            return "an event was dropped by the bus"
        if names & self._given_up:
            return "given up by the platform while the queue was down"
        outcomes = {self._last.get(name, "") for name in names} & set(SETTLED_WITHOUT)
        return f"reported as {min(outcomes)}" if outcomes else "lost"

    def _check_the_end(self) -> None:
        figures = self.figures
        figures.eligible = sum(1 for _ in self.world.eligible())
        figures.refused, figures.spoilt = len(self.world.refused), len(self.world.spoilt)
        figures.theirs = len(self.world.theirs)
        figures.duplicates = sum(count > 1 for count in self.world.flow_logs().values())
        figures.violations += checks.faults_of_account(self.world)
        for reason, letter in checks.letters_left(self.world):
            figures.letters_left[reason or "unexplained"] += 1
            figures.secrets += "schema_version" in letter and MARKER in json.dumps(letter)
            if not reason:
                figures.violations.append(f"an unexplained dead letter: {json.dumps(letter)[:600]}")
