"""What happens seldom: two flow logs of one interface, somebody faster than a repair, a letter half done."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from localcloud.core.faults import error, throttle
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import Function, outcomes
from tests.support.letters import put, stopped

if TYPE_CHECKING:
    from localcloud.core.faults import Incoming, Proceed, Reply

CREATE, LOOK = "CreateFlowLog", "DescribeNetworkInterfaces"
OURS = "managed-by=eni-flowlog"


@pytest.mark.parametrize("first", [True, False])
def test_the_better_of_two_flow_logs_counts(unpaced: Function, *, first: bool) -> None:
    """In whichever order they are listed."""
    cloud = unpaced.cloud
    cloud.behaviour.flow_logs_per_interface = 2
    (interface,) = cloud.seed_interfaces(HOME, 1)
    for enabled in (first, not first):
        cloud.seed_flow_log(HOME, interface, topic_id=cloud.topic_id, enabled=enabled, description=OURS)
    assert outcomes(unpaced({"command": "status"}))["covered"] == 1


def test_somebody_is_faster_than_a_repair(unpaced: Function) -> None:
    """Behind the deletion a flow log of theirs stands there: it is covered, and nothing is made."""
    cloud = unpaced.cloud
    unpaced.set(FLOWLOG_REPAIR="recreate")
    (interface,) = cloud.seed_interfaces(HOME, 1)
    cloud.seed_flow_log(HOME, interface, topic_id=cloud.add_topic(), description=OURS)

    def faster(_call: Incoming, proceed: Proceed) -> Reply:
        cloud.seed_flow_log(HOME, interface, topic_id=cloud.topic_id, description="a colleague's")
        return proceed()

    cloud.faults.add(CREATE, faster, times=1)
    assert outcomes(unpaced({"command": "repair"})) == {"covered": 1}
    assert len(cloud.flow_logs_of(HOME, interface)) == 1


def test_an_instance_among_what_failed_alike_has_a_letter_of_its_own(unpaced: Function) -> None:
    """The interfaces that came with it go back together."""
    cloud = unpaced.cloud
    ids = cloud.seed_interfaces(HOME, 2)
    created = [records.cloud_event(records.created(each, cloud.vpc_id, HOME)) for each in ids]
    started = records.cloud_event(records.run_instances("ins-00000000", region=HOME))
    put(cloud, records.platform_letter(records.event_list(*created, started)))
    for action in (CREATE, LOOK):
        cloud.faults.add(action, error("InvalidParameterValue"))
    assert outcomes(unpaced({"command": "redrive"})) == {"dead_lettered": 3}
    assert sorted(letter["kind"] for letter in unpaced.letters()) == ["command", "interface"]


def test_what_was_done_of_a_letter_is_told_when_the_time_runs_out(unpaced: Function) -> None:
    """The letter stays for the rest."""
    cloud, clock, done = unpaced.cloud, Clock(), threading.Event()
    good, bad = cloud.seed_interfaces(HOME, 2)
    interfaces = [{"region": HOME, "interface_id": each, "vpc_id": cloud.vpc_id} for each in (good, bad)]
    put(cloud, records.own_letter("command", event={"command": "ensure", "interfaces": interfaces}, error=stopped()))

    def slow(call: Incoming, proceed: Proceed) -> Reply:
        if call.params["ResourceId"] == good:
            reply = proceed()
            done.set()
            return reply
        done.wait(10)
        clock.now += 46  # of 60, of which 15 are kept for letters
        return throttle()(call, proceed)

    cloud.faults.add(CREATE, slow)
    report = unpaced({"command": "redrive"}, clock=clock)
    assert outcomes(report) == {"created": 1}
    assert "the time ran out" in report["stopped"]
    assert len(unpaced.letters()) == 1


def test_a_letter_of_a_region_stays_when_the_time_runs_out(unpaced: Function) -> None:
    """A command that there is no time for is not begun, and its letter stays as it is."""
    cloud, clock = unpaced.cloud, Clock()
    put(cloud, records.own_letter("command", event={"command": "backfill", "regions": [HOME]}, error=stopped()))

    def slow(_call: Incoming, proceed: Proceed) -> Reply:
        reply = proceed()
        clock.now += 46  # of 60, of which 15 are kept for letters
        return reply

    cloud.faults.add("BatchReceiveMessage", slow)
    report = unpaced({"command": "redrive"}, clock=clock)
    assert "the time ran out" in report["stopped"]
    assert len(unpaced.letters()) == 1


def test_ten_thousand_to_repair_are_planned_in_pieces(unpaced: Function) -> None:
    """So many are kept at once as fit the memory; the plan says how many there are all the same."""
    cloud = unpaced.cloud
    for interface in cloud.seed_interfaces(HOME, 10_100):
        cloud.seed_flow_log(HOME, interface, topic_id=cloud.topic_id, enabled=False, description=OURS)
    report = unpaced({"command": "repair", "mode": "enable", "dry_run": True})
    assert report["outcomes"]["planned"] + report["outcomes"]["impaired"] >= 10_100
