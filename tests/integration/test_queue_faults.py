"""When the dead-letter queue fails: each letter is sent again, or the invocation fails."""

from __future__ import annotations

import gc
import socket
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

from handler.errors import QueueUnreachable
from handler.invocation import Invocation
from handler.main import InvocationFailed
from handler.model import Failure
from localcloud.core.faults import (
    drop_before_effect,
    error,
    garbled_body,
    http_status,
    truncated_body,
)
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import QUEUE, Function, context, environment, outcomes
from tests.support.records import REGION

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from localcloud.core.faults import Fault


CREATE, LOOK, SEND = "CreateFlowLog", "DescribeNetworkInterfaces", "SendMessage"
SEND_MANY = "BatchSendMessage"


@pytest.mark.parametrize(
    "fault",
    [
        error(4420),
        error(4480),
        error(6000),
        http_status(500),
        http_status(503, b""),
        drop_before_effect(),
        garbled_body(b"<html>"),
        garbled_body(b"[]"),
        garbled_body(b"{}"),
        garbled_body(b'{"code":"0"}'),
        garbled_body(b'{"code":null}'),
        truncated_body(),
    ],
)
def test_a_letter_is_sent_again(function: Function, cloud: LocalCloud, fault: Fault) -> None:
    """Too fast, the server's own fault, or no answer: tried again within the time that is kept for it."""
    switch = cloud.faults.add(SEND, fault, times=2)
    assert outcomes(function([1])) == {"dead_lettered": 1}
    assert switch.hits == 2
    assert {letter["error"]["message"] for letter in function.letters()} == {"$: must be object, not array"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (error(4440, "queue is not existed"), "queue error 4440: queue is not existed"),
        (error(4100, "no"), "queue error 4100: no"),
        (error(6000, "server"), "queue error 6000: server"),
        (drop_before_effect(), "the queue did not answer: 127.0.0.1: the connection broke (ProtocolError)"),
        (http_status(500), "the queue did not answer: HTTP status 500"),
        (garbled_body(b"{}"), "the queue did not answer: a reply without code"),
        (garbled_body(b"<html>"), "the queue did not answer: not JSON: Expecting value at character 0"),
    ],
)
def test_the_queue_is_down(
    function: Function, cloud: LocalCloud, interface: str, event: dict[str, Any], *, fault: Fault, said: str
) -> None:
    """Everything else is finished; then one clear error, and the letter stands in the log."""
    cloud.faults.add(SEND, fault)
    with pytest.raises(InvocationFailed) as raised:
        function(records.event_list(5, event, [records.SECRETS]), clock=Clock())
    assert str(raised.value) == (
        f"2 dead letters could not be put on the queue {QUEUE} ({said}): the platform keeps the event and tries again; "
        "check the queue, FLOWLOG_DLQ_ENDPOINT and the role; the letters are in this function's log"
    )
    assert raised.value.__cause__ is raised.value.__context__ is None
    assert len(cloud.flow_logs_of(REGION, interface)) == 1
    assert function.logged_letters()[0]["event"] == 5
    assert {line["message"] for line in function.lines()} == {"dead letter", "report", "invocation failed"}


def test_nobody_listens_at_the_queue_s_address(function: Function) -> None:
    """Connections are refused."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    function.set(FLOWLOG_DLQ_ENDPOINT=f"http://127.0.0.1:{port}")
    with pytest.raises(InvocationFailed, match=r"the queue did not answer: 127\.0\.0\.1: Connection refused\)"):
        function(5, clock=Clock())


def test_a_single_letter_is_told_in_the_singular(function: Function, cloud: LocalCloud) -> None:
    """The platform shows this sentence to whoever looks why an invocation failed."""
    cloud.faults.add(SEND, error(4100, "no"))
    with pytest.raises(InvocationFailed, match=r"^1 dead letter could not be put on the queue"):
        function(5, clock=Clock())


@pytest.mark.parametrize("letters", [1, 20])
def test_a_queue_that_never_answers(function: Function, cloud: LocalCloud, hang: Fault, letters: int) -> None:
    """However many letters there are: the whole invocation is waited for no longer than its limit."""
    cloud.faults.add(SEND, hang)
    with pytest.raises(
        InvocationFailed, match=r"the queue did not answer: 127\.0\.0\.1: no whole reply within [01]\.\d s\)"
    ):
        function(records.event_list(*range(letters)), seconds=2.0)
    assert len(function.logged_letters()) == letters


def test_many_letters_are_sent_in_batches(function: Function, cloud: LocalCloud) -> None:
    """A whole batch of events may fail just before the time is up: 300 letters are 19 calls, not 300."""
    assert outcomes(function(records.event_list(*[0] * 300))) == {"dead_lettered": 300}
    assert len({letter["id"] for letter in function.letters()}) == 300
    assert cloud.calls.count(SEND) + cloud.calls.count(SEND_MANY) < 32


@pytest.mark.parametrize("fault", [error(4100, "no"), http_status(404), drop_before_effect()])
def test_a_batch_that_is_refused_is_sent_one_by_one(function: Function, cloud: LocalCloud, fault: Fault) -> None:
    """The role may lack the permission for it, or the queue's address not know it."""
    cloud.faults.add(SEND_MANY, fault)
    assert outcomes(function(records.event_list(*[0] * 40))) == {"dead_lettered": 40}
    assert len(function.letters()) == 40


def test_no_time_at_all(function: Function, event: dict[str, Any]) -> None:
    """It is over before the first call: nothing is called, and the event stays with the platform."""

    class Running(Clock):
        def monotonic(self) -> float:
            self.now += 1.0
            return self.now

    with pytest.raises(InvocationFailed, match="could not be put on the queue"):
        function(event, seconds=1.0, clock=Running())
    assert function.calls() == []


def test_a_letter_that_is_not_taken_keeps_no_traceback(function: Function, cloud: LocalCloud) -> None:
    """A thousand of them shared one exception, which grew by a frame with each."""
    cloud.faults.add("*", error(4440, "queue is not existed"))
    invocation = Invocation.start(environment(cloud), context())

    def tracebacks() -> int:
        return sum(isinstance(each, TracebackType) for each in gc.get_objects())

    before = tracebacks()
    for number in range(1_000):
        invocation.letters.add_event(number, Failure("invalid", "InvalidPayload", "no event"))
    with pytest.raises(QueueUnreachable, match="1000 dead letters could not be put on the queue"):
        invocation.letters.raise_if_unsent()
    assert tracebacks() - before < 100
    assert len(function.logged_letters()) == 1_000
