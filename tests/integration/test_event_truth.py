"""When CreateFlowLog says that a flow log exists, the event's outcome says whether that one logs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.faults import error
from tests.support import records
from tests.support.function import Function, outcomes
from tests.support.place import Place, only
from tests.support.records import REGION

if TYPE_CHECKING:
    from localcloud import LocalCloud

CREATE, LOGS = "CreateFlowLog", "DescribeFlowLogs"
THEIRS = {"description": "made in the console", "name": "theirs"}


@pytest.mark.parametrize(
    ("flow_log", "verdict"),
    [
        ({"enabled": False}, ("broken", "disabled")),
        ({**THEIRS, "traffic_type": "ACCEPT"}, ("differs", "another traffic type")),
    ],
)
def test_a_flow_log_that_does_not_log_as_it_should(
    function: Function, cloud: LocalCloud, place: Place, flow_log: dict[str, Any], verdict: tuple[str, str]
) -> None:
    """Impaired, with its id and the reason, in the report and in a line that an alarm finds; nothing is lost."""
    eni = place.attached()
    flow_log_id = cloud.seed_flow_log(REGION, eni, **flow_log)
    expected = {
        "region": REGION,
        "interface_id": eni,
        "outcome": "impaired",
        "state": verdict[0],
        "reason": verdict[1],
        "flow_log_id": flow_log_id,
    }
    assert only(function(place.created(eni))) == expected
    assert function.calls() == [CREATE, LOGS]
    (line,) = [line for line in function.lines() if line["message"] == "flow log impaired"]
    assert line["level"] == "WARNING"
    assert expected.items() <= line.items()
    assert function.letters() == []


def test_it_is_judged_by_the_topic_of_its_region(function: Function, cloud: LocalCloud, place: Place) -> None:
    """There may be no other."""
    function.set(FLOWLOG_TOPIC_ID=json.dumps({REGION: cloud.topic_id}))
    eni = place.attached()
    cloud.seed_flow_log(REGION, eni)
    assert outcomes(function(place.created(eni))) == {"covered": 1}


def test_somebody_else_s_flow_log_that_logs_as_much_covers(function: Function, cloud: LocalCloud, place: Place) -> None:
    """One is allowed for each interface: its destination is named."""
    eni, topic = place.attached(), cloud.add_topic()
    flow_log_id = cloud.seed_flow_log(REGION, eni, topic_id=topic, **THEIRS)
    item = only(function(place.created(eni)))
    assert (item["outcome"], item["flow_log_id"]) == ("covered", flow_log_id)
    assert item["reason"] == f"somebody else's flow log, into topic {topic}"
    assert [line["message"] for line in function.lines()] == ["report"]


def test_a_flow_log_that_is_not_listed_yet(function: Function, cloud: LocalCloud, place: Place) -> None:
    """Listing may lag behind creating: one look, and the sweep judges."""
    cloud.behaviour.flow_log_lag_s = 3_600
    event = place.created(place.attached())
    assert outcomes(function(event)) == {"created": 1}
    item = only(function(event))
    assert (item["outcome"], item["reason"]) == (
        "covered",
        "it has a flow log already, not readable yet: the sweep judges it",
    )
    assert function.calls() == [CREATE, CREATE, LOGS]


def test_a_flow_log_that_may_not_be_read(function: Function, cloud: LocalCloud, place: Place) -> None:
    """That it exists is known: no letter for what the next sweep finds out."""
    event = place.created(place.attached())
    function(event)
    cloud.faults.add(LOGS, error("UnauthorizedOperation"))
    item = only(function(event))
    assert (item["outcome"], item["reason"]) == (
        "covered",
        "it has a flow log already, not readable yet: the sweep judges it (UnauthorizedOperation)",
    )
    assert function.letters() == []


def test_an_impaired_interface_that_is_named_twice(function: Function, cloud: LocalCloud, place: Place) -> None:
    """Both mentions say so, and one look was enough."""
    eni = place.attached()
    cloud.seed_flow_log(REGION, eni, enabled=False)
    cloud.seed_interfaces(REGION, 100, flow_logs=100)  # a page full of others
    event = place.created(eni)
    assert outcomes(function(records.event_list(event, event))) == {"impaired": 2}
    assert function.calls() == [CREATE, LOGS]


# Repaired at once, where FLOWLOG_REPAIR says so -----------------------------------------------------------------------

ENABLE, DELETE = "EnableFlowLogs", "DeleteFlowLog"


def test_what_is_disabled_is_switched_on(function: Function, cloud: LocalCloud, place: Place) -> None:
    """It keeps its id, and a second mention finds it covered."""
    function.set(FLOWLOG_REPAIR="recreate", FLOWLOG_TOPIC_ID=json.dumps({REGION: cloud.topic_id}))
    eni = place.attached()
    flow_log_id = cloud.seed_flow_log(REGION, eni, enabled=False)
    report = function(records.event_list(place.created(eni), place.created(eni)))
    first, second = report["items"]
    assert (first["outcome"], first["state"], first["reason"]) == ("repaired", "covered", "was disabled: switched on")
    assert first["flow_log_id"] == flow_log_id
    assert (second["outcome"], second["reason"]) == ("covered", "named twice: its flow log was repaired just before")
    assert [log.flow_log_id for log in cloud.flow_logs_of(REGION, eni) if log.enabled] == [flow_log_id]
    assert function.calls() == [CREATE, LOGS, ENABLE]
    assert [line["message"] for line in function.lines()] == ["report"]


def test_what_has_lost_its_topic_is_made_anew(function: Function, cloud: LocalCloud, place: Place) -> None:
    """It cannot be changed: deleted, and created with the settings of today."""
    function.set(FLOWLOG_REPAIR="recreate", FLOWLOG_TOPIC_ID=json.dumps({REGION: cloud.topic_id}))
    eni, topic = place.attached(), cloud.add_topic()
    old = cloud.seed_flow_log(REGION, eni, topic_id=topic)
    cloud.delete_topic(topic)
    item = only(function(place.created(eni)))
    assert (item["outcome"], item["reason"]) == ("repaired", "was topic deleted: deleted and made anew")
    (flow_log,) = cloud.flow_logs_of(REGION, eni)
    assert (flow_log.flow_log_id, flow_log.topic_id) == (item["flow_log_id"], cloud.topic_id)
    assert flow_log.flow_log_id != old
    assert function.calls() == [CREATE, LOGS, DELETE, CREATE]


@pytest.mark.parametrize(
    ("repair", "flow_log"),
    [
        ("enable", {"traffic_type": "REJECT"}),
        ("enable", {**THEIRS, "enabled": False}),
        ("recreate", {**THEIRS, "enabled": False}),
        ("off", {"enabled": False}),
    ],
)
def test_what_is_not_to_be_repaired_is_left_alone(
    function: Function, cloud: LocalCloud, place: Place, repair: str, flow_log: dict[str, Any]
) -> None:
    """Somebody else's never, and nothing beyond what FLOWLOG_REPAIR allows."""
    function.set(FLOWLOG_REPAIR=repair)
    eni = place.attached()
    cloud.seed_flow_log(REGION, eni, **flow_log)
    (before,) = cloud.flow_logs_of(REGION, eni)
    item = only(function(place.created(eni)))
    reason = "disabled" if "enabled" in flow_log else "another traffic type"
    assert (item["outcome"], item["reason"]) == ("impaired", reason)
    assert cloud.flow_logs_of(REGION, eni) == [before]
    assert set(function.calls()) == {CREATE, LOGS}


