"""When the time runs out: the dead letters are written and the report returned before the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.faults import (
    Incoming,
    Reply,
    delay_after_effect,
    error,
    throttle,
)
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import Function, outcomes
from tests.support.records import REGION
from tests.support.strikes import timed

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from localcloud.core.faults import Fault, Proceed


CREATE, LOOK, SEND = "CreateFlowLog", "DescribeNetworkInterfaces", "SendMessage"


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
