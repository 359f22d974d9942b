"""When the network, the time, the keys, the queue or the settings fail: nothing is lost, and nothing hangs."""

from __future__ import annotations

import itertools
import json
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from handler.main import InvocationFailed
from localcloud import ApiError
from localcloud.core.faults import (
    Incoming,
    Reply,
    chain,
    content_type,
    delay,
    delay_after_effect,
    drop_after_effect,
    drop_before_effect,
    error,
    garbled_body,
    http_status,
    throttle,
    truncated_body,
)
from localcloud.vpc.model import Network
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import QUEUE, Function, context, outcomes
from tests.support.records import REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localcloud import LocalCloud
    from localcloud.core.faults import Fault, Proceed

CREATE, LOOK, SEND = "CreateFlowLog", "DescribeNetworkInterfaces", "SendMessage"
SEND_MANY = "BatchSendMessage"


@pytest.fixture
def interface(cloud: LocalCloud) -> str:
    """An interface that is attached to a running instance."""
    return cloud.seed_interface(REGION, instance_id=cloud.seed_instance(REGION))


@pytest.fixture
def event(cloud: LocalCloud, interface: str) -> dict[str, Any]:
    """The event of its creation."""
    return records.cloud_event(records.created(interface, cloud.network_of(REGION)[0]))


@pytest.fixture
def hang() -> Iterator[Fault]:
    """A fault that gives no answer until the test is over."""
    over = threading.Event()

    def fault(_call: Incoming, proceed: Proceed) -> Reply:
        over.wait(60)
        return proceed()

    yield fault
    over.set()


def answer(body: Any, content_type: str = "application/json") -> Fault:
    """A fault that answers with this and does nothing."""
    return lambda _call, _proceed: Reply(json.dumps(body).encode(), content_type=content_type)


def timed(run: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], float]:
    started = time.monotonic()
    return run(), time.monotonic() - started


# The network ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (drop_before_effect(), "created"),
        (drop_after_effect(), "covered"),
        (truncated_body(), "covered"),
        (garbled_body(), "covered"),
        (garbled_body(b""), "covered"),
        (garbled_body(b'"Response"'), "covered"),
        (garbled_body(b"[" * 200_000), "covered"),
        (chain(content_type(), garbled_body(b"<html>")), "covered"),
        (chain(content_type(), garbled_body(b"[]")), "covered"),
        (chain(content_type(), garbled_body(b'{"Response":5}')), "covered"),
        (http_status(500), "created"),
        (http_status(502, b""), "created"),
        (http_status(404, b"\xff\xfe not text"), "created"),
        (chain(content_type(), throttle()), "created"),
    ],
)
def test_a_call_that_breaks_is_made_again(
    function: Function, cloud: LocalCloud, interface: str, event: dict[str, Any], *, fault: Fault, outcome: str
) -> None:
    """Whether it took effect or not: one flow log in the end, and no dead letter."""
    switch = cloud.faults.add(CREATE, fault, times=1)
    assert outcomes(function(event)) == {outcome: 1}
    assert switch.hits == 1
    assert len(cloud.flow_logs_of(REGION, interface)) == 1
    assert function.letters() == []


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/json", "text/html"])
def test_an_error_under_any_content_type(
    function: Function, cloud: LocalCloud, event: dict[str, Any], kind: str
) -> None:
    """The SDK skips its error check unless the Content-Type is exact: the error is seen all the same."""
    refused = {"Error": {"Code": "UnauthorizedOperation", "Message": "no"}, "RequestId": "404428db"}
    cloud.faults.add(CREATE, answer({"Response": refused}, kind))
    assert outcomes(function(event)) == {"dead_lettered": 1}
    (letter,) = function.letters()
    assert (letter["error"]["code"], letter["error"]["request_id"]) == ("UnauthorizedOperation", "404428db")


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"Response": None},
        {"Response": []},
        {"Response": {"Error": {}}},
        {"Response": {"Error": {"Code": "InternalError"}}},
        {"Response": {"Error": []}},
    ],
)
def test_an_answer_of_no_known_shape_is_transient(
    function: Function, cloud: LocalCloud, event: dict[str, Any], reply: Any
) -> None:
    """A gateway in trouble: tried again, once it is known that the first try made no flow log."""
    cloud.faults.add(CREATE, answer(reply), times=1)
    assert outcomes(function(event)) == {"created": 1}
    assert function.calls() == [CREATE, "DescribeFlowLogs", CREATE]


