"""How an event ends: waiting, covered, skipped, gone, and the interfaces of new instances."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.faults import error
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import Function, outcomes
from tests.support.place import Place, only
from tests.support.records import REGION

if TYPE_CHECKING:
    from localcloud import LocalCloud


CREATE, LOGS, LOOK = "CreateFlowLog", "DescribeFlowLogs", "DescribeNetworkInterfaces"


# Not attached ---------------------------------------------------------------------------------------------------------


def test_an_unattached_interface_waits(function: Function, place: Place) -> None:
    """No failure and no dead letter: its attach event or the sweep brings it back."""
    report = function(records.cloud_event(place.created(place.loose())))
    assert only(report)["outcome"] == "waiting"
    assert only(report)["reason"] == "not attached to an instance yet; its attach event or the sweep brings it back"
    assert (function.calls(), function.letters()) == ([CREATE], [])


def test_an_unattached_interface_that_was_looked_up_waits_without_a_call(function: Function, place: Place) -> None:
    """The project's own event without a VPC: the lookup has told already."""
    report = function(records.interface_event(place.loose()))
    assert outcomes(report) == {"waiting": 1}
    assert (function.calls(), function.letters()) == ([LOOK], [])


def test_attaching_takes_its_time(function: Function, cloud: LocalCloud, place: Place) -> None:
    """The platform attaches asynchronously, and no event tells when it is done: it is looked at, then called for."""
    eni = place.attached()
    cloud.faults.add(CREATE, error("UnsupportedOperation.FlowLogsNotSupportNullInstanceEni"), times=1)
    assert outcomes(function(records.attached(eni))) == {"created": 1}
    assert function.calls() == [LOOK, CREATE, LOOK, CREATE]


def test_an_attach_that_never_gets_done_waits(function: Function, place: Place) -> None:
    """When the time is up it is waiting, like any other unattached interface."""
    report = function(records.attached(place.loose()), clock=Clock())
    assert outcomes(report) == {"waiting": 1}
    assert function.calls()[:3] == [LOOK, CREATE, LOOK]
    assert function.calls().count(CREATE) == 1
    assert function.letters() == []


# Covered, skipped, gone -----------------------------------------------------------------------------------------------


def test_an_unsupported_model_is_skipped(function: Function, cloud: LocalCloud) -> None:
    """For good, with the reason."""
    instance_id = cloud.seed_instance(REGION, "S1.SMALL1")
    eni = cloud.seed_interface(REGION, instance_id=instance_id)
    report = function(records.created(eni, cloud.network_of(REGION)[0]))
    assert (only(report)["outcome"], only(report)["reason"]) == ("skipped", "its instance's model takes no flow logs")
    assert function.letters() == []


@pytest.mark.parametrize(("told", "named"), [("S1.SMALL1", " (S1.SMALL1)"), ("<b>S1</b>", ""), (5, ""), (None, "")])
def test_an_unsupported_model_is_named_where_the_event_tells_it(
    function: Function, cloud: LocalCloud, told: Any, named: str
) -> None:
    """RunInstances was called with it; nothing is asked for it, and what has not its form is not repeated."""
    instance_id = cloud.seed_instance(REGION, "S1.SMALL1")
    record = records.run_instances(instance_id, requestParameters=records.request(InstanceType=told))
    report = function(records.cloud_event(record))
    reason = f"its instance's model{named} takes no flow logs"
    assert (only(report)["outcome"], only(report)["reason"]) == ("skipped", reason)
    assert function.calls() == [LOOK, CREATE]


@pytest.mark.parametrize("prefix", ["auto-", "x" * 48])
def test_a_taken_name_ends_with_another_name(function: Function, cloud: LocalCloud, place: Place, prefix: str) -> None:
    """Another interface's flow log has it: the next name is tried, which keeps to 60 characters."""
    function.set(FLOWLOG_NAME_PREFIX=prefix)
    eni, other = place.attached(), place.attached()
    usual = f"{prefix}{eni}"[:60]
    cloud.seed_flow_log(REGION, other, name=usual if prefix == "auto-" else f"{prefix[: 60 - len(eni)]}{eni}")
    assert outcomes(function(place.created(eni))) == {"created": 1}
    assert function.calls() == [CREATE, LOGS, LOGS, CREATE]
    (flow_log,) = cloud.flow_logs_of(REGION, eni)
    assert flow_log.name.endswith(f"{eni}-2")
    assert len(flow_log.name) <= 60


