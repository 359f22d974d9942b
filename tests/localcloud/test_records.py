"""What flow logs deliver: a line for each interface and capture window, found by CLS and counted by Cloud Monitor."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client

QUARTER_S = 900
ARRIVALS = (
    '* | select "interface-id" as eni, count(*) as n, count_if("log-status"=\'OK\') as ok,'
    " max(__TIMESTAMP__) as last group by eni limit 10000"
)


@pytest.fixture
def covered(cloud: LocalCloud) -> str:
    """An interface whose flow log has been on since now."""
    return cloud.seed_interfaces(cloud.region, 1, flow_logs=1)[0]


def arrivals(call: Client, topic_id: str = "", *, since_s: int = 86_400) -> dict[str, dict[str, Any]]:
    """Return by interface what has arrived in a topic within a time."""
    cloud = call.cloud
    now = int(cloud.clock.now() * 1000)
    search = {"TopicId": topic_id or cloud.topic_id, "From": now - since_s * 1000, "To": now, "QuerySyntax": 1}
    reply = call("cls", "SearchLog", **search, UseNewAnalysis=True, QueryString=ARRIVALS)
    assert reply["Analysis"] is True
    rows = [json.loads(record) for record in reply["AnalysisRecords"]]
    return {row.pop("eni"): row for row in rows}


def test_an_idle_interface_writes_nodata_after_capture_and_publishing(
    cloud: LocalCloud, call: Client, covered: str
) -> None:
    """Five minutes and five more; the time of a line is the end of its window."""
    assert arrivals(call) == {}
    cloud.clock.advance(QUARTER_S)
    seen = arrivals(call)[covered]
    assert (seen["n"], seen["ok"]) in ((1, 0), (2, 0))
    assert 300 <= cloud.clock.now() - seen["last"] / 1000 <= 660
    cloud.clock.advance(3600)
    assert arrivals(call)[covered]["n"] == seen["n"] + 12
    assert arrivals(call, since_s=1800)[covered]["n"] == 5, "of the last half hour all but what is not published yet"


def test_traffic_takes_the_place_of_nodata(cloud: LocalCloud, call: Client, covered: str) -> None:
    cloud.clock.advance(QUARTER_S + 301 - cloud.clock.now() % 300)  # a capture window has just begun
    assert cloud.send_traffic(cloud.region, covered, bytes=77) == 1
    assert arrivals(call)[covered]["ok"] == 0
    cloud.clock.advance(400)
    assert arrivals(call)[covered]["ok"] == 0, "its window is over, and it is not published yet"
    cloud.clock.advance(QUARTER_S)
    assert arrivals(call)[covered]["ok"] == 1
    now = int(cloud.clock.now() * 1000)
    query = {"TopicId": cloud.topic_id, "From": 0, "To": now}
    (line,) = call("cls", "SearchLog", **query, QueryString="log-status:OK")["Results"]
    found = json.loads(line["LogJson"])
    assert (found["interface-id"], found["bytes"], found["srcaddr"], found["version"]) == (covered, 77, "10.0.0.2", 2)
    assert found["end"] - found["start"] == 300
    idle = call("cls", "SearchLog", **query, QueryString=f"log-status:NODATA AND interface-id:{covered}")
    ends = {json.loads(one["LogJson"])["end"] for one in idle["Results"]}
    assert ends
    assert found["end"] not in ends


def test_a_disabled_flow_log_writes_nothing_more(cloud: LocalCloud, call: Client, covered: str) -> None:
    """What it has written stays, also when it is deleted; enabled again, it begins anew."""
    cloud.clock.advance(QUARTER_S)
    (flow_log,) = cloud.flow_logs_of(cloud.region, covered)
    ids = {"FlowLogIds": [flow_log.flow_log_id]}
    call("vpc", "DisableFlowLogs", **ids)
    before = arrivals(call)[covered]
    cloud.clock.advance(3600)
    assert arrivals(call)[covered] == before
    assert cloud.send_traffic(cloud.region, covered) == 0
    call("vpc", "EnableFlowLogs", **ids)
    cloud.clock.advance(QUARTER_S)
    after = arrivals(call)[covered]
    assert after["n"] in (before["n"] + 1, before["n"] + 2)
    call("vpc", "DeleteFlowLog", FlowLogId=flow_log.flow_log_id, VpcId=cloud.vpc_id)
    cloud.clock.advance(3600)
    assert arrivals(call)[covered] == after


def test_a_flow_log_writes_to_its_own_topic_only(cloud: LocalCloud, call: Client, covered: str) -> None:
    """A topic that is gone takes its lines with it."""
    other = cloud.add_topic()
    cloud.clock.advance(QUARTER_S)
    assert (covered in arrivals(call), arrivals(call, other)) == (True, {})
    call("cls", "DeleteTopic", TopicId=cloud.topic_id)
    cloud.add_topic(cloud.topic_id)
    assert arrivals(call) == {}


def test_lines_reach_a_topic_of_another_region(cloud: LocalCloud, call: Client) -> None:
    (far,) = cloud.seed_interfaces("ap-beijing", 1, flow_logs=1)
    cloud.clock.advance(QUARTER_S)
    assert far in arrivals(call)


def test_an_interface_is_silent_though_its_flow_log_is_on(cloud: LocalCloud, call: Client, covered: str) -> None:
    """On a model without flow logs (documented), without an instance, and while its instance does not run."""
    old = cloud.primary_interface_of(cloud.region, cloud.seed_instance(cloud.region, "S2.SMALL1"))
    for interface in (old, cloud.seed_interface(cloud.region)):
        cloud.seed_flow_log(cloud.region, interface)
    cloud.clock.advance(QUARTER_S)
    assert set(arrivals(call)) == {covered}
    (shown,) = call("vpc", "DescribeNetworkInterfaces", NetworkInterfaceIds=[covered])["NetworkInterfaceSet"]
    instance = {"InstanceIds": [shown["Attachment"]["InstanceId"]]}
    call("cvm", "StopInstances", **instance)
    assert call("cvm", "DescribeInstances", **instance)["InstanceSet"][0]["InstanceState"] == "STOPPED"
    assert arrivals(call) == {}
    call("cvm", "StartInstances", **instance)
    assert set(arrivals(call)) == {covered}


def metric(call: Client, name: str, **more: Any) -> list[float]:
    """Return a metric of the seeded topic for the last hour, twelve values."""
    cloud = call.cloud
    now = datetime.fromtimestamp(cloud.clock.now(), timezone(timedelta(hours=8)))
    dimensions = [{"Name": "uin", "Value": cloud.uin}, {"Name": "TopicId", "Value": cloud.topic_id}]
    query = {
        "Namespace": "QCE/CLS",
        "MetricName": name,
        "Instances": [{"Dimensions": dimensions}],
        "StartTime": (now - timedelta(hours=1)).isoformat(timespec="seconds"),
        "EndTime": now.isoformat(timespec="seconds"),
        **more,
    }
    (found,) = call("monitor", "GetMonitorData", **query)["DataPoints"]
    assert len(found["Timestamps"]) == len(found["Values"])
    values = found["Values"]
    assert isinstance(values, list)
    return values


def test_the_monitor_counts_what_arrives(cloud: LocalCloud, call: Client) -> None:
    """In MB; index traffic is raw, write traffic compressed. Of a topic that is not there it knows nothing."""
    assert metric(call, "TrafficWrite") == [0.0] * 12
    cloud.seed_interfaces(cloud.region, 100, flow_logs=100)
    cloud.clock.advance(3600)
    written, indexed = sum(metric(call, "TrafficWrite")), sum(metric(call, "TrafficIndex"))
    assert 0 < written < indexed < 1
    assert indexed / written == pytest.approx(9.31 / 2.33, rel=0.01)
    assert metric(call, "TrafficWrite", Instances=[{"Dimensions": [{"Name": "TopicId", "Value": "t"}]}]) == []


@pytest.mark.parametrize(
    "change",
    [
        {"Namespace": "QCE/CVM"},
        {"MetricName": "Colour"},
        {"Period": 7},
        {"StartTime": "yesterday"},
        {"StartTime": "2001-01-01T00:00:00+08:00"},
        {"StartTime": "2999-01-01T00:00:00+08:00"},
    ],
)
def test_what_the_monitor_cannot_tell_is_refused(call: Client, change: dict[str, Any]) -> None:
    dimensions = [{"Name": "TopicId", "Value": call.cloud.topic_id}]
    query = {"Namespace": "QCE/CLS", "MetricName": "TrafficWrite", "Instances": [{"Dimensions": dimensions}], **change}
    assert call.refused("monitor", "GetMonitorData", **query)[0] == "InvalidParameterValue"
