"""Conservation under faults, step by step as hypothesis likes: whatever happened, a sweep and a redrive make it whole.

The function runs in a process of its own, which is killed for good at the very call that hypothesis chooses, before or
after the call's effect. The long run of the same kind is `make soak`; a short one stands at the end.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from localcloud import LocalCloud
from localcloud.core.faults import CMQ, Reply
from soak import checks
from soak.chaos import API, Chaos
from soak.chaos import QUEUE as QUEUE_KINDS
from soak.instances import Instance, Run
from soak.soak import RETRIES, Plan, Soak
from soak.world import Event, World
from tests.support import records
from tests.support.function import QUEUE, context, environment
from tests.support.records import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.core.faults import Fault, Incoming, Proceed

pytestmark = pytest.mark.usefixtures("untraced")

REGIONS = ("ap-guangzhou", "ap-tokyo")
STEPS = ("create_attached", "create_loose", "attach", "detach", "delete", "migrate", "run_instances", "terminate",
         "junk", "something_else", "failed_call")  # fmt: skip
TO_THE_QUEUE = ("SendMessage", "BatchReceiveMessage", "BatchDeleteMessage")
_instance = Instance()
"""One for all examples: starting a process takes longer than an example."""


def _of_the_api(fault: Fault) -> Fault:
    """A fault that strikes no call to the queue: it has codes of its own."""
    return lambda call, proceed: proceed() if call.service == CMQ else fault(call, proceed)


def _killing(*, after: bool) -> Fault:
    """A fault: the function is killed at the call, before or after its effect."""

    def kill(_call: Incoming, proceed: Proceed) -> Reply:
        reply = proceed() if after else Reply(b"")
        _instance.kill()
        return reply

    return kill


class Conservation(RuleBasedStateMachine):
    """An account, the events on their way, and a platform that delivers them."""

    @initialize(seed=st.integers(0, 1_000))
    def begin(self, seed: int) -> None:
        self.cloud = LocalCloud(enforce_limits=False, time_scale=0.01, seed_value=seed).start()
        self.cloud.seed_queue(QUEUE, MsgRetentionSeconds=43_200)
        self.chaos = Chaos(random.Random(seed), 0.0)
        self.cloud.faults.add("*", self.chaos)
        self.world = World(self.cloud, random.Random(seed), REGIONS)
        self.on_the_way: list[Event] = []
        self.problems: list[str] = []
        self.take_new_keys()

    # What happens in the account, and to the events of it

    @rule(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=6))
    def things_happen(self, steps: list[str]) -> None:
        self.on_the_way += [getattr(self.world, step)() for step in steps]

    @rule(how=st.sampled_from(["switch_off", "lose_topic", "somebody_else"]))
    def a_flow_log_is_spoilt(self, how: str) -> None:
        self.on_the_way.append(getattr(self.world, how)())

    @rule()
    def an_event_is_lost(self) -> None:
        self.on_the_way = self.on_the_way[1:]

    @rule(order=st.randoms(use_true_random=False), size=st.integers(1, 12), again=st.booleans())
    def events_are_delivered(self, order: random.Random, size: int, again: bool) -> None:  # noqa: FBT001  hypothesis'
        """In any order, several at once; perhaps they will come once more."""
        order.shuffle(self.on_the_way)
        batch = self.on_the_way[:size]
        if not again:
            self.on_the_way = self.on_the_way[size:]
        if batch:
            self.deliver(records.event_list(*(event.payload for event in batch)), batch)

    @rule(command=st.sampled_from(["sweep", "redrive", "backfill", "status", "repair"]))
    def a_timer_fires(self, command: str) -> None:
        self.deliver({"command": command})

    # What goes wrong

    @rule(share=st.sampled_from([0.0, 0.15, 0.5]))
    def calls_fail(self, share: float) -> None:
        self.chaos.share = share

    @rule(kind=st.sampled_from(sorted(API)), action=st.sampled_from(["CreateFlowLog", "*"]), skip=st.integers(0, 5))
    def a_call_fails(self, kind: str, action: str, skip: int) -> None:
        self.cloud.faults.add(action, _of_the_api(API[kind][1]), times=1, skip=skip)

    @rule(
        kind=st.sampled_from(sorted(QUEUE_KINDS)),
        action=st.sampled_from(TO_THE_QUEUE),
    )
    def a_call_to_the_queue_fails(self, kind: str, action: str) -> None:
        self.cloud.faults.add(action, QUEUE_KINDS[kind][1], times=1)

    @rule(down=st.booleans())
    def the_queue_goes_down_or_comes_back(self, down: bool) -> None:  # noqa: FBT001  hypothesis'
        self.chaos.queue_down = down

    @rule(skip=st.integers(0, 8), after=st.booleans())
    def it_will_be_killed(self, skip: int, after: bool) -> None:  # noqa: FBT001  hypothesis'
        """At one of its next calls, before or after the effect."""
        self.cloud.faults.add("*", _killing(after=after), times=1, skip=skip)

    @rule(seconds=st.sampled_from([1, 31, 600, 2_000]))
    def the_clock_jumps(self, seconds: int) -> None:
        """Beyond the queue's visibility time-out, or beyond the keys' life."""
        self.cloud.clock.advance(seconds)

    @rule()
    def take_new_keys(self) -> None:
        keys = self.cloud.issue_keys("local-role", 1_800)
        self.environment = environment(
            self.cloud,
            TENCENTCLOUD_SECRETID=keys.secret_id,
            TENCENTCLOUD_SECRETKEY=keys.secret_key,
            TENCENTCLOUD_SESSIONTOKEN=keys.token or "",
            FLOWLOG_REGIONS=",".join(REGIONS),
            FLOWLOG_CREATE_RATE="10000",
            FLOWLOG_REPAIR="recreate",
        )
        self.secrets = (MARKER, keys.secret_key, keys.token or MARKER)

    # What holds

    @invariant()
    def nothing_is_broken(self) -> None:
        """Counts add up, letters are valid and complete, the log is lines of JSON, no secret, no second flow log."""
        assert self.problems == []
        assert max(self.world.flow_logs().values(), default=1) == 1

    def teardown(self) -> None:
        if hasattr(self, "cloud"):
            try:
                self.the_faults_stop()
                self.nothing_is_broken()
                assert list(checks.faults_of_account(self.world)) == []
                assert [letter for reason, letter in checks.letters_left(self.world) if not reason] == []
            finally:
                self.cloud.stop()

    def the_faults_stop(self) -> None:
        """Then one sweep, and one redrive."""
        self.cloud.faults.clear()
        self.take_new_keys()
        for command in ("sweep", "redrive"):
            self.cloud.clock.advance(31)
            run = self.invoke({"command": command}, seconds=60.0)
            assert run.report is not None
            assert "stopped" not in run.report

    # The platform

    def deliver(self, payload: Any, of_events: list[Event] | None = None) -> None:
        """SCF: twice more if it failed, then the native dead letter, if the queue is up."""
        if not any(self.invoke(payload, of_events).report for _ in range(1 + RETRIES)) and not self.chaos.queue_down:
            self.cloud.seed_messages(QUEUE, json.dumps(records.platform_letter(payload)))

    def invoke(self, payload: Any, of_events: list[Event] | None = None, seconds: float = 14.0) -> Run:
        run = _instance.invoke(payload, context(seconds), self.environment)
        self.problems += checks.faults_of(run, of_events or [])
        self.problems += checks.secrets_in(run, self.secrets)
        return run


@pytest.fixture(scope="module", autouse=True)
def _the_instance_ends() -> Iterator[None]:
    yield
    _instance.close()


TestConservation = Conservation.TestCase
# Eight stories of twenty steps, the same each time.
TestConservation.settings = settings(
    max_examples=8,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_a_short_soak() -> None:
    """Twelve hundred events; each kind of mischief has its part in it, or it would prove nothing."""
    figures = Soak(Plan(events=1_200, instances=2, kills=0.25, outages=0.2)).run()
    assert figures.violations == []
    assert (figures.duplicates, figures.secrets) == (0, 0)
    assert min(figures.runs[kind] for kind in ("reported", "raised", "killed")) > 0
    assert min(figures.outages, figures.clock_jumps, figures.keys, figures.dropped, figures.copies) > 0
    assert sum(figures.injected.values()) > 0.1 * figures.calls
    assert figures.letters_written > sum(figures.letters_left.values()) > 0
    assert figures.eligible > 300


def test_the_soak_tries_the_last_batches_again() -> None:
    """The platform's retries do not end with its events: nearly all runs are killed here, the last ones too."""
    assert Soak(Plan(events=100, instances=4, kills=0.9, outages=0.0)).run().violations == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("skip", range(10))