def test_a_taken_name_that_is_its_own(function: Function, cloud: LocalCloud, place: Place) -> None:
    """The interface has a flow log by that name: covered, with its id."""
    eni = place.attached()
    flow_log_id = cloud.seed_flow_log(REGION, eni)
    cloud.faults.add(CREATE, error("FlowLogNameDuplicate"), times=1)
    report = function(place.created(eni))
    assert (only(report)["outcome"], only(report)["flow_log_id"]) == ("covered", flow_log_id)
    assert function.calls() == [CREATE, LOGS]


def test_an_interface_that_is_gone(function: Function) -> None:
    """Deleted before we came: tried again for a moment, looked up, and reported as gone."""
    report = function(records.created("eni-00000000"), clock=Clock())
    assert (only(report)["outcome"], only(report)["reason"]) == ("gone", "deleted before its flow log was made")
    assert function.calls() == [CREATE, CREATE, CREATE, CREATE, LOOK]
    assert function.letters() == []


@pytest.mark.parametrize("unknown_ids", ["empty", "error"])
def test_an_attached_interface_that_is_gone(
    function: Function, cloud: LocalCloud, place: Place, unknown_ids: str
) -> None:
    """Whether the lookup answers with nothing or refuses an unknown id (not documented): the others are done."""
    cloud.behaviour.unknown_ids = unknown_ids
    gone, there = records.attached("eni-00000000"), records.attached(place.attached())
    report = function(records.event_list(gone, there), clock=Clock())
    assert outcomes(report) == {"created": 1, "gone": 1}
    assert report["items"][0]["reason"] == "no such interface: deleted before we came"


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            records.attached("eni-00000000"),
            "this interface has not become visible: redrive it, or let the sweep find it",
        ),
        (records.created("eni-00000000"), "The resource `eni-00000000` does not exist."),
    ],
)
def test_what_there_was_no_time_to_look_for_is_not_called_gone(
    function: Function, event: dict[str, Any], message: str
) -> None:
    """It may only not be visible yet: a redrive looks again."""
    assert outcomes(function(event, seconds=1.0, clock=Clock())) == {"dead_lettered": 1}
    (letter,) = function.letters()
    assert letter["error"]["retryable"]
    assert letter["error"]["message"] == message


def test_an_interface_that_is_deleted_while_it_is_attached(function: Function, cloud: LocalCloud) -> None:
    """It is not waited for any more."""
    cloud.faults.add(CREATE, error("UnsupportedOperation.FlowLogsNotSupportNullInstanceEni"), times=1)
    event = records.created("eni-00000000", instance_id=cloud.instance_id)
    item = only(function(event, clock=Clock()))
    assert (item["outcome"], item["reason"]) == ("gone", "deleted while it was being attached")


def test_an_interface_that_becomes_visible_a_moment_later(function: Function, cloud: LocalCloud, place: Place) -> None:
    """Created, but not known to every server yet."""
    cloud.faults.add(CREATE, error("ResourceNotFound"), times=1)
    assert outcomes(function(place.created(place.attached()))) == {"created": 1}
    assert function.calls() == [CREATE, CREATE]


def test_a_record_that_names_another_vpc(function: Function, cloud: LocalCloud, place: Place) -> None:
    """The cloud knows better: the interface is looked up, and the call is made with its real VPC."""
    other_vpc, _ = cloud.seed_vpc(REGION)
    report = function(records.created(place.attached(), other_vpc), seconds=0.6, clock=Clock())
    assert outcomes(report) == {"created": 1}
    assert function.calls() == [CREATE, LOOK, CREATE]
    assert cloud.calls.of(CREATE)[-1].params["VpcId"] == place.vpc_id


