"""From an event to a flow log, over HTTP: which calls are made, and how each interface ends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.faults import chain, delay, drop_after_effect, error
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import FUNCTION_REGION, REQUEST_ID, Function, outcomes
from tests.support.records import REGION

if TYPE_CHECKING:
    from localcloud import LocalCloud

CREATE, LOGS, LOOK = "CreateFlowLog", "DescribeFlowLogs", "DescribeNetworkInterfaces"


@dataclass(frozen=True)
class Place:
    """A VPC with a running instance in another region than the function's."""

    cloud: LocalCloud
    instance_id: str
    vpc_id: str

    def attached(self, **fields: Any) -> str:
        return self.cloud.seed_interface(REGION, instance_id=self.instance_id, **fields)

    def loose(self) -> str:
        return self.cloud.seed_interface(REGION)

    def created(self, interface_id: str, **fields: Any) -> dict[str, Any]:
        return records.created(interface_id, self.vpc_id, **{"subnet_id": "", **fields})


@pytest.fixture
def place(cloud: LocalCloud) -> Place:
    instance_id = cloud.seed_instance(REGION)
    return Place(cloud, instance_id, cloud.network_of(REGION)[0])


def only(report: dict[str, Any]) -> dict[str, Any]:
    """The report's only item."""
    (item,) = report["items"]
    assert isinstance(item, dict)
    return item


# Which calls ----------------------------------------------------------------------------------------------------------


def test_one_call_when_the_event_names_the_vpc(function: Function, cloud: LocalCloud, place: Place) -> None:
    """One CreateFlowLog, in the interface's region, with the account's defaults, and no other call."""
    eni = place.attached()
    report = function(records.cloud_event(place.created(eni)))
    assert function.calls() == [CREATE]
    call = cloud.calls.of(CREATE)[0]
    assert call.region == REGION != FUNCTION_REGION
    assert call.params == {
        "FlowLogName": f"auto-{eni}",
        "ResourceType": "NETWORKINTERFACE",
        "ResourceId": eni,
        "TrafficType": "ALL",
        "VpcId": place.vpc_id,
        "FlowLogDescription": "managed-by=eni-flowlog",
        "StorageType": "cls",
        "CloudLogId": cloud.topic_id,
    }
    (flow_log,) = cloud.flow_logs_of(REGION, eni)
    assert report == {
        "schema_version": 1,
        "request_id": REQUEST_ID,
        "received": 1,
        "outcomes": {**dict.fromkeys(report["outcomes"], 0), "created": 1},
        "items": [
            {"region": REGION, "interface_id": eni, "outcome": "created", "flow_log_id": flow_log.flow_log_id},
        ],
        "continued": False,
    }
    assert function.letters() == []


def test_the_settings_reach_the_call(function: Function, cloud: LocalCloud, place: Place) -> None:
    """Topic by region, its region, traffic, name, description and tags."""
    topic = cloud.add_topic()
    function.set(
        FLOWLOG_TOPIC_ID=json.dumps({REGION: topic, "default": cloud.topic_id}),
        FLOWLOG_TOPIC_REGION="ap-beijing",
        FLOWLOG_TRAFFIC_TYPE="REJECT",
        FLOWLOG_NAME_PREFIX="net: ",
        FLOWLOG_DESCRIPTION="ours",
        FLOWLOG_TAGS='{"team":"network","env":"prod"}',
    )
    eni = place.attached()
    function(place.created(eni))
    (flow_log,) = cloud.flow_logs_of(REGION, eni)
    assert (flow_log.topic_id, flow_log.topic_region, flow_log.traffic_type) == (topic, "ap-beijing", "REJECT")
    assert (flow_log.name, flow_log.description) == (f"net: {eni}", "ours")
    assert flow_log.tags == (("env", "prod"), ("team", "network"))


