"""When the network or the cloud's answers fail: nothing is lost, and nothing hangs."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from handler.main import InvocationFailed
from localcloud.core.faults import (
    Incoming,
    Reply,
    chain,
    content_type,
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
from tests.support.function import Function, outcomes
from tests.support.records import REGION
from tests.support.strikes import answer

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from localcloud.core.faults import Fault, Proceed


CREATE, LOOK, SEND = "CreateFlowLog", "DescribeNetworkInterfaces", "SendMessage"


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
        (http_status(502, b"[]"), "created"),
        (http_status(404, b"\xff\xfe not text"), "created"),
        (chain(content_type(), throttle()), "created"),
    ],
)
def test_a_call_that_breaks_is_made_again(
    function: Function, cloud: LocalCloud, interface: str, event: dict[str, Any], *, fault: Fault, outcome: str
) -> None:
    """Whether it took effect or not: one flow log in the end, and no dead letter."""
    switch = cloud.faults.add(CREATE, fault, times=1)
    assert outcomes(function(event, clock=Clock())) == {outcome: 1}
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
        {"Response": {"Error": []}},
        {"Response": {"Error": ["no", "object"]}},
    ],
)
def test_an_answer_of_no_known_shape_is_transient(
    function: Function, cloud: LocalCloud, event: dict[str, Any], reply: Any
) -> None:
    """A gateway in trouble: tried again, once it is known that the first try made no flow log."""
    cloud.faults.add(CREATE, answer(reply), times=1)
    assert outcomes(function(event, clock=Clock())) == {"created": 1}
    assert function.calls() == [CREATE, *["DescribeFlowLogs"] * 3, CREATE]


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
    """The sentence that is raised names its place, not its text, which may hold a secret."""
    function.set(TENCENTCLOUD_SECRETKEY="PlantedSecret\udcff")
    with pytest.raises(InvocationFailed, match=r"\(a fault of this program at \w+\.py:\d+\)") as raised:
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


# The connections ------------------------------------------------------------------------------------------------------


def test_connections_are_kept_alive_between_invocations(
    function: Function, cloud: LocalCloud, event: dict[str, Any]
) -> None:
    """Ten invocations, and one connection to the host of the API and the queue."""
    for _ in range(10):
        function(records.event_list(event, 5))
    assert len(cloud.calls) == 29  # a create and a letter each; from the second on, a look at what the first made
    assert cloud.connections == 1


def test_a_connection_that_was_closed_in_between_is_made_anew(
    function: Function, cloud: LocalCloud, event: dict[str, Any]
) -> None:
    """SCF freezes an instance between invocations, and servers close idle connections."""
    function(records.event_list(event, 5))
    cloud.close_connections()
    report = function(records.event_list(event, 5))
    assert outcomes(report) == {"covered": 1, "dead_lettered": 1}


def test_an_answer_of_the_api_with_another_status(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """It says what it says, whatever the status: "HTTP 200 always" is what the documents promise."""
    code = "UnsupportedOperation.FlowLogInstanceExisted"
    body = json.dumps({"Response": {"Error": {"Code": code, "Message": "m"}, "RequestId": "1"}})
    cloud.faults.add(CREATE, http_status(500, body.encode()))
    assert outcomes(function(event)) == {"covered": 1}
    assert function.calls() == [CREATE, "DescribeFlowLogs"]


def test_a_gateway_s_own_words_stand_in_the_dead_letter(function: Function, cloud: LocalCloud, interface: str) -> None:
    """What answers with another status is no API: there is no more to be told than its words."""
    cloud.faults.add(LOOK, http_status(502, b"502 Bad Gateway"))
    assert outcomes(function(records.attached(interface), clock=Clock())) == {"dead_lettered": 1}
    (letter,) = function.letters()
    assert (letter["error"]["code"], letter["error"]["message"]) == ("ServerNetworkError", "502 Bad Gateway")


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