def test_something_else_is_not_found(function: Function, cloud: LocalCloud, place: Place) -> None:
    """The interface is there, so it is the topic: a dead letter with the cloud's words."""
    cloud.delete_topic(cloud.topic_id)
    report = function(place.created(place.attached()), seconds=0.6, clock=Clock())
    assert outcomes(report) == {"dead_lettered": 1}
    assert function.letters()[0]["error"]["class"] == "not_found"


# RunInstances ---------------------------------------------------------------------------------------------------------


def test_the_interfaces_of_new_instances(function: Function, cloud: LocalCloud, place: Place) -> None:
    """Seven instances, filter values in chunks of five; each primary interface gets its flow log."""
    instance_ids = [cloud.seed_instance(REGION) for _ in range(7)]
    report = function(records.cloud_event(records.run_instances(*instance_ids)))
    assert outcomes(report) == {"created": 7}
    values = [call.params["Filters"][0]["Values"] for call in cloud.calls.of(LOOK)]
    assert [len(value) for value in values] == [5, 2]
    enis = [cloud.primary_interface_of(REGION, instance_id) for instance_id in instance_ids]
    assert [item["interface_id"] for item in report["items"]] == enis
    assert all(cloud.flow_logs_of(REGION, eni) for eni in enis)
    assert place.vpc_id


def test_an_interface_that_is_visible_only_after_boot(function: Function, cloud: LocalCloud) -> None:
    """Nothing to be seen at first: it is looked for again until it is there."""
    empty = json.dumps({"Response": {"NetworkInterfaceSet": [], "TotalCount": 0, "RequestId": "1"}}).encode()
    instance_id = cloud.seed_instance(REGION)
    cloud.faults.add(LOOK, lambda _, proceed: type(proceed())(empty), times=2)
    assert outcomes(function(records.run_instances(instance_id))) == {"created": 1}
    assert function.calls() == [LOOK, LOOK, LOOK, CREATE]


def test_an_instance_that_brings_several_interfaces(function: Function, cloud: LocalCloud) -> None:
    """Each is an item of its own, and the counts say so."""
    instance_id = cloud.seed_instance(REGION)
    cloud.seed_interfaces(REGION, 120, instance_id=instance_id)
    report = function(records.run_instances(instance_id))
    assert (report["received"], outcomes(report)) == (121, {"created": 121})
    assert function.calls().count(LOOK) == 2


def test_an_instance_whose_interface_never_shows(function: Function) -> None:
    """When the time is up: a dead letter that can be redriven, with all that is known."""
    report = function(records.run_instances("ins-00000000"), clock=Clock())
    assert only(report) == {
        "region": REGION,
        "instance_id": "ins-00000000",
        "outcome": "dead_lettered",
        "reason": "InterfaceNotVisible: no interface of this instance has become visible: redrive it, or let the sweep "
        "find it",
    }
    (letter,) = function.letters()
    assert letter["interface"] == {"region": REGION, "instance_id": "ins-00000000"}
    assert letter["error"]["retryable"] is True


def test_a_letter_names_the_interface_that_was_found(function: Function, cloud: LocalCloud) -> None:
    """Not the instance too, by which a redrive would look for all of its interfaces."""
    instance_id = cloud.seed_instance(REGION)
    cloud.faults.add(CREATE, error("UnauthorizedOperation"))
    function(records.run_instances(instance_id))
    (letter,) = function.letters()
    assert letter["interface"] == {
        "region": REGION,
        "interface_id": cloud.primary_interface_of(REGION, instance_id),
        "vpc_id": cloud.network_of(REGION)[0],
    }


def test_the_same_instance_twice(function: Function, cloud: LocalCloud) -> None:
    """Named by two records, it is looked up once."""
    record = records.run_instances(cloud.seed_instance(REGION))
    assert outcomes(function(records.event_list(record, record))) == {"created": 1, "covered": 1}
    assert function.calls() == [LOOK, CREATE]