def test_a_repair_that_fails_is_the_sweep_s(function: Function, cloud: LocalCloud, place: Place) -> None:
    """It is impaired as before, which the log says, and no letter: the flow log stands, and the sweep looks again."""
    function.set(FLOWLOG_REPAIR="enable")
    eni = place.attached()
    cloud.seed_flow_log(REGION, eni, enabled=False)
    cloud.faults.add(ENABLE, error("UnauthorizedOperation", "no"))
    item = only(function(place.created(eni)))
    reason = "disabled; not repaired: UnauthorizedOperation: no"
    assert (item["outcome"], item["reason"], item["state"]) == ("impaired", reason, "broken")
    assert [line["message"] for line in function.lines()] == ["flow log impaired", "report"]
    assert function.letters() == []


def test_a_deletion_whose_create_fails_is_a_letter(function: Function, cloud: LocalCloud, place: Place) -> None:
    """The interface has no flow log now: it is on the queue, and the next sweep covers it in any case."""
    function.set(FLOWLOG_REPAIR="recreate")
    eni = place.attached()
    cloud.seed_flow_log(REGION, eni, traffic_type="REJECT")
    refused = error("UnauthorizedOperation")
    cloud.faults.add(CREATE, lambda call, proceed: refused(call, proceed) if cloud.calls.count(DELETE) else proceed())
    assert outcomes(function(place.created(eni))) == {"dead_lettered": 1}
    (letter,) = function.letters()
    assert letter["interface"] == {"region": REGION, "interface_id": eni, "vpc_id": place.vpc_id}