def test_flow_logs_into_ckafka(function: Function, cloud: LocalCloud, place: Place) -> None:
    """FLOWLOG_STORAGE names the instance and its topic instead of a CLS topic."""
    function.set(FLOWLOG_STORAGE="ckafka:ckafka-8xk9dj2p/flowlogs", FLOWLOG_TOPIC_ID="")
    eni = place.attached()
    assert outcomes(function(place.created(eni))) == {"created": 1}
    params = cloud.calls.of(CREATE)[0].params
    assert params["FlowLogStorage"] == {"StorageId": "ckafka-8xk9dj2p", "StorageTopic": "flowlogs"}
    assert params["StorageType"] == "ckafka"
    assert "CloudLogId" not in params


def test_no_topic_for_a_region(function: Function, cloud: LocalCloud, place: Place) -> None:
    """Without a default the setting leaves regions out: a dead letter that names the variable, and no call."""
    function.set(FLOWLOG_TOPIC_ID=json.dumps({"ap-beijing": cloud.topic_id}))
    report = function(place.created(place.attached()))
    assert only(report)["reason"] == f"NoTopicForRegion: FLOWLOG_TOPIC_ID names no topic for {REGION}, and no default"
    assert (function.calls(), len(function.letters())) == ([], 1)


@pytest.mark.parametrize("action", ["AttachNetworkInterface", "MigrateNetworkInterface"])
def test_one_lookup_more_for_an_attach(function: Function, place: Place, action: str) -> None:
    """The record names no VPC."""
    report = function(records.cloud_event(records.attached(place.attached(), eventName=action)))
    assert outcomes(report) == {"created": 1}
    assert function.calls() == [LOOK, CREATE]


def test_one_lookup_for_many_attaches(function: Function, place: Place) -> None:
    """A hundred ids go into one call."""
    enis = [place.attached() for _ in range(12)]
    report = function(records.event_list(*(records.attached(eni) for eni in enis)))
    assert outcomes(report) == {"created": 12}
    assert function.calls().count(LOOK) == 1


def test_rules_about_tags_cost_a_lookup_only_where_the_event_has_none(function: Function, place: Place) -> None:
    """The record's own tags do as well."""
    function.set(FLOWLOG_RULES='{"exclude":{"tags":{"flowlog":"off"}}}')
    out, into = place.attached(tags={"flowlog": "off"}), place.attached()
    report = function(records.event_list(place.created(out, tags={"flowlog": "off"}), place.created(into)))
    assert outcomes(report) == {"created": 1, "skipped": 1}
    assert function.calls() == [CREATE]
    assert outcomes(function(records.attached(out))) == {"skipped": 1}
    assert function.calls() == [CREATE, LOOK]


def test_rules_about_subnets_look_the_subnet_up(function: Function, cloud: LocalCloud, place: Place) -> None:
    """A record with tags and without its subnet: what is known is kept, what is not is looked up."""
    subnet_id = cloud.network_of(REGION)[1]
    function.set(FLOWLOG_RULES=json.dumps({"include": {"subnet_ids": [subnet_id]}}))
    report = function(place.created(place.attached(), tags={"a": "b"}))
    assert outcomes(report) == {"created": 1}
    assert function.calls() == [LOOK, CREATE]
    function.set(FLOWLOG_RULES=json.dumps({"include": {"subnet_ids": ["subnet-00000000"]}}))
    report = function(place.created(place.attached()))
    assert only(report)["reason"] == "not included by FLOWLOG_RULES"


# The same interface more than once ------------------------------------------------------------------------------------


def test_the_same_interface_twice_in_a_batch_is_called_for_once(function: Function, place: Place) -> None:
    """Both count as received: created, and covered by it."""
    event = records.cloud_event(place.created(place.attached()))
    report = function(records.event_list(event, event, event))
    assert (report["received"], outcomes(report)) == (3, {"created": 1, "covered": 2})
    assert function.calls() == [CREATE]


def test_a_later_duplicate_is_covered(function: Function, place: Place) -> None:
    """Events come twice: the API's own refusal makes that harmless."""
    event = place.created(place.attached())
    assert outcomes(function(event)) == {"created": 1}
    assert outcomes(function(event)) == {"covered": 1}
    assert function.calls() == [CREATE, CREATE]


