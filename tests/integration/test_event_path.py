"""The way of an event: which calls it costs, batches, repeated interfaces."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.faults import Reply, error
from tests.support import records
from tests.support.clock import Clock
from tests.support.function import FUNCTION_REGION, REQUEST_ID, Function, outcomes
from tests.support.place import Place, only
from tests.support.records import REGION

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from localcloud.core.faults import Incoming, Proceed


CREATE, LOGS, LOOK = "CreateFlowLog", "DescribeFlowLogs", "DescribeNetworkInterfaces"


# Which calls ----------------------------------------------------------------------------------------------------------


def test_one_call_when_the_event_names_the_vpc(function: Function, cloud: LocalCloud, place: Place) -> None:
    """One CreateFlowLog, in the interface's region, with the account's defaults, whatever else the event names."""
    eni = place.attached()
    record = place.created(eni, tags={"FlowLogName": "x", "TrafficType": "ACCEPT"}, FlowLogName="x")
    report = function(records.cloud_event(record, FlowLogName="x"))
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
        "CloudLogRegion": cloud.region,
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
    topic = cloud.add_topic(region="ap-beijing")
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
    """The tags of the record's answer do as well, and those that the call asked for."""
    function.set(FLOWLOG_RULES='{"exclude":{"tags":{"flowlog":"off"}}}')
    out, into = place.attached(tags={"flowlog": "off"}), place.attached(tags={"flowlog": "on"})
    asked = records.request(Tags=[{"Key": "flowlog", "Value": "on"}])
    event = records.event_list(
        place.created(out, tags={"flowlog": "off"}), place.created(into, requestParameters=asked)
    )
    assert outcomes(function(event)) == {"created": 1, "skipped": 1}
    assert function.calls() == [CREATE]
    assert outcomes(function(records.attached(out))) == {"skipped": 1}
    assert function.calls() == [CREATE, LOOK]


def test_an_empty_tag_set_proves_nothing_just_after_a_create(function: Function, place: Place) -> None:
    """Where the rules need tags and the record has none, the interface is looked up."""
    function.set(FLOWLOG_RULES='{"exclude":{"tags":{"flowlog":"off"}}}')
    assert outcomes(function(place.created(place.attached(tags={"flowlog": "off"}), tags={}))) == {"skipped": 1}
    assert function.calls() == [LOOK]


def test_rules_about_subnets_look_the_subnet_up(function: Function, cloud: LocalCloud, place: Place) -> None:
    """A record with tags and without its subnet: what is known is kept, what is not is looked up."""
    subnet_id = cloud.network_of(REGION)[1]
    function.set(FLOWLOG_RULES=json.dumps({"include": {"subnet_ids": [subnet_id]}}))
    report = function(place.created(place.attached(), tags={"a": "b"}))
    assert outcomes(report) == {"created": 1}
    assert function.calls() == [LOOK, CREATE]
    function.set(FLOWLOG_RULES=json.dumps({"include": {"subnet_ids": ["subnet-00000000"]}}))
    report = function(place.created(place.attached()))
    assert only(report)["reason"] == "not included by FLOWLOG_RULES, include.subnet_ids"


def test_an_exclusion_that_is_over_counts_as_not_there(function: Function, place: Place) -> None:
    """It is created, and why is said; a sweep or status says it in the log."""
    function.set(FLOWLOG_RULES='{"exclude":{"tags":{"flowlog":"off"},"reason":"load test","until":"2020-12-31"}}')
    item = only(function(place.created(place.attached(), tags={"flowlog": "off"})))
    assert (item["outcome"], item["reason"]) == ("created", "the rule exclude (load test) ended on 2020-12-31")
    function({"command": "status", "regions": [REGION]})
    (line,) = [line for line in function.lines() if line["message"] == "rule expired"]
    assert line["rule"].startswith("the rule exclude (load test) ended on 2020-12-31: take it out of FLOWLOG_RULES")


# The same interface more than once ------------------------------------------------------------------------------------


def test_the_same_interface_twice_in_a_batch_is_called_for_once(function: Function, place: Place) -> None:
    """Both count as received: created, and covered by it."""
    event = records.cloud_event(place.created(place.attached()))
    report = function(records.event_list(event, event, event))
    assert (report["received"], outcomes(report)) == (3, {"created": 1, "covered": 2})
    assert function.calls() == [CREATE]


def test_a_later_duplicate_is_covered(function: Function, place: Place) -> None:
    """Events come twice: the API's own refusal makes that harmless, and one look says that the flow log logs."""
    event = place.created(place.attached())
    made = only(function(event))
    assert made["outcome"] == "created"
    again = only(function(event))
    assert (again["outcome"], again["reason"]) == ("covered", "it has a flow log already")
    assert again["flow_log_id"] == made["flow_log_id"]
    assert function.calls() == [CREATE, CREATE, LOGS]


def test_created_loose_and_attached_in_one_batch(function: Function, cloud: LocalCloud, place: Place) -> None:
    """The two records together tell the VPC: one call."""
    eni = place.attached()
    report = function(records.event_list(place.created(eni), records.attached(eni)))
    assert outcomes(report) == {"created": 1, "covered": 1}
    assert function.calls() == [CREATE]
    assert len(cloud.flow_logs_of(REGION, eni)) == 1


def test_an_attach_told_by_the_second_of_two_records(function: Function, cloud: LocalCloud, place: Place) -> None:
    """The first record says that it is loose; the second, that it is being attached: then it is waited for."""
    eni = place.attached()
    cloud.faults.add(CREATE, error("UnsupportedOperation.FlowLogsNotSupportNullInstanceEni"), times=1)
    report = function(records.event_list(place.created(eni), records.attached(eni)), clock=Clock())
    assert outcomes(report) == {"created": 1, "covered": 1}
    assert function.calls() == [CREATE, LOOK, CREATE]


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
    """Sixteen calls are in flight at once: none is answered before the last has come."""
    all_there = threading.Barrier(16)

    def wait_for_all(_call: Incoming, proceed: Proceed) -> Reply:
        all_there.wait(timeout=60)
        return proceed()

    cloud.faults.add(CREATE, wait_for_all)
    enis = cloud.seed_interfaces(REGION, 16, instance_id=place.instance_id)
    assert outcomes(function(records.event_list(*map(place.created, enis)))) == {"created": 16}


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
