"""Events that name no interface, over HTTP: real records, a subnet as the only lead, instances with several."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.clock import beijing_time
from localcloud.core.faults import error
from tests.support import records
from tests.support.client import Client
from tests.support.clock import Clock
from tests.support.function import Function, outcomes
from tests.support.strikes import changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud import LocalCloud
    from localcloud.core.faults import Fault

CREATE, LOGS, LOOK = "CreateFlowLog", "DescribeFlowLogs", "DescribeNetworkInterfaces"
REGION = records.REGION
HOUR = 3_600


def without_answer(place: tuple[str, str], action: str = "RunInstances", **changes: Any) -> dict[str, Any]:
    """A record of now, without an answer, that names only the VPC and the subnet; its parameters hold nothing."""
    fields = {
        "requestParameters": [],
        "responseElements": [],
        "resourceName": f"instance/*|subnet/{place[1]}|vpc/{place[0]}",
        "eventTime": int(time.time()),
    }
    return records.record(action, **{**fields, **changes})


def interfaces_changed(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Fault:
    """DescribeNetworkInterfaces as a cloud would answer that shows something else."""

    def show(response: dict[str, Any]) -> None:
        shown = change(response["NetworkInterfaceSet"])
        response |= {"NetworkInterfaceSet": shown, "TotalCount": len(shown)}

    return changed(show)


@pytest.fixture
def place(cloud: LocalCloud) -> tuple[str, str]:
    return cloud.network_of(REGION)


# A subnet as the only lead --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lead",
    [
        without_answer,
        lambda place: without_answer(place, requestParameters="[]", responseElements=""),
        lambda place: without_answer(place, "CreateAndAttachNetworkInterface"),
        lambda place: without_answer(place, "AttachNetworkInterface"),
        lambda place: without_answer(place, resourceName=f"vpc/{place[0]}"),
        lambda place: records.created("", place[0], subnet_id=place[1], responseElements=[]),
    ],
)
def test_a_record_that_names_no_interface_ends_by_a_look_at_its_place(
    function: Function, cloud: LocalCloud, place: tuple[str, str], lead: Callable[[tuple[str, str]], dict[str, Any]]
) -> None:
    """Two reads: what is there, and what of it has a flow log; then the new one gets its own."""
    instance_id = cloud.seed_instance(REGION)
    cloud.seed_flow_log(REGION, cloud.primary_interface_of(REGION, instance_id))
    _, new = cloud.seed_interfaces(REGION, 2, instance_id=instance_id, flow_logs=1)
    report = function(lead(place))
    assert outcomes(report) == {"created": 1}
    assert report["items"][0]["interface_id"] == new
    assert function.calls() == [LOOK, LOGS, CREATE]
    assert function.letters() == []


def test_what_has_a_flow_log_is_found_on_every_page(
    function: Function, cloud: LocalCloud, place: tuple[str, str]
) -> None:
    """More than a page of the VPC's interfaces have one: no create is sent for any of them."""
    instance_id = cloud.seed_instance(REGION)
    cloud.seed_flow_log(REGION, cloud.primary_interface_of(REGION, instance_id))
    cloud.seed_interfaces(REGION, 150, flow_logs=149, instance_id=instance_id)
    assert outcomes(function(without_answer(place))) == {"created": 1}
    assert function.calls() == [LOOK, LOOK, LOGS, LOGS, CREATE]
    asked = [(call.params["VpcId"], call.params["Offset"]) for call in cloud.calls.of(LOGS)]
    assert asked == [(place[0], 0), (place[0], 100)]


def test_what_was_there_before_the_event_is_not_the_event_s(
    function: Function, cloud: LocalCloud, place: tuple[str, str]
) -> None:
    """An old interface without a flow log, one hour older than the call: the sweep's, not this event's."""
    cloud.seed_instance(REGION)
    cloud.clock.advance(HOUR)
    new = cloud.primary_interface_of(REGION, cloud.seed_instance(REGION))
    report = function(without_answer(place, eventTime=beijing_time(cloud.clock.now())))
    assert [item["interface_id"] for item in report["items"]] == [new]
    assert outcomes(report) == {"created": 1}


@pytest.mark.parametrize("told", ["", "0000-00-00 00:00:00", None])
def test_where_no_time_is_told_all_of_the_subnet_are_ensured(
    function: Function, cloud: LocalCloud, place: tuple[str, str], told: Any
) -> None:
    """Which of them is new cannot be known, and all should have a flow log."""
    cloud.seed_interfaces(REGION, 3)
    cloud.faults.add(LOOK, interfaces_changed(lambda shown: [{**each, "CreatedTime": told} for each in shown]))
    assert outcomes(function(without_answer(place)))["created"] >= 3