def test_created_loose_and_attached_in_one_batch(function: Function, cloud: LocalCloud, place: Place) -> None:
    """The two records together tell the VPC: one call."""
    eni = place.attached()
    report = function(records.event_list(place.created(eni), records.attached(eni)))
    assert outcomes(report) == {"created": 1, "covered": 1}
    assert function.calls() == [CREATE]
    assert len(cloud.flow_logs_of(REGION, eni)) == 1


def test_the_same_id_in_two_regions_is_two_interfaces(function: Function, cloud: LocalCloud, place: Place) -> None:
    """Regions share nothing."""
    eni = place.attached()
    events = records.event_list(place.created(eni), place.created(eni, region="ap-beijing"))
    report = function(events, clock=Clock())
    assert outcomes(report) == {"created": 1, "gone": 1}
    assert {call.region for call in cloud.calls} == {REGION, "ap-beijing"}


def test_a_failed_duplicate_is_one_letter(function: Function, cloud: LocalCloud, place: Place) -> None:
    """The interface lies on the queue once, and both mentions are counted."""
    cloud.faults.add(CREATE, error("UnauthorizedOperation"))
    event = place.created(place.attached())
    report = function(records.event_list(event, event))
    assert outcomes(report) == {"dead_lettered": 2}
    assert len(function.letters()) == 1


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


def test_a_lost_answer_to_a_create_that_took_effect(function: Function, cloud: LocalCloud, place: Place) -> None:
    """The connection breaks after the effect: the second call finds it covered, and there is one flow log, not two."""
    switch = cloud.faults.add(CREATE, drop_after_effect(), times=1)
    eni = place.attached()
    report = function(place.created(eni))
    assert switch.hits == 1
    assert outcomes(report) == {"covered": 1}
    assert len(cloud.flow_logs_of(REGION, eni)) == 1
    assert function.letters() == []


@pytest.mark.parametrize("prefix", ["auto-", "x" * 48])
def test_a_taken_name_ends_with_another_name(function: Function, cloud: LocalCloud, place: Place, prefix: str) -> None:
    """Another interface's flow log has it: the next name is tried, which keeps to 60 characters."""
    function.set(FLOWLOG_NAME_PREFIX=prefix)
    eni, other = place.attached(), place.attached()
    usual = f"{prefix}{eni}"[:60]
    cloud.seed_flow_log(REGION, other, name=usual if prefix == "auto-" else f"{prefix[: 60 - len(eni)]}{eni}")
    assert outcomes(function(place.created(eni))) == {"created": 1}
    assert function.calls() == [CREATE, LOGS, CREATE]
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


@pytest.mark.parametrize("event", [records.attached("eni-00000000"), records.created("eni-00000000")])
def test_what_there_was_no_time_to_look_for_is_not_called_gone(function: Function, event: dict[str, Any]) -> None:
    """It may only not be visible yet: a redrive looks again."""
    assert outcomes(function(event, seconds=1.0, clock=Clock())) == {"dead_lettered": 1}
    (letter,) = function.letters()
    assert letter["error"]["retryable"]


def test_an_interface_that_is_deleted_while_it_is_attached(function: Function, cloud: LocalCloud) -> None:
    """It is not waited for any more."""
    cloud.faults.add(CREATE, error("UnsupportedOperation.FlowLogsNotSupportNullInstanceEni"), times=1)
    event = records.created("eni-00000000", instance_id=cloud.instance_id)
    assert outcomes(function(event, clock=Clock())) == {"gone": 1}


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


# Batches --------------------------------------------------------------------------------------------------------------


def test_a_batch_of_three_hundred(function: Function, cloud: LocalCloud, place: Place) -> None:
    """Good, bad and not ours, in one event: each in its outcome, in the order they came, within seconds."""
    enis = cloud.seed_interfaces(REGION, 200, instance_id=place.instance_id)
    events: list[Any] = [records.cloud_event(place.created(eni)) for eni in enis]
    events += [records.cloud_event(records.record("RunCommand"))] * 50
    events += list(range(50))
    report = function(records.event_list(*events))
    assert outcomes(report) == {"created": 200, "ignored": 50, "dead_lettered": 50}
    assert [item["interface_id"] for item in report["items"][:200]] == enis
    assert len(function.letters()) == 50
    assert function.calls() == [CREATE] * 200


