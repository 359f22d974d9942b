"""The queue and the listings, spoken to through their adapters, over HTTP."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from handler import settings
from handler.budget import Budget
from handler.cloud import api as api_module
from handler.cloud.api import VPC, Api
from handler.cloud.pace import Pacer
from handler.cloud.queue import Queue
from handler.cloud.retry import MAX_ATTEMPTS
from handler.cloud.rows import Rows
from handler.cloud.vpc import Vpc
from handler.errors import OutOfTime, QueueError, Refused, Transient
from handler.model import FlowLog
from localcloud.core.faults import error, garbled_body, throttle
from tests.support.clock import Clock
from tests.support.function import QUEUE, environment
from tests.support.server import head, serving

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from localcloud.core.faults import Incoming, Proceed, Reply

REGION = "ap-shanghai"


@pytest.fixture
def queue(cloud: LocalCloud) -> Queue:
    return Queue(cloud.endpoint, QUEUE, lambda: settings.credentials(environment(cloud)), Budget(20.0))


@pytest.fixture
def api(cloud: LocalCloud) -> Api:
    return Api(cloud.endpoint, lambda: settings.credentials(environment(cloud)), Budget(20.0))


@pytest.fixture
def vpc(cloud: LocalCloud, api: Api) -> Vpc:
    return Vpc(api, settings.load(environment(cloud)))


# The queue ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["{}", '{"a b":"_&=/+%ü\\u20ac 流"}', "x" * 500_000])
def test_a_message_goes_there_and_back(queue: Queue, body: str) -> None:
    """Any text of up to 1 MB, signed as it is and sent as a form."""
    message_id = queue.send(body)
    (message,) = queue.receive()
    assert (message.body, message.message_id) == (body, message_id)
    queue.delete([message.handle])
    assert queue.receive() == []


def test_receiving_and_deleting_in_batches(queue: Queue, cloud: LocalCloud) -> None:
    """Up to sixteen at a time."""
    for number in range(20):
        queue.send(str(number))
    messages = queue.receive()
    assert len(messages) == 16
    queue.delete([message.handle for message in messages])
    assert len(cloud.messages(QUEUE)) == 4
    assert len(queue.receive(3)) == 3


def test_a_stale_handle_is_no_error(queue: Queue, cloud: LocalCloud) -> None:
    """Somebody else has the message now: whether some or all of a batch were stale."""
    queue.send("a")
    (first,) = queue.receive()
    cloud.clock.advance(3_600)
    queue.send("b")
    handles = [first.handle, *(message.handle for message in queue.receive())]
    queue.delete(handles)
    queue.delete(["stale"])
    assert len(cloud.messages(QUEUE)) <= 1


def test_a_message_without_its_fields(queue: Queue, cloud: LocalCloud) -> None:
    """What an answer leaves out is empty; a list that is null holds nothing."""
    cloud.faults.add("BatchReceiveMessage", garbled_body(b'{"code":0,"msgInfoList":[{}]}'), times=1)
    (message,) = _with_one_waiting(queue).receive()
    assert (message.body, message.handle, message.message_id) == ("", "", "")
    cloud.faults.add("BatchReceiveMessage", garbled_body(b'{"code":0,"msgInfoList":null}'), times=1)
    assert queue.receive() == []


def _with_one_waiting(queue: Queue) -> Queue:
    queue.send("x")
    return queue


@pytest.mark.parametrize(("call", "arguments"), [("send", ["x"]), ("receive", []), ("delete", [["x"]])])
def test_a_queue_that_is_not_there(cloud: LocalCloud, call: str, arguments: list[Any]) -> None:
    """Every call says so, with the queue's own code."""
    queue = Queue(cloud.endpoint, "nowhere", lambda: settings.credentials(environment(cloud)), Budget(20.0))
    with pytest.raises(QueueError, match="queue error 4440: queue is not existed: nowhere") as refused:
        getattr(queue, call)(*arguments)
    assert refused.value.code == 4440


# The listings ---------------------------------------------------------------------------------------------------------


