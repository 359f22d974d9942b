"""An unexpected error, at any call of any function: it ends the one thing that was worked on, and nothing is lost.

Python's own tracing raises the error at the very call, so that no code of ours is replaced.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import handler
from handler.main import InvocationFailed
from localcloud import LocalCloud
from tests.support import records
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import QUEUE, Function, environment, functions
from tests.support.letters import letter_of, put, stopped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

pytestmark = [
    pytest.mark.usefixtures("untraced"),
    # A generator that is closed may be struck, too.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

AWAY = "ap-shanghai"
ROOT = Path(handler.__file__).parent
# What carries every invocation, like the making of its tools. An error there fails it as a whole, so that the platform
# keeps the event.
OF_THE_WHOLE = {"main.py", "invocation.py", "settings.py", "budget.py", "model.py", "deadletters.py"}
# What ends any other error cannot end one at its own call: that fails the invocation, too.
GUARDS = {
    ("commands/dispatch.py", "run"),
    ("cover/batch.py", "run"),
    ("errors.py", "attempted"),
    ("intake/events.py", "items_of"),
}
# An error in the log or in its redaction would need a log to be told.
NOT_STRUCK = {"log.py", "redaction.py"}
DOOR = ("main.py", "main_handler")
SWEEP = {"command": "sweep"}
WORDS = "nobody expects this"

Site = tuple[str, str]


class Strike:
    """Counts the calls of the handler's functions, or raises at one of them."""

    def __init__(self, site: Site | None = None, number: int = 1) -> None:
        self.calls: Counter[Site] = Counter()
        self.struck = False
        self._site = site
        self._number = number

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event != "call" or ROOT not in path.parents or frame.f_code.co_name.startswith("<"):
            return
        site = str(path.relative_to(ROOT)), str(getattr(frame.f_code, "co_qualname", frame.f_code.co_name))
        self.calls[site] += 1
        if site == self._site and self.calls[site] == self._number and not self.struck:
            self.struck = True
            raise RuntimeError(WORDS)

    @contextmanager
    def everywhere(self) -> Iterator[None]:
        """Watch this thread, and those that begin meanwhile."""
        here, in_threads = sys.gettrace(), threading.gettrace()
        threading.settrace(self)
        sys.settrace(self)
        try:
            yield
        finally:
            # Not this thread's own: coverage's belongs to one thread, and crashes in another.
            threading.settrace(in_threads)
            sys.settrace(here)


class Story:
    """An account with something of everything: missing and broken in two regions, records on the queue."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.cloud = cloud = function.cloud
        function.set(FLOWLOG_CREATE_RATE="100000", FLOWLOG_REPAIR="recreate", FLOWLOG_REGIONS=f"{HOME},{AWAY}")
        self.interfaces = {region: cloud.seed_interfaces(region, 3) for region in (HOME, AWAY)}
        for region, ids in self.interfaces.items():
            cloud.seed_flow_log(region, ids[0], topic_id=cloud.add_topic(), description="managed-by=eni-flowlog")
        put(
            cloud,
            letter_of(cloud, self.interfaces[HOME][1]),
            records.own_letter("command", event={"command": "backfill", "regions": [AWAY]}, error=stopped()),
            records.platform_letter(records.timer("")),
        )

    def covered(self, region: str) -> bool:
        return all(len(self.cloud.flow_logs_of(region, each)) == 1 for each in self.interfaces[region])

    def run(self, strike: Strike) -> dict[str, Any] | None:
        """A sweep; None where it failed as a whole."""
        with strike.everywhere():
            try:
                return self.function(SWEEP)
            except InvocationFailed:
                return None


@contextmanager
def story() -> Iterator[Story]:
    with LocalCloud(enforce_limits=False, time_scale=0.01) as cloud:
        cloud.seed_queue(QUEUE, MsgRetentionSeconds=43_200)
        for function in functions(cloud, environment(cloud, FLOWLOG_TOPIC_REGION=HOME)):
            yield Story(function)


def all_sites() -> list[Site]:
    with story() as told:
        strike = Strike()
        assert told.run(strike) is not None
        assert told.covered(HOME)
        assert told.covered(AWAY)
        return sorted(site for site in strike.calls if Path(site[0]).name not in NOT_STRUCK and site != DOOR)


def faults_of(site: Site) -> Iterator[str]:
    """What goes wrong beyond the one thing, where the first call of a function is struck."""
    with story() as told:
        strike = Strike(site)
        report = told.run(strike)
        if not strike.struck:
            return  # which thread comes first decides whether it is called
        kept = [body for body in told.cloud.messages(QUEUE) if json.loads(body).get("kind") == "command"]
        path, name = site[0], site[1].rpartition(".")[2]
        of_the_whole = path in OF_THE_WHOLE or name == "__init__" or (path, name) in GUARDS
        if report is None and not of_the_whole:
            yield "the invocation failed"
        if report is not None and not (told.covered(HOME) or told.covered(AWAY) or kept):
            yield "neither region is whole, and no letter names what is left"
        if WORDS in told.function.output():
            yield "the error's text was told"
        for _ in range(3):
            told.cloud.clock.advance(400)
            if told.function(SWEEP) is None:
                yield "the next sweep failed"
        if not (told.covered(HOME) and told.covered(AWAY)):
            yield "an interface was lost"
        if told.cloud.messages(QUEUE):
            yield "a record is left"


@pytest.fixture(scope="module")
def sites() -> list[Site]:
    return all_sites()


def test_every_part_of_the_work_is_struck(sites: list[Site]) -> None:
    """The story calls what commands, intake, cover and cloud are made of."""
    assert len(sites) > 150
    assert {path.partition("/")[0] for path, _ in sites} >= {"commands", "intake", "cover", "cloud"}


@settings(max_examples=20, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(place=st.floats(0, 1, exclude_max=True))
def test_an_error_at_any_call_ends_one_thing(sites: list[Site], place: float) -> None:
    """The invocation goes on, or is the platform's to repeat; and the next sweeps make all whole."""
    assert list(faults_of(sites[int(place * len(sites))])) == []