def test_a_batch_against_the_documented_limit(function: Function, cloud: LocalCloud, place: Place) -> None:
    """Forty-five creates against twenty a second: what is throttled is tried again, and none is lost."""
    cloud.limits.enforced = True
    enis = cloud.seed_interfaces(REGION, 45, instance_id=place.instance_id)
    report = function(records.event_list(*map(place.created, enis)))
    assert outcomes(report) == {"created": 45}
    assert all(len(cloud.flow_logs_of(REGION, eni)) == 1 for eni in enis)


def test_interfaces_of_a_batch_are_done_side_by_side(function: Function, cloud: LocalCloud, place: Place) -> None:
    """Sixteen calls of a quarter of a second each take a good deal less than four seconds."""
    cloud.faults.add(CREATE, delay(0.25))
    enis = cloud.seed_interfaces(REGION, 16, instance_id=place.instance_id)
    report = function(records.event_list(*map(place.created, enis)), seconds=3.0)
    assert outcomes(report) == {"created": 16}


def test_one_interface_s_failure_is_its_own(function: Function, cloud: LocalCloud, place: Place) -> None:
    """Of three, the one that is refused is on the queue, and the other two are done."""
    cloud.faults.add(CREATE, error("LimitExceeded", "50 flow logs"), times=1)
    report = function(records.event_list(*(place.created(place.attached()) for _ in range(3))))
    assert outcomes(report) == {"created": 2, "dead_lettered": 1}
    assert function.letters()[0]["error"]["message"] == "50 flow logs"


# Other ways in --------------------------------------------------------------------------------------------------------


def test_the_ensure_command_over_regions(function: Function, cloud: LocalCloud, place: Place) -> None:
    """By hand, for some interfaces, wherever they are, with and without their VPC."""
    other = cloud.seed_interface("ap-beijing", instance_id=cloud.seed_instance("ap-beijing"))
    command = records.ensure(
        {"region": REGION, "interface_id": place.attached(), "vpc_id": place.vpc_id},
        {"region": "ap-beijing", "interface_id": other},
    )
    assert outcomes(function(command)) == {"created": 2}
    assert sorted(function.calls()) == [CREATE, CREATE, LOOK]


def test_a_native_dead_letter_is_its_event(function: Function, place: Place) -> None:
    """Invoked with SCF's own message, the function does what is inside."""
    letter = records.platform_letter(records.cloud_event(place.created(place.attached())))
    assert outcomes(function(letter)) == {"created": 1}


def test_an_own_dead_letter_that_fails_again_keeps_its_history(
    function: Function, cloud: LocalCloud, place: Place
) -> None:
    """The same id, one attempt more, the first failure's time."""
    cloud.faults.add(CREATE, error("UnauthorizedOperation"))
    interface = {"region": REGION, "interface_id": place.attached(), "vpc_id": place.vpc_id}
    before = records.own_letter(interface=interface)
    function(before)
    (after,) = function.letters()
    assert (after["id"], after["attempts"], after["first_failed_at"]) == (before["id"], 3, before["first_failed_at"])
    assert after["interface"] == interface
    assert after["last_failed_at"] > before["last_failed_at"] or after["last_failed_at"] != before["last_failed_at"]


@pytest.mark.parametrize("context", [None, {}, [], "x", {"time_limit_in_ms": None, "request_id": None}])
def test_a_context_of_any_kind(function: Function, place: Place, context: Any) -> None:
    """On an operator's machine there is none."""
    assert outcomes(function.run(place.created(place.attached()), context)) == {"created": 1}


def test_slow_answers_are_waited_for(function: Function, cloud: LocalCloud, place: Place) -> None:
    """A second is nothing to worry about."""
    cloud.faults.add(CREATE, chain(delay(0.8)))
    assert outcomes(function(place.created(place.attached()))) == {"created": 1}
    assert function.calls() == [CREATE]
