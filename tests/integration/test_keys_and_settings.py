"""Keys that rotate or are missing, and settings that are wrong."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from handler.main import InvocationFailed
from localcloud import ApiError
from localcloud.core.faults import (
    Incoming,
    Reply,
    error,
)
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import Function, context, outcomes
from tests.support.place import only
from tests.support.records import REGION

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from localcloud.core.faults import Fault, Proceed


CREATE, LOOK, SEND = "CreateFlowLog", "DescribeNetworkInterfaces", "SendMessage"


# The keys -------------------------------------------------------------------------------------------------------------


def rotated(cloud: LocalCloud, refusal: ApiError) -> tuple[str, Fault]:
    """Fresh keys, and a fault: a call is refused, and the environment holds those from then on."""
    fresh = cloud.issue_keys("local-role", 3_600)

    def rotate(_call: Incoming, _proceed: Proceed) -> Reply:
        os.environ["TENCENTCLOUD_SECRETID"] = fresh.secret_id
        os.environ["TENCENTCLOUD_SECRETKEY"] = fresh.secret_key
        os.environ["TENCENTCLOUD_SESSIONTOKEN"] = fresh.token or ""
        raise refusal

    return fresh.secret_id, rotate


def test_keys_are_read_at_each_invocation(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """The role's keys rotate: each invocation signs with those that are in the environment then."""
    used = []
    for _ in range(3):
        used.append(function.take_keys())
        function(records.event_list(event, 5))
    assert [call.caller.secret_id for call in cloud.calls.of(CREATE) if call.caller] == used
    assert [call.caller.secret_id for call in cloud.calls.of(SEND) if call.caller] == used


def test_stale_keys_are_replaced_once(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """When the cloud says that they are stale, the environment is read again, and the call made again."""
    function.take_keys()
    fresh, rotate = rotated(cloud, ApiError("AuthFailure.TokenFailure", "expired"))
    cloud.faults.add(CREATE, rotate, times=1)
    assert outcomes(function(event)) == {"created": 1}
    assert [call.caller.secret_id == fresh for call in cloud.calls.of(CREATE) if call.caller] == [False, True]


def test_keys_that_stay_stale(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """Tried again once; nothing can be put on the queue either, so it raises, and the platform keeps the event."""
    function.take_keys(10)
    cloud.clock.advance(11)
    with pytest.raises(InvocationFailed, match=r"queue error 4100: The token is wrong or has expired"):
        function(event)
    assert function.logged_letters()[0]["error"]["code"] == "AuthFailure.TokenFailure"


# The settings ---------------------------------------------------------------------------------------------------------


def test_wrong_settings_and_missing_keys_are_told_at_once(function: Function, event: dict[str, Any]) -> None:
    """One error names all that is to be corrected; it raises, so that the platform keeps the event."""
    function.set(FLOWLOG_TOPIC_ID="", FLOWLOG_TRAFFIC_TYPE="all", TENCENTCLOUD_SECRETID="")
    with pytest.raises(InvocationFailed) as raised:
        function(event)
    assert raised.value.__cause__ is raised.value.__context__ is None, "the platform logs one line, without a trace"
    message = str(raised.value)
    for said in (
        "the function's environment is wrong, correct and redeploy it: FLOWLOG_T",
        "FLOWLOG_TOPIC_ID is missing; it must be the id of a CLS topic, such as dfb8f1a2-",
        "FLOWLOG_TRAFFIC_TYPE must be one of ACCEPT, REJECT or ALL",
        "give the function an execution role",
    ):
        assert said in message
    assert function.calls() == []
    assert function.lines()[-1]["message"] == "invocation failed"
    assert function.lines()[-1]["error"] == message


def test_the_region_may_come_with_the_context(function: Function, event: dict[str, Any]) -> None:
    """SCF tells it there too."""
    function.set(TENCENTCLOUD_REGION="")
    assert outcomes(function(event)) == {"created": 1}
    with pytest.raises(InvocationFailed, match="TENCENTCLOUD_REGION is missing"):
        function.run(event, context(tencentcloud_region=""))


def test_keys_that_rotate_in_the_middle_of_a_run(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """The letter is signed with the keys of its moment, not with those of the invocation's start."""
    fresh, rotate = rotated(cloud, ApiError("UnauthorizedOperation", "not allowed"))
    cloud.faults.add(CREATE, rotate)
    assert outcomes(function(event)) == {"dead_lettered": 1}
    (call,) = cloud.calls.of(SEND)
    assert call.caller is not None
    assert call.caller.secret_id == fresh


def test_a_wrong_vpc_in_the_record_does_not_outwit_the_rules(
    function: Function, cloud: LocalCloud, interface: str
) -> None:
    """The VPC that the cloud knows decides, once it is known."""
    vpc_id, _ = cloud.network_of(REGION)
    function.set(FLOWLOG_RULES=json.dumps({"exclude": {"vpc_ids": [vpc_id]}}))
    other, _ = cloud.seed_vpc(REGION)
    item = only(function(records.cloud_event(records.created(interface, other)), clock=Clock()))
    assert (item["outcome"], item["reason"]) == ("skipped", "excluded by FLOWLOG_RULES, exclude.vpc_ids")


def test_our_own_keys_in_an_answer(function: Function, cloud: LocalCloud, event: dict[str, Any]) -> None:
    """A server that repeats what it was sent: neither the key nor the token goes on, not even in the exception."""
    function.take_keys()
    secrets = [function.variables[f"TENCENTCLOUD_{name}"] for name in ("SECRETKEY", "SESSIONTOKEN")]
    cloud.faults.add(CREATE, error("AuthFailure.SignatureFailure", f"got {secrets[0]} and {secrets[1]}"))
    report = function(event)
    assert outcomes(report) == {"dead_lettered": 1}
    cloud.faults.add(SEND, error(4000, f"got {secrets[0]} and {secrets[1]}"))
    with pytest.raises(InvocationFailed) as failed:
        function(event)
    for secret in secrets:
        assert secret not in function.output() + json.dumps(report) + str(failed.value)


def test_a_setting_of_an_earlier_version_is_warned_of(function: Function, event: dict[str, Any]) -> None:
    """A function that was deployed with it goes on."""
    function.set(FLOWLOG_MAX_FAILURE_SHARE="0.5")
    assert outcomes(function(event)) == {"created": 1}
    (line,) = (line for line in function.lines() if line["level"] == "WARNING")
    assert line["message"].startswith("FLOWLOG_MAX_FAILURE_SHARE is no setting any more")
