"""Asynchronous events of a function: retries, dead letters, and what happens to those that wait."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from localcloud.scf.invoker import DeadLetter, Invocation
from localcloud.scf.model import Ref
from tests.support.deployed import wait_until
from tests.support.platform_replies import code
from tests.support.probe import NAMED, RAISES, SLEEPS, make, run, settled

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client

LETTER_BODY = (
    "AppId", "Uin", "SubAccountUin", "RequestSource", "FunctionName", "Namespace", "Qualifier", "InvocationType",
    "ClientContext", "LogType", "TimeStampForInvoker", "RequestId", "PushTime", "RetryNum", "Ttl",
)  # fmt: skip


ANSWERS_FOR_ITS_RUNTIME = """
import os

def main_handler(event, context):
    for number in range(3, 1024):
        try:
            os.write(number, b"no answer at all\\n")
        except OSError:
            pass  # not open, or not to be written to
"""


def test_an_error_is_retried_twice_a_minute_apart_and_then_a_dead_letter(cloud: LocalCloud, call: Client) -> None:
    """The dead letter has its documented shape, and the event is the text in Body.ClientContext."""
    cloud.seed_queue("q")
    make(call, RAISES, DeadLetterConfig={"Type": "CMQ-QUEUE", "Name": "q"})
    result = run(call, {"a": 1}, InvocationType="Event")
    assert {name: value for name, value in result.items() if value} == {
        "FunctionRequestId": result["FunctionRequestId"]
    }
    settled(cloud)
    times = [one.started for one in cloud.scf.invocations]
    assert all(later - earlier >= 60 * 0.001 for earlier, later in pairwise(times))
    assert [(one.attempt, one.request_id) for one in cloud.scf.invocations] == [
        (number, result["FunctionRequestId"]) for number in (1, 2, 3)
    ]
    (letter,) = (json.loads(body) for body in cloud.messages("q"))
    assert list(letter) == ["RequestId", "ErrorCode", "ErrorMessage", "Body"]
    assert tuple(letter["Body"]) == LETTER_BODY
    assert json.loads(letter["Body"]["ClientContext"]) == {"a": 1}
    assert letter["ErrorMessage"].startswith("Traceback (most recent call last):")
    assert (letter["ErrorCode"], letter["Body"]["RetryNum"], letter["Body"]["FunctionName"]) == (-1, 2, "probe")
    assert letter["RequestId"] == letter["Body"]["RequestId"] == result["FunctionRequestId"]


def test_a_retry_that_succeeds_ends_it(cloud: LocalCloud, call: Client) -> None:
    cloud.seed_queue("q")
    make(call, RAISES, DeadLetterConfig={"Type": "CMQ-QUEUE", "Name": "q"})
    cloud.behaviour.time_scale = 1.0
    run(call, {}, InvocationType="Event")
    wait_until(lambda: len(cloud.scf.invocations) == 1)
    call("scf", "UpdateFunctionCode", **NAMED, Code=code())
    cloud.clock.advance(59)
    assert len(cloud.scf.invocations) == 1
    wait_until(lambda: _advance(cloud, 0.5) and len(cloud.scf.invocations) == 2)
    settled(cloud)
    assert [one.error is None for one in cloud.scf.invocations] == [False, True]
    assert cloud.messages("q") == []


def _advance(cloud: LocalCloud, seconds: float) -> bool:
    cloud.clock.advance(seconds)
    return True


EXITS = "import os\ndef main_handler(event, context):\n    os._exit(1)\n"


@pytest.mark.parametrize("source", [EXITS, ANSWERS_FOR_ITS_RUNTIME], ids=("exit", "answer"))
def test_a_crash_is_an_error_too(cloud: LocalCloud, call: Client, source: str) -> None:
    """Whatever ends a run, its event is tried again and then kept: what may end it, the runtime's tests tell."""
    cloud.seed_queue("q")
    make(call, source, DeadLetterConfig={"Type": "CMQ-QUEUE", "Name": "q"})
    run(call, 30, InvocationType="Event")
    settled(cloud)
    assert [one.error and one.error["statusCode"] for one in cloud.scf.invocations] == [439] * 3
    assert len(cloud.messages("q")) == 1


def test_a_crash_of_the_machine_ends_what_runs(cloud: LocalCloud, call: Client) -> None:
    make(call, SLEEPS, Timeout=60, AsyncRunEnable="TRUE")
    run(call, 30, InvocationType="Event")
    wait_until(lambda: cloud.scf.pools.total == 1)
    cloud.scf.pools.kill(Ref(cloud.region, "default", "probe"))
    settled(cloud)
    assert [one.error and one.error["statusCode"] for one in cloud.scf.invocations] == [439]


def test_without_a_queue_the_event_is_lost_and_that_is_said(cloud: LocalCloud, call: Client) -> None:
    told: list[Invocation | DeadLetter] = []
    cloud.scf.watchers.append(told.append)
    make(call, RAISES, DeadLetterConfig={"Type": "CMQ-QUEUE", "Name": "not-there"})
    run(call, {}, InvocationType="Event")
    settled(cloud)
    letters = [(one.queue, one.kept) for one in told if isinstance(one, DeadLetter)]
    assert letters == [("not-there", False)]


def test_async_execution_gets_neither_retries_nor_a_dead_letter(cloud: LocalCloud, call: Client) -> None:
    cloud.seed_queue("q")
    make(call, RAISES, AsyncRunEnable="TRUE", DeadLetterConfig={"Type": "CMQ-QUEUE", "Name": "q"})
    run(call, {}, InvocationType="Event")
    settled(cloud)
    assert len(cloud.scf.invocations) == 1
    assert cloud.messages("q") == []


def test_events_wait_for_an_instance_and_synchronous_calls_are_throttled(cloud: LocalCloud, call: Client) -> None:
    cloud.scf.pools.max_instances = 2
    make(call, SLEEPS)
    for _ in range(6):
        run(call, 0.2, InvocationType="Event")
    wait_until(lambda: cloud.scf.pools.total == 2)
    error = json.loads(run(call, 0)["ErrMsg"])
    assert (error["statusCode"], error["errorMessage"]) == (
        432,
        "Function [ probe ] concurrency exceeded reserved quota 256 MB",
    )
    settled(cloud)
    done = [one for one in cloud.scf.invocations if one.error is None]
    assert len(done) == 6
    assert len({one.instance_id for one in done}) == 2


def test_throttled_events_are_tried_again_each_minute(cloud: LocalCloud, call: Client) -> None:
    """With the switch: events do not wait in the queue for an instance."""
    cloud.scf.waits_for_instances, cloud.scf.pools.max_instances = False, 1
    make(call, SLEEPS)
    for _ in range(4):
        run(call, 0.1, InvocationType="Event")
    settled(cloud)
    statuses = [one.error["statusCode"] if one.error else 200 for one in cloud.scf.invocations]
    assert statuses.count(200) == 4
    assert set(statuses) == {200, 432}


def test_a_deleted_function_s_events_are_dropped(cloud: LocalCloud, call: Client) -> None:
    cloud.scf.pools.max_instances = 1
    make(call, SLEEPS)
    for _ in range(3):
        run(call, 0.3, InvocationType="Event")
    wait_until(lambda: cloud.scf.pools.total == 1)
    call("scf", "DeleteFunction", **NAMED)
    settled(cloud)
    assert len(cloud.scf.invocations) == 1
