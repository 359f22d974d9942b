"""CLS: topics and logsets, and what becomes of flow logs whose topic is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client


def make_topic(call: Client, name: str = "t", logset: str = "l") -> str:
    logset_id = call("cls", "CreateLogset", LogsetName=logset)["LogsetId"]
    return str(call("cls", "CreateTopic", LogsetId=logset_id, TopicName=name)["TopicId"])


def topics(call: Client, key: str, *values: str, region: str | None = None) -> list[str]:
    found = call("cls", "DescribeTopics", region, Filters=[{"Key": key, "Values": list(values)}])
    assert found["TotalCount"] == len(found["Topics"])
    return [one["TopicId"] for one in found["Topics"]]


def test_topics_are_found_by_id_and_by_part_of_their_name(call: Client, cloud: LocalCloud) -> None:
    made = make_topic(call, "flow-logs")
    assert topics(call, "topicId", made) == [made]
    assert topics(call, "topicName", "low") == [made]
    assert topics(call, "topicId", "no-such-topic") == []
    assert topics(call, "topicId", made, region="ap-shanghai") == []
    assert topics(call, "topicId", cloud.topic_id) == [cloud.topic_id]
    assert topics(call, "topicId", cloud.topic_id, region="ap-shanghai") == []
    precise = call("cls", "DescribeTopics", Filters=[{"Key": "topicName", "Values": ["low"]}], PreciseSearch=1)
    assert precise["TotalCount"] == 0


def test_a_topic_is_kept_as_it_was_asked_for(call: Client) -> None:
    logset_id = call("cls", "CreateLogset", LogsetName="l")["LogsetId"]
    tags = [{"Key": "k", "Value": "v"}]
    wanted = {"TopicName": "t", "Describes": "why", "Period": 7, "StorageType": "cold", "Tags": tags}
    made = call("cls", "CreateTopic", LogsetId=logset_id, **wanted)
    (shown,) = call("cls", "DescribeTopics", Filters=[{"Key": "topicId", "Values": [made["TopicId"]]}])["Topics"]
    assert {name: shown[name] for name in wanted} == wanted


def test_flow_logs_whose_topic_is_deleted_show_it(call: Client, flow_log: dict[str, Any]) -> None:
    topic = make_topic(call)
    call("vpc", "CreateFlowLog", **{**flow_log, "CloudLogId": topic})
    assert call("vpc", "DescribeFlowLogs")["FlowLog"][0]["CloudLogState"] == "SUCCESS"
    call("cls", "DeleteTopic", TopicId=topic)
    assert call("vpc", "DescribeFlowLogs")["FlowLog"][0]["CloudLogState"] == "DELETED"
    assert topics(call, "topicId", topic) == []
    gone = ("ResourceNotFound.TopicNotExist", f"The topic `{topic}` does not exist.")
    assert call.refused("cls", "DeleteTopic", TopicId=topic) == gone


def test_names_are_unique(call: Client) -> None:
    topic = make_topic(call)
    (made,) = call("cls", "DescribeTopics", Filters=[{"Key": "topicId", "Values": [topic]}])["Topics"]
    assert call.refused("cls", "CreateLogset", LogsetName="l") == (
        "InvalidParameter.LogsetConflict",
        "The logset `l` exists already.",
    )
    assert call.refused("cls", "CreateTopic", LogsetId=made["LogsetId"], TopicName="t") == (
        "InvalidParameter.TopicConflict",
        "The topic `t` exists already in this logset.",
    )


def test_what_a_topic_cannot_be_is_refused(call: Client) -> None:
    """A logset that does not exist, and an id of the caller's own, which is not done here."""
    assert call.refused("cls", "CreateTopic", LogsetId="nope", TopicName="t") == (
        "ResourceNotFound.LogsetNotExist",
        "The logset `nope` does not exist.",
    )
    assert call.refused("cls", "CreateLogset", LogsetName="l", LogsetId="mine-1250000001")[0] == "InvalidParameter"


def test_an_unknown_filter_is_refused(call: Client) -> None:
    refused = call.refused("cls", "DescribeTopics", Filters=[{"Key": "colour", "Values": ["red"]}])
    assert refused == ("InvalidParameterValue", "The filter `colour` is not supported.")