def test_an_error_of_no_known_shape_for_ever(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """A dead letter that can be redriven."""
    cloud.faults.add(CREATE, answer({"Response": {"Error": {}}}))
    assert outcomes(function(event, clock=Clock())) == {"dead_lettered": 1}
    (letter,) = function.letters()
    assert (letter["error"]["class"], letter["error"]["code"]) == ("transient", "ClientNetworkError")


def test_a_reply_that_names_no_flow_log(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """It says success: that is created, without an id to show."""
    cloud.faults.add(CREATE, answer({"Response": {"FlowLog": [], "RequestId": "1"}}))
    (item,) = function(event)["items"]
    assert item["outcome"] == "created"
    assert "flow_log_id" not in item


@pytest.mark.parametrize(
    "described",
    [
        {"NetworkInterfaceSet": [{"NetworkInterfaceId": "ENI", "VpcId": "vpc-pq9vxykj", "Attachment": "ins"}]},
        {"NetworkInterfaceSet": [{"NetworkInterfaceId": "ENI", "VpcId": "vpc-pq9vxykj", "Attachment": [1]}]},
    ],
)
def test_a_fault_of_this_program_is_a_dead_letter_too(
    function: Function, cloud: LocalCloud, interface: str, described: dict[str, Any]
) -> None:
    """An answer that nobody thought of: named by type and place, its content not shown, and it can be redriven."""
    text = json.dumps({"Response": {**described, "TotalCount": 1, "RequestId": "1"}}).replace("ENI", interface)
    cloud.faults.add(LOOK, garbled_body(text.encode()))
    report = function(records.attached(interface))
    assert outcomes(report) == {"dead_lettered": 1}
    (letter,) = function.letters()
    assert (letter["error"]["class"], letter["error"]["code"]) == ("unexpected", "AttributeError")
    assert letter["error"]["message"].startswith("a fault of this program at vpc.py:")
    assert letter["error"]["retryable"] is True


def test_an_interface_without_a_vpc(
    function: Function, cloud: LocalCloud, interface: str, event: dict[str, Any]
) -> None:
    """The call finds nothing, and the lookup tells no VPC: the cloud's first words stand in the dead letter."""
    cloud.faults.add(CREATE, error("ResourceNotFound", "the VPC"))
    bare = {"NetworkInterfaceSet": [{"NetworkInterfaceId": interface}], "TotalCount": 1}
    cloud.faults.add(LOOK, answer({"Response": bare}))
    assert outcomes(function(event, clock=Clock())) == {"dead_lettered": 1}
    assert function.letters()[0]["error"]["message"] == "the VPC"


def test_a_fault_of_this_program_outside_of_any_interface(function: Function) -> None:
    """It is raised as one sentence that names its type and place, not its text, which may hold a secret."""
    function.set(TENCENTCLOUD_SECRETKEY="PlantedSecret\udcff")
    with pytest.raises(InvocationFailed, match=r"^a fault of this program at \w+\.py:\d+$") as raised:
        function(5)
    assert raised.value.__cause__ is raised.value.__context__ is None
    assert "PlantedSecret" not in function.output()


def test_a_page_that_never_ends_does_not_hold_the_function(function: Function, cloud: LocalCloud) -> None:
    """A listing whose TotalCount is wrong ends where a page is empty."""
    page = itertools.count()

    def fault(_call: Incoming, _proceed: Proceed) -> Reply:
        one = [
            {
                "NetworkInterfaceId": "eni-00000001",
                "VpcId": "vpc-pq9vxykj",
                "Attachment": {"InstanceId": "ins-00000001"},
            }
        ]
        body = {"Response": {"NetworkInterfaceSet": [] if next(page) else one, "TotalCount": 999, "RequestId": "1"}}
        return Reply(json.dumps(body).encode())

    cloud.faults.add(LOOK, fault, times=2)
    report = function(records.run_instances("ins-00000001"), clock=Clock())
    assert report["received"] == 1


# The time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [1.0, 3.0, 12.0])
def test_throttled_for_ever(function: Function, cloud: LocalCloud, event: dict[str, Any], seconds: float) -> None:
    """The dead letter is written and the report returned before the limit."""
    cloud.faults.add(CREATE, throttle())
    clock = Clock(now=0.0)
    assert outcomes(function(event, seconds=seconds, clock=clock)) == {"dead_lettered": 1}
    assert clock.now < seconds
    (letter,) = function.letters()
    assert (letter["error"]["class"], letter["error"]["code"]) == ("throttled", "RequestLimitExceeded")
    assert len(cloud.calls.of(CREATE)) >= 2


def test_a_whole_batch_throttled_for_ever(function: Function, cloud: LocalCloud, interface: str) -> None:
    """Thirty interfaces, ten seconds: thirty dead letters in time."""
    cloud.faults.add("*", throttle(), region=REGION)
    enis = [interface, *cloud.seed_interfaces(REGION, 29)]
    vpc_id = cloud.network_of(REGION)[0]
    batch = records.event_list(*(records.created(eni, vpc_id) for eni in enis))
    report, took = timed(lambda: function(batch, seconds=10.0))
    assert took < 10.0
    assert outcomes(report) == {"dead_lettered": 30}
    assert len(function.letters()) == 30


@pytest.mark.parametrize("action", [CREATE, LOOK])
def test_a_cloud_that_never_answers(
    function: Function, cloud: LocalCloud, interface: str, hang: Fault, action: str
) -> None:
    """A call is not waited for longer than there is time to work in."""
    cloud.faults.add(action, hang)
    report, took = timed(lambda: function(records.attached(interface), seconds=4.0))
    assert took < 4.0
    assert outcomes(report) == {"dead_lettered": 1}
    (letter,) = function.letters()
    assert (letter["error"]["class"], letter["error"]["code"]) == ("transient", "ClientNetworkError")


def test_a_batch_whose_time_runs_out(function: Function, cloud: LocalCloud, interface: str) -> None:
    """What could not be called for any more is on the queue, and can be redriven."""
    cloud.faults.add(CREATE, delay_after_effect(2.5))
    vpc_id = cloud.network_of(REGION)[0]
    enis = cloud.seed_interfaces(REGION, 80, instance_id=cloud.seed_instance(REGION))
    batch = records.event_list(*(records.created(eni, vpc_id) for eni in [interface, *enis]))
    report, took = timed(lambda: function(batch, seconds=12.0))
    assert took < 12.0
    done = outcomes(report)
    assert done["created"] >= 16
    assert done["created"] + done["dead_lettered"] == 81
    letters = function.letters()
    assert len(letters) == done["dead_lettered"]
    assert {letter["error"]["class"] for letter in letters} == {"transient"}
    assert any(letter["error"]["code"] == "OutOfTime" for letter in letters)


def test_an_instance_that_never_shows_does_not_starve_the_rest(
    function: Function, cloud: LocalCloud, interface: str
) -> None:
    """It is waited for as long as there is time; what else came with it is done, in other regions too."""
    other = cloud.seed_interface("ap-tokyo", instance_id=cloud.seed_instance("ap-tokyo"))
    batch = records.event_list(
        records.run_instances("ins-00000000", region="ap-beijing"),
        records.attached(interface),
        records.attached(other, "ap-tokyo"),
    )
    report, took = timed(lambda: function(batch, seconds=4.0))
    assert took < 4.0
    assert outcomes(report) == {"created": 2, "dead_lettered": 1}


@pytest.mark.parametrize("looked", ["nothing is there", "no answer either"])
def test_a_lost_create_is_told_when_the_time_ends_behind_it(
    function: Function, cloud: LocalCloud, event: dict[str, Any], looked: str
) -> None:
    """It may have taken effect: that the time ended while it was looked for is not why there is a letter."""
    clock = Clock()

    def slow(call: Incoming, proceed: Proceed) -> Reply:
        clock.now += 46  # of 60, of which 15 are kept for letters
        return proceed() if looked == "nothing is there" else error("InternalError")(call, proceed)

    cloud.faults.add(CREATE, error("ClientNetworkError", "no answer"))
    cloud.faults.add("DescribeFlowLogs", slow)
    assert outcomes(function(event, clock=clock)) == {"dead_lettered": 1}
    assert function.calls() == [CREATE, "DescribeFlowLogs"]
    (letter,) = function.letters()
    assert letter["error"]["message"] == "no answer"


# The keys -------------------------------------------------------------------------------------------------------------


def use_keys(function: Function, cloud: LocalCloud, seconds: float = 3_600) -> str:
    """Give the function temporary keys of a role, as SCF does, and return their id."""
    keys = cloud.account.issue_temporary_credentials("local-role", seconds)
    assert keys.token
    function.set(
        TENCENTCLOUD_SECRETID=keys.secret_id,
        TENCENTCLOUD_SECRETKEY=keys.secret_key,
        TENCENTCLOUD_SESSIONTOKEN=keys.token,
    )
    return keys.secret_id


def test_keys_are_read_at_each_invocation(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """The role's keys rotate: each invocation signs with those that are in the environment then."""
    used = []
    for _ in range(3):
        used.append(use_keys(function, cloud))
        function(records.event_list(event, 5))
    assert [call.caller.secret_id for call in cloud.calls.of(CREATE) if call.caller] == used
    assert [call.caller.secret_id for call in cloud.calls.of(SEND) if call.caller] == used


def test_stale_keys_are_replaced_once(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """When the cloud says that they are stale, the environment is read again, and the call made again."""
    fresh = cloud.account.issue_temporary_credentials("local-role", 3_600)
    use_keys(function, cloud)

    def rotate(_call: Incoming, _proceed: Proceed) -> Reply:
        os.environ["TENCENTCLOUD_SECRETID"] = fresh.secret_id
        os.environ["TENCENTCLOUD_SECRETKEY"] = fresh.secret_key
        os.environ["TENCENTCLOUD_SESSIONTOKEN"] = fresh.token or ""
        raise ApiError("AuthFailure.TokenFailure", "expired")

    cloud.faults.add(CREATE, rotate, times=1)
    assert outcomes(function(event)) == {"created": 1}
    assert [call.caller.secret_id == fresh.secret_id for call in cloud.calls.of(CREATE) if call.caller] == [False, True]


def test_keys_that_stay_stale(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """Tried again once; nothing can be put on the queue either, so it raises, and the platform keeps the event."""
    use_keys(function, cloud, seconds=10)
    cloud.clock.advance(11)
    with pytest.raises(InvocationFailed, match=r"queue error 4100: The token is wrong or has expired"):
        function(event)
    assert function.logged_letters()[0]["error"]["code"] == "AuthFailure.TokenFailure"


# The connections ------------------------------------------------------------------------------------------------------


def test_connections_are_kept_alive_between_invocations(
    function: Function, cloud: LocalCloud, event: dict[str, Any]
) -> None:
    """Ten invocations, and one connection each to the API and to the queue."""
    assert cloud._server is not None
    for _ in range(10):
        function(records.event_list(event, 5))
    assert len(cloud.calls) == 20
    assert cloud._server.connections == 2


def test_a_connection_that_was_closed_in_between_is_made_anew(
    function: Function, cloud: LocalCloud, event: dict[str, Any]
) -> None:
    """SCF freezes an instance between invocations, and servers close idle connections."""
    assert cloud._server is not None
    function(records.event_list(event, 5))
    cloud._server.close_connections()
    report = function(records.event_list(event, 5))
    assert outcomes(report) == {"covered": 1, "dead_lettered": 1}


# The queue ------------------------------------------------------------------------------------------------------------


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
        (drop_before_effect(), "the queue did not answer: ConnectionError"),
        (http_status(500), "the queue did not answer: HTTPError"),
        (garbled_body(b"{}"), "the queue did not answer: a reply without code"),
        (garbled_body(b"<html>"), "the queue did not answer: NotJson"),
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
    with pytest.raises(InvocationFailed, match=r"the queue did not answer: ConnectionError\)"):
        function(5, clock=Clock())


@pytest.mark.parametrize("letters", [1, 20])
def test_a_queue_that_never_answers(function: Function, cloud: LocalCloud, hang: Fault, letters: int) -> None:
    """However many letters there are: it raises before the platform ends it."""
    cloud.faults.add(SEND, hang)
    started = time.monotonic()
    with pytest.raises(InvocationFailed, match=r"the queue did not answer: ReadTimeout\)"):
        function(records.event_list(*range(letters)), seconds=10.0)
    assert time.monotonic() - started < 10.0
    assert len(function.logged_letters()) == letters


def test_more_letters_than_there_is_time_to_send(function: Function, cloud: LocalCloud) -> None:
    """It raises in time, and none is missing in the log."""
    for action in (SEND, SEND_MANY):
        cloud.faults.add(action, delay(4.5))
    started = time.monotonic()
    with pytest.raises(InvocationFailed, match="dead letters could not be put on the queue"):
        function(records.event_list(*[0] * 150), seconds=8.0)
    assert time.monotonic() - started < 8.0
    assert len(function.logged_letters()) == 150


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


# The settings ---------------------------------------------------------------------------------------------------------


def test_wrong_settings_are_told_at_once(function: Function, event: dict[str, Any]) -> None:
    """One error names every bad variable and what it should be; it raises, so that the platform keeps the event."""
    function.set(
        FLOWLOG_TOPIC_ID="", FLOWLOG_TRAFFIC_TYPE="all", FLOWLOG_CREATE_RATE="0", FLOWLOG_DLQ_QUEUE="1 queue",
        FLOWLOG_RULES='{"include":[]}',
    )  # fmt: skip
    with pytest.raises(InvocationFailed) as raised:
        function(event)
    message = str(raised.value)
    assert message.startswith(
        "the function's environment is wrong, correct and redeploy it: FLOWLOG_CREATE_RATE must be "
    )
    for name, should in {
        "FLOWLOG_TOPIC_ID": "is missing; it must be the id of a CLS topic, such as dfb8f1a2-",
        "FLOWLOG_TRAFFIC_TYPE": "must be one of ACCEPT, REJECT or ALL",
        "FLOWLOG_DLQ_QUEUE": "must be the name of a TDMQ-CMQ queue",
        "FLOWLOG_RULES": "must be a JSON object",
    }.items():
        assert f"{name} {should}" in message
    assert function.calls() == []
    assert function.lines()[-1]["message"] == "invocation failed"
    assert function.lines()[-1]["error"] == message


def test_without_a_role_it_says_so(function: Function, event: dict[str, Any]) -> None:
    """No keys in the environment."""
    function.set(TENCENTCLOUD_SECRETID="")
    with pytest.raises(InvocationFailed, match="give the function an execution role"):
        function(event)


def test_the_region_may_come_with_the_context(function: Function, event: dict[str, Any]) -> None:
    """SCF tells it there too."""
    function.set(TENCENTCLOUD_REGION="")
    assert outcomes(function(event)) == {"created": 1}
    with pytest.raises(InvocationFailed, match="TENCENTCLOUD_REGION is missing"):
        function.run(event, context(tencentcloud_region=""))


def test_keys_that_rotate_in_the_middle_of_a_run(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """The letter is signed with the keys of its moment, not with those of the invocation's start."""
    fresh = cloud.account.issue_temporary_credentials("local-role", 3_600)

    def rotate(_call: Incoming, _proceed: Proceed) -> Reply:
        os.environ["TENCENTCLOUD_SECRETID"] = fresh.secret_id
        os.environ["TENCENTCLOUD_SECRETKEY"] = fresh.secret_key
        os.environ["TENCENTCLOUD_SESSIONTOKEN"] = fresh.token or ""
        raise ApiError("UnauthorizedOperation", "not allowed")

    cloud.faults.add(CREATE, rotate)
    assert outcomes(function(event)) == {"dead_lettered": 1}
    (call,) = cloud.calls.of(SEND)
    assert call.caller is not None
    assert call.caller.secret_id == fresh.secret_id


def test_an_invisible_instance_does_not_hold_up_another_region(function: Function, cloud: LocalCloud) -> None:
    """What has to be waited for is waited for beside the rest, not before it."""
    elsewhere = "ap-beijing"
    interface = cloud.seed_interface(elsewhere, instance_id=cloud.seed_instance(elsewhere))
    batch = records.event_list(
        records.cloud_event(records.run_instances("ins-00000000")),
        records.cloud_event(records.attached(interface, elsewhere)),
    )
    report = function(batch, seconds=3)
    assert outcomes(report) == {"created": 1, "dead_lettered": 1}
    assert len(cloud.flow_logs_of(elsewhere, interface)) == 1


def test_a_wrong_vpc_in_the_record_does_not_outwit_the_rules(
    function: Function, cloud: LocalCloud, interface: str
) -> None:
    """The VPC that the cloud knows decides, once it is known."""
    vpc_id, _ = cloud.network_of(REGION)
    function.set(FLOWLOG_RULES=json.dumps({"exclude": {"vpc_ids": [vpc_id]}}))
    other, _ = cloud.seed_vpc(REGION)
    report = function(records.cloud_event(records.created(interface, other)), clock=Clock())
    assert outcomes(report) == {"skipped": 1}


def test_wrong_settings_and_missing_keys_are_told_together(function: Function, event: dict[str, Any]) -> None:
    """One correction, not two."""
    function.set(FLOWLOG_TRAFFIC_TYPE="SOME", TENCENTCLOUD_SECRETID="")
    with pytest.raises(InvocationFailed) as failed:
        function(event)
    assert "TENCENTCLOUD_SECRETID" in str(failed.value)
    assert "FLOWLOG_TRAFFIC_TYPE" in str(failed.value)


def test_our_own_keys_in_an_answer(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """A server that repeats what it was sent: neither the key nor the token goes on, not even in the exception."""
    use_keys(function, cloud)
    secrets = [function.variables[f"TENCENTCLOUD_{name}"] for name in ("SECRETKEY", "SESSIONTOKEN")]
    cloud.faults.add(CREATE, error("AuthFailure.SignatureFailure", f"got {secrets[0]} and {secrets[1]}"))
    report = function(event)
    assert outcomes(report) == {"dead_lettered": 1}
    cloud.faults.add(SEND, error(4000, f"got {secrets[0]} and {secrets[1]}"))
    with pytest.raises(InvocationFailed) as failed:
        function(event)
    for secret in secrets:
        assert secret not in function.output() + json.dumps(report) + str(failed.value)


def test_an_answer_of_the_api_with_another_status(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """It says what it says, whatever the status: "HTTP 200 always" is what the documents promise."""
    code = "UnsupportedOperation.FlowLogInstanceExisted"
    body = json.dumps({"Response": {"Error": {"Code": code, "Message": "m"}, "RequestId": "1"}})
    cloud.faults.add(CREATE, http_status(500, body.encode()))
    assert outcomes(function(event)) == {"covered": 1}
    assert function.calls() == [CREATE]


def test_an_interface_that_is_named_by_its_instance_too(function: Function, cloud: LocalCloud, interface: str) -> None:
    """RunInstances and an attach of the same interface in one batch: it is called for once."""
    (instance,) = {
        each.instance_id for each in [*cloud.account.region(REGION).state(Network).interfaces] if each.instance_id
    }
    batch = records.event_list(
        records.run_instances(instance),
        records.attached(interface),
        records.created(interface, cloud.network_of(REGION)[0]),
    )
    report = function(batch)
    assert report["outcomes"]["dead_lettered"] == 0
    assert len({item["interface_id"] for item in report["items"]}) == 2  # the instance's own, and the attached one
    assert cloud.calls.count(CREATE) == 2


def test_the_more_events_the_more_time_is_kept_for_their_letters(
    function: Function, cloud: LocalCloud, event: dict[str, Any]
) -> None:
    """Of ten seconds a quarter, and another for two hundred letters: what is throttled then is not tried again."""
    clock = Clock(now=0.0)

    def late(call: Incoming, proceed: Proceed) -> Reply:
        clock.now = max(clock.now, 6.6)
        return throttle()(call, proceed)

    cloud.faults.add(CREATE, late)
    assert outcomes(function(records.event_list(*[event] * 200), seconds=10.0, clock=clock)) == {"dead_lettered": 200}
    assert function.calls() == [CREATE]
    clock.now = 0.0
    function(event, seconds=10.0, clock=clock)
    assert function.calls().count(CREATE) > 2


@pytest.mark.parametrize(
    "fault",
    [
        http_status(502, b"[]"),
        chain(content_type(), answer({"Response": {"Error": ["no", "object"]}})),
    ],
    ids=["JSON that is no answer", "an Error that is no object"],
)
def test_an_answer_that_is_json_and_nothing_more(
    function: Function, cloud: LocalCloud, event: dict[str, Any], fault: Fault
) -> None:
    """A gateway's own words: the call is made again."""
    cloud.faults.add(CREATE, fault, times=1)
    assert outcomes(function(event)) == {"created": 1}