def test_a_page_of_interfaces(vpc: Vpc, cloud: LocalCloud) -> None:
    """A hundred at a time, with how many there are in all; of some VPCs if they are named."""
    instance_id = cloud.seed_instance(REGION)
    cloud.seed_interfaces(REGION, 120, instance_id=instance_id, tags={"a": "b"})
    listed = vpc.interface_page(REGION, 0)
    page = listed.entries
    assert (len(page), listed.number, listed.total) == (100, 100, 121)
    assert len(vpc.interface_page(REGION, 100).entries) == 21
    vpc_id, subnet_id = cloud.network_of(REGION)
    assert {(one.vpc_id, one.subnet_id, one.instance_id, one.attached) for one in page} == {
        (vpc_id, subnet_id, instance_id, True)
    }
    assert page[0].tags == {"a": "b"}
    other, _ = cloud.seed_vpc(REGION)
    assert vpc.interface_page(REGION, 0, [other]) == Rows([], [], 0)
    assert vpc.interface_page(REGION, 0, [other, vpc_id]).total == 121


def test_a_page_of_flow_logs(vpc: Vpc, cloud: LocalCloud) -> None:
    """With what a status needs of them: topic, its state, traffic type, whether it is on."""
    (eni,) = cloud.seed_interfaces(REGION, 1)
    flow_log_id = cloud.seed_flow_log(REGION, eni, enabled=False, traffic_type="REJECT")
    expected = FlowLog(
        flow_log_id, eni, "REJECT", cloud.topic_id, "SUCCESS", enabled=False, description="managed-by=eni-flowlog"
    )
    page = vpc.flow_log_page(REGION, 0)
    assert ([replace(log, created="", name="") for log in page.entries], page.total) == ([expected], 1)
    assert vpc.flow_log_page(REGION, 1) == Rows([], [], 1)


def test_many_ids_in_hundreds(vpc: Vpc, cloud: LocalCloud) -> None:
    """More ids than one call takes."""
    enis = cloud.seed_interfaces(REGION, 130)
    assert {one.interface_id for one in vpc.interfaces_by_id(REGION, enis)} == set(enis)
    assert [len(call.params["NetworkInterfaceIds"]) for call in cloud.calls] == [100, 30]


def test_a_queue_s_last_answer_is_told_when_the_time_ends_in_a_wait(cloud: LocalCloud) -> None:
    """A busy machine comes back late from a wait; that the time is out is not why the letter was not sent."""
    clock = Clock()
    budget = Budget(5.0, monotonic=clock.monotonic, sleep=lambda _: clock.sleep(6.0), started=clock.now)
    queue = Queue(cloud.endpoint, QUEUE, lambda: settings.credentials(environment(cloud)), budget)
    cloud.faults.add("SendMessage", error(6000))
    with pytest.raises(QueueError, match="queue error 6000"):
        queue.send("{}")


def test_a_call_is_sent_as_the_sdk_would_send_it() -> None:
    """Header by header, but for what says who sends it and what it takes: our own connection changes nothing else."""
    body = b'{"Response":{"RequestId":"404428db"}}'
    with serving() as server:
        server.answer = lambda request: request.wfile.write(head(len(body)) + body)
        keys = settings.Credentials("AKIDexample", "secret", "a token")
        Api(server.url, lambda: keys, Budget(20.0)).call(VPC, "DescribeFlowLogs", REGION, {"Limit": 100})
        profile = ClientProfile(
            httpProfile=HttpProfile(protocol="http", endpoint=server.url.removeprefix("http://"), keepAlive=True)
        )
        sdk = CommonClient("vpc", VPC.version, Credential(keys.secret_id, keys.secret_key, keys.token), REGION, profile)
        sdk.call_json("DescribeFlowLogs", {"Limit": 100})
    ours, theirs = (headers for _, headers, _ in server.heard)
    of_the_moment = {"Authorization", "X-TC-Timestamp", "X-TC-RequestClient", "X-TC-TraceId", "X-TC-Language"}
    of_the_sender = {"User-Agent", "Accept", "Accept-Encoding"}
    assert ours.keys() == theirs.keys() > of_the_moment
    assert {name for name in ours if ours[name] != theirs[name]} - of_the_moment == of_the_sender


# The pace, the keys, the time -----------------------------------------------------------------------------------------