def test_it_is_waited_for_what_is_not_visible_yet(
    function: Function, cloud: LocalCloud, place: tuple[str, str]
) -> None:
    """As for RunInstances; an interface that has its flow log already does not end the wait."""
    cloud.seed_flow_log(REGION, cloud.primary_interface_of(REGION, cloud.seed_instance(REGION)))
    new = cloud.primary_interface_of(REGION, cloud.seed_instance(REGION))
    hidden = interfaces_changed(lambda shown: [each for each in shown if each["NetworkInterfaceId"] != new])
    cloud.faults.add(LOOK, hidden, times=2)
    report = function(without_answer(place), clock=Clock())
    assert [item["interface_id"] for item in report["items"]] == [new]
    assert function.calls() == [LOOK, LOGS, LOOK, LOGS, LOOK, LOGS, CREATE]


def test_as_many_are_waited_for_as_the_call_asked_for(
    function: Function, cloud: LocalCloud, place: tuple[str, str]
) -> None:
    """Two instances, of which one is late: the first gets its flow log at once."""
    first, late = (cloud.primary_interface_of(REGION, cloud.seed_instance(REGION)) for _ in range(2))
    hidden = interfaces_changed(lambda shown: [each for each in shown if each["NetworkInterfaceId"] != late])
    cloud.faults.add(LOOK, hidden, times=2)
    asked = records.request(InstanceCount=2, VirtualPrivateCloud={"VpcId": place[0], "SubnetId": place[1]})
    report = function(without_answer(place, requestParameters=asked), clock=Clock())
    assert [item["interface_id"] for item in report["items"]] == [first, late]
    assert function.calls()[:4] == [LOOK, LOGS, CREATE, LOOK]


def test_what_is_seen_is_done_though_not_all_shows(
    function: Function, cloud: LocalCloud, place: tuple[str, str]
) -> None:
    """MaxCount of a call may be more than there was room for: what came is covered, and that is all there is to say."""
    new = cloud.primary_interface_of(REGION, cloud.seed_instance(REGION))
    asked = records.request(InstanceCount=2, VirtualPrivateCloud={"VpcId": place[0], "SubnetId": place[1]})
    report = function(without_answer(place, requestParameters=asked), clock=Clock())
    assert [(item["interface_id"], item["outcome"]) for item in report["items"]] == [(new, "created")]
    assert function.letters() == []


def test_an_unattached_interface_is_the_event_s_only_where_it_was_not_to_be_attached(
    function: Function, cloud: LocalCloud, place: tuple[str, str]
) -> None:
    """A create of one waits for its attach event; a RunInstances looks on for what is attached."""
    loose = cloud.seed_interface(REGION)
    report = function(without_answer(place, "CreateNetworkInterface"))
    assert [(item["interface_id"], item["outcome"]) for item in report["items"]] == [(loose, "waiting")]
    report = function(without_answer(place), clock=Clock())
    assert report["items"] == [
        {
            "region": REGION,
            "outcome": "waiting",
            "reason": f"the event names no interface, and none is new in {place[1]}: left to the sweep",
        }
    ]
    assert function.letters() == []


def test_too_many_are_left_to_the_sweep(function: Function, cloud: LocalCloud, place: tuple[str, str]) -> None:
    """Some hundreds are listed, not thousands, and it is not tried again: the sweep lists them anyway."""
    cloud.seed_interfaces(REGION, 601)
    report = function(without_answer(place))
    assert outcomes(report) == {"waiting": 1}
    assert report["items"][0]["reason"].endswith(f"{place[1]} has more than 500 interfaces: left to the sweep")
    assert function.calls() == [LOOK] * 6


def test_two_records_of_one_subnet_are_one_look(function: Function, cloud: LocalCloud, place: tuple[str, str]) -> None:
    """The earlier of the two calls counts; what both lead to is made once."""
    cloud.seed_instance(REGION)
    report = function(records.event_list(without_answer(place, eventTime=None), without_answer(place)))
    assert outcomes(report) == {"created": 1, "covered": 1}
    assert function.calls() == [LOOK, LOGS, CREATE]


def test_a_look_that_fails_is_a_letter_that_can_be_redriven(
    function: Function, cloud: LocalCloud, place: tuple[str, str]
) -> None:
    """It holds all that the record told: the place, and since when."""
    cloud.seed_instance(REGION)
    switch = cloud.faults.add(LOOK, error("UnauthorizedOperation"))
    assert outcomes(function(without_answer(place, eventTime="2026-01-02 03:05:05"))) == {"dead_lettered": 1}
    (letter,) = function.letters()
    expected = {"region": REGION, "vpc_id": place[0], "subnet_id": place[1], "since": "2026-01-02 03:04:05"}
    assert letter["interface"] == expected
    switch.off()
    report = function({"command": "redrive"})
    assert (outcomes(report), function.letters()) == ({"created": 1}, [])


