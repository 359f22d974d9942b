"""Faults, over real sockets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from localcloud.core import faults

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client, Cmq


def vpcs(call: Client) -> int:
    return int(call("vpc", "DescribeVpcs")["TotalCount"])


def test_throttle_refuses_as_the_limit_does(cloud: LocalCloud, call: Client) -> None:
    switch = cloud.faults.add("CreateVpc", faults.throttle(), times=1)
    code, message = call.refused("vpc", "CreateVpc", VpcName="v")
    assert (code, "times equals to `21`" in message) == ("RequestLimitExceeded", True)
    assert (vpcs(call), switch.hits) == (1, 1)
    call("vpc", "CreateVpc", VpcName="v")
    assert vpcs(call) == 2


def test_an_error_has_the_code_asked_for(cloud: LocalCloud, call: Client) -> None:
    cloud.faults.add("CreateVpc", faults.error("InternalError.ModuleError", "broken"))
    assert call.refused("vpc", "CreateVpc", VpcName="v") == ("InternalError.ModuleError", "broken")
    assert vpcs(call) == 1


def test_an_error_may_come_after_the_effect(cloud: LocalCloud, call: Client) -> None:
    cloud.faults.add("CreateVpc", faults.error_after_effect("InternalError"))
    assert call.refused("vpc", "CreateVpc", VpcName="v")[0] == "InternalError"
    assert vpcs(call) == 2


@pytest.mark.parametrize(("fault", "effect"), [(faults.drop_before_effect, 1), (faults.drop_after_effect, 2)])
def test_a_dropped_connection_is_a_network_error(cloud: LocalCloud, call: Client, fault: Any, effect: int) -> None:
    cloud.faults.add("CreateVpc", fault(), times=1)
    code, message = call.refused("vpc", "CreateVpc", VpcName="v")
    assert code == "ClientNetworkError"
    assert "Connection aborted" in message
    assert vpcs(call) == effect
    (logged,) = cloud.calls.of("CreateVpc")
    assert (logged.answered, logged.code) == (False, None)


def test_a_truncated_body_breaks_off_after_the_effect(cloud: LocalCloud, call: Client) -> None:
    cloud.faults.add("CreateVpc", faults.truncated_body(), times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):  # at once: waiting in vain is a ConnectionError
        call("vpc", "CreateVpc", VpcName="v")
    assert vpcs(call) == 2


def test_a_garbled_body_is_no_json(cloud: LocalCloud, call: Client) -> None:
    cloud.faults.add("CreateVpc", faults.garbled_body(), times=1)
    with pytest.raises(ValueError, match="Expecting value"):
        call("vpc", "CreateVpc", VpcName="v")


def test_http_500_is_a_server_network_error(cloud: LocalCloud, call: Client) -> None:
    cloud.faults.add("CreateVpc", faults.http_status(502, b"Bad Gateway"), times=1)
    with pytest.raises(TencentCloudSDKException) as caught:
        call("vpc", "CreateVpc", VpcName="v")
    assert (caught.value.code, caught.value.message) == ("ServerNetworkError", b"Bad Gateway")
    assert vpcs(call) == 1


def test_under_another_content_type_the_sdk_misses_the_error(cloud: LocalCloud, call: Client) -> None:
    """The SDK then returns the error as if it were a reply: what this fault is for."""
    cloud.faults.add("DeleteVpc", faults.content_type())
    assert call("vpc", "DeleteVpc", VpcId=cloud.vpc_id)["Error"]["Code"] == "ResourceInUse"


@pytest.mark.parametrize("fault", [faults.delay, faults.delay_after_effect])
def test_a_delay_takes_its_time(cloud: LocalCloud, call: Client, fault: Any) -> None:
    cloud.faults.add("DescribeVpcs", fault(0.05), times=1)
    began = time.monotonic()
    assert vpcs(call) == 1
    assert time.monotonic() - began >= 0.05


def test_latency_is_on_every_call(cloud: LocalCloud, call: Client) -> None:
    cloud.latency_s = 0.05
    began = time.monotonic()
    vpcs(call)
    assert time.monotonic() - began >= 0.05


def test_faults_chain(cloud: LocalCloud, call: Client) -> None:
    """The first is outermost: what the second does, the first sees."""
    cloud.faults.add("DescribeVpcs", faults.chain(faults.drop_after_effect(), faults.delay(0.05)), times=1)
    began = time.monotonic()
    assert call.refused("vpc", "DescribeVpcs")[0] == "ClientNetworkError"
    assert time.monotonic() - began >= 0.05


def test_a_fault_strikes_where_and_when_it_is_told_to(cloud: LocalCloud, call: Client) -> None:
    switch = cloud.faults.add("*", faults.throttle(), region="ap-beijing", skip=1, times=1)
    assert vpcs(call) == 1
    assert call("vpc", "DescribeVpcs", "ap-beijing")["TotalCount"] == 0
    assert call.refused("vpc", "DescribeSubnets", "ap-beijing")[0] == "RequestLimitExceeded"
    assert call("vpc", "DescribeVpcs", "ap-beijing")["TotalCount"] == 0
    assert switch.hits == 1


def test_a_fault_can_be_switched_off(cloud: LocalCloud, call: Client) -> None:
    switch = cloud.faults.add("DescribeVpcs", faults.throttle())
    assert call.refused("vpc", "DescribeVpcs")[0] == "RequestLimitExceeded"
    switch.off()
    assert vpcs(call) == 1
    cloud.faults.add("DescribeVpcs", faults.throttle())
    cloud.faults.clear()
    assert vpcs(call) == 1


def test_chance_is_repeatable(cloud: LocalCloud, call: Client) -> None:
    switch = cloud.faults.add("DescribeVpcs", faults.content_type(), probability=0.5)
    for _ in range(40):
        vpcs(call)
    assert 10 <= switch.hits <= 30


def test_faults_strike_the_message_api_too(cloud: LocalCloud, cmq: Cmq) -> None:
    cloud.seed_queue("q")
    cloud.faults.add("SendMessage", faults.throttle(), times=1)
    reply = cmq("SendMessage", queueName="q", msgBody="m")
    assert (reply["code"], reply["message"]) == (4420, "qps throttling")
    cloud.faults.add("SendMessage", faults.error(6000, "server error"), times=1)
    assert cmq("SendMessage", queueName="q", msgBody="m")["code"] == 6000
    cloud.faults.add("SendMessage", faults.drop_after_effect(), times=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        cmq("SendMessage", queueName="q", msgBody="m")
    assert cloud.messages("q") == ["m"]
    assert [(one.service, one.code, one.answered) for one in cloud.calls.of("SendMessage")] == [
        ("cmq", "4420", True),
        ("cmq", "6000", True),
        ("cmq", None, False),
    ]


def test_a_reply_may_drip(cloud: LocalCloud, call: Client) -> None:
    """It comes whole, in its own time."""
    cloud.faults.add("CreateVpc", faults.drip(0.001), times=1)
    assert call("vpc", "CreateVpc", VpcName="v")["Vpc"]["VpcName"] == "v"


def test_a_redirect_does_nothing(cloud: LocalCloud, call: Client) -> None:
    """It names where to go; whether a client goes there, as the SDK does, is its own fault."""
    cloud.faults.add("CreateVpc", faults.redirect("http://127.0.0.1:9/nobody-listens-here"), times=1)
    code, message = call.refused("vpc", "CreateVpc", VpcName="v")
    assert code == "ClientNetworkError"
    assert "/nobody-listens-here" in message
    assert vpcs(call) == 1