def test_a_paced_call_tells_the_pacer_how_it_went(cloud: LocalCloud) -> None:
    """A throttle slows it down, an answer counts; and a pacer without a turn left is out of time."""
    clock = Clock()
    budget = Budget(20.0, monotonic=clock.monotonic, sleep=clock.sleep, started=clock.now)
    pacer = Pacer(20.0, clock.monotonic)
    api = Api(cloud.endpoint, lambda: settings.credentials(environment(cloud)), budget)
    cloud.faults.add("DescribeNetworkInterfaces", throttle(), times=1)
    api.call(VPC, "DescribeNetworkInterfaces", REGION, {}, pacer)
    assert pacer.wait_turn(clock.wait)
    before = clock.now
    assert pacer.wait_turn(clock.wait)
    assert clock.now - before > 1 / 20.0
    slow = Pacer(0.01, clock.monotonic)
    fresh = Budget(20.0, monotonic=clock.monotonic, sleep=clock.sleep, started=clock.now)
    api = Api(cloud.endpoint, lambda: settings.credentials(environment(cloud)), fresh)
    slow.wait_turn(clock.wait)
    slow.wait_turn(lambda _: False)
    with pytest.raises(OutOfTime, match="OutOfTime: the invocation's time ran out before DescribeNetworkInterfaces"):
        api.call(VPC, "DescribeNetworkInterfaces", REGION, {}, slow)


@pytest.mark.parametrize(("paced", "pauses"), [(False, []), (True, [1 / 95, 1 / 19 - 1 / 95])])
def test_each_action_and_region_has_its_own_pace(cloud: LocalCloud, *, paced: bool, pauses: list[float]) -> None:
    """A command's reads keep under their documented limits; an event's few calls go at once."""
    clock = Clock()
    budget = Budget(20.0, monotonic=clock.monotonic, sleep=clock.sleep, started=clock.now)
    api = Api(cloud.endpoint, lambda: settings.credentials(environment(cloud)), budget)
    vpc = Vpc(api, settings.load(environment(cloud)), paced=paced)
    for _ in range(2):
        vpc.interface_page(REGION, 0)
        vpc.interface_page("ap-beijing", 0)
        vpc.flow_log_page(REGION)
    assert clock.waits == pytest.approx(pauses)


def test_clients_of_regions_that_there_are_not_do_not_pile_up(api: Api) -> None:
    """An event may name any number of them."""
    for number in range(api_module.MAX_CLIENTS * 2):
        with pytest.raises(Refused, match="UnsupportedRegion"):
            api.call(VPC, "DescribeFlowLogs", f"ap-nowhere{number}", {})
    gc.collect()
    assert sum(isinstance(each, CommonClient) for each in gc.get_objects()) <= api_module.MAX_CLIENTS


def test_the_clients_end_with_their_invocation(cloud: LocalCloud) -> None:
    """A warm function makes some for each event: they, and the keys that they hold, wait for no garbage collection."""
    api = Api(cloud.endpoint, lambda: settings.credentials(environment(cloud)), Budget(20.0))
    api.call(VPC, "DescribeFlowLogs", REGION, {})
    ended = weakref.ref(api)
    gc.disable()
    try:
        del api
        assert ended() is None
    finally:
        gc.enable()


def test_a_server_in_trouble_is_not_asked_for_ever(cloud: LocalCloud) -> None:
    """Eight times since the last throttle, with time left for more; being throttled is no trouble of the server."""
    clock = Clock()
    budget = Budget(900.0, monotonic=clock.monotonic, sleep=clock.sleep, started=clock.now)
    api = Api(cloud.endpoint, lambda: settings.credentials(environment(cloud)), budget)
    trouble = error("InternalError")
    first = iter([*[trouble] * (MAX_ATTEMPTS - 1), throttle()])

    def in_turn(call: Incoming, proceed: Proceed) -> Reply:
        return next(first, trouble)(call, proceed)

    cloud.faults.add("DescribeNetworkInterfaces", in_turn)
    with pytest.raises(Transient, match="InternalError") as raised:
        Vpc(api, settings.load(environment(cloud))).interface_page(REGION, 0)
    assert cloud.calls.count("DescribeNetworkInterfaces") == MAX_ATTEMPTS + MAX_ATTEMPTS
    assert not raised.value.unfinished