def test_a_filter_that_is_not_heeded_covers_nothing_else(
    function: Function, cloud: LocalCloud, place: tuple[str, str]
) -> None:
    """A cloud that answers with other interfaces than those asked for: none of them gets a flow log."""
    vpc_id, subnet_id = cloud.seed_vpc(REGION)
    instance_id = cloud.seed_instance(REGION, subnet_id=subnet_id)
    other = {
        "NetworkInterfaceId": cloud.primary_interface_of(REGION, instance_id),
        "VpcId": vpc_id,
        "SubnetId": subnet_id,
        "Attachment": {"InstanceId": instance_id},
    }
    cloud.faults.add(LOOK, interfaces_changed(lambda _shown: [other]))
    batch = [without_answer(place), records.run_instances("ins-00000000"), records.attached("eni-00000000")]
    for event in [*batch, records.created("eni-00000001", place[0])]:
        assert not {"created", "covered"} & outcomes(function(event, clock=Clock())).keys()
    assert {call.params["ResourceId"] for call in cloud.calls.of(CREATE)} == {"eni-00000001"}


# Several interfaces of an instance ------------------------------------------------------------------------------------


def test_a_second_interface_that_is_visible_three_seconds_later(function: Function, cloud: LocalCloud) -> None:
    """RunInstances named two: the first gets its flow log at once, and the second is looked for until it shows."""
    instance_id = cloud.seed_instance(REGION)
    second = cloud.seed_interface(REGION, instance_id=instance_id)
    clock = Clock()
    begun = clock.now

    def late(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [each for each in shown if each["NetworkInterfaceId"] != second or clock.now >= begun + 3]

    cloud.faults.add(LOOK, interfaces_changed(late))
    asked = records.request(NetworkInterfaces=[{"InterfaceType": "PRIMARY"}, {"InterfaceType": "SECONDARY"}])
    report = function(records.run_instances(instance_id, requestParameters=asked), clock=clock)
    assert outcomes(report) == {"created": 2}
    assert function.calls() == [LOOK, CREATE, LOOK, LOOK, LOOK, LOOK, CREATE]
    assert len(cloud.flow_logs_of(REGION, second)) == 1


def test_a_second_interface_that_never_shows(function: Function, cloud: LocalCloud) -> None:
    """The first is covered; the letter says what is lacking, and a redrive settles with what there is then."""
    instance_id = cloud.seed_instance(REGION)
    asked = records.request(NetworkInterfaces=[{}, {}])
    report = function(records.run_instances(instance_id, requestParameters=asked), seconds=90.0, clock=Clock())
    assert outcomes(report) == {"created": 1, "dead_lettered": 1}
    assert report["items"][1]["reason"].startswith("InterfaceNotVisible: only 1 of 2 interfaces of this instance have")
    report = function({"command": "redrive"})
    assert (outcomes(report), function.letters()) == ({"covered": 1}, [])


def test_a_vpc_with_more_flow_logs_than_are_read(function: Function, cloud: LocalCloud, place: tuple[str, str]) -> None:
    """The flow logs of a big VPC are read up to a bound; the create itself tells of any behind it."""
    subnet = Client(cloud)(
        "vpc", "CreateSubnet", REGION, VpcId=place[0], SubnetName="big", CidrBlock="10.8.0.0/16", Zone=f"{REGION}-3"
    )["Subnet"]["SubnetId"]
    cloud.seed_interfaces(REGION, 2_100, flow_logs=2_100, subnet_id=subnet)
    cloud.seed_interfaces(REGION, 1)
    cloud.calls.clear()
    assert function(without_answer(place))["outcomes"]["created"] >= 1
    assert cloud.calls.count(LOGS) == 20


def test_a_topic_in_the_interfaces_own_region(function: Function, cloud: LocalCloud) -> None:
    """Without FLOWLOG_TOPIC_REGION no CloudLogRegion is sent."""
    function.set(FLOWLOG_TOPIC_REGION="")
    (interface,) = cloud.seed_interfaces(cloud.region, 1)
    assert outcomes(function(records.created(interface, cloud.vpc_id, cloud.region))) == {"created": 1}
    [sent] = [each.params for each in cloud.calls if each.action == CREATE]
    assert "CloudLogRegion" not in sent