def test_a_sweep_is_killed_at_any_call(skip: int, after: bool) -> None:  # noqa: FBT001  parametrize's
    """Before or after the call's effect: the next one makes all of ours good, each once, and touches no other."""
    with LocalCloud(enforce_limits=False, time_scale=0.01) as cloud:
        cloud.seed_queue(QUEUE)
        other, home = cloud.add_topic(), cloud.region
        ours, theirs = cloud.seed_interfaces(home, 4), cloud.seed_interfaces(home, 1)[0]
        for interface in ours[:2]:  # to be repaired, and the others have none
            cloud.seed_flow_log(home, interface, topic_id=other, description="managed-by=eni-flowlog")
        untouched = cloud.seed_flow_log(home, theirs, enabled=False, description="theirs")

        variables = environment(cloud, FLOWLOG_REPAIR="recreate", FLOWLOG_REGIONS=home)
        switch = cloud.faults.add("*", _killing(after=after), times=1, skip=skip)
        _instance.invoke({"command": "sweep"}, context(60.0), variables)
        switch.off()
        assert _instance.invoke({"command": "sweep"}, context(60.0), variables).report
        for interface in ours:
            assert [log.topic_id for log in cloud.flow_logs_of(home, interface)] == [cloud.topic_id]
        assert [(log.flow_log_id, log.enabled) for log in cloud.flow_logs_of(home, theirs)] == [(untouched, False)]
