"""CreateLogset, CreateTopic, CreateIndex, DescribeTopics, DeleteTopic (docs 614/56454, 614/56463, 614/58624)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.cls.model import API, DEFAULTS, Index, Logs, Topic, existing, listed, new_id, the_topic
from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params


@API.action()
def create_logset(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a logset; names are unique in a region."""
    logsets, name = ctx.region.state(Logs).logsets, params["LogsetName"]
    if name in logsets.values():
        raise ApiError("InvalidParameter.LogsetConflict", f"The logset `{name}` exists already.")
    logset_id = new_id(ctx, params, "LogsetId")
    logsets[logset_id] = name
    return {"LogsetId": logset_id}


@API.action()
def create_topic(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a topic; names are unique in a logset."""
    logs = ctx.region.state(Logs)
    logset_id, name = params["LogsetId"], params["TopicName"]
    existing(logs.logsets, logset_id, "logset")
    if any((topic.name, topic.settings["LogsetId"]) == (name, logset_id) for topic in logs.topics.values()):
        raise ApiError("InvalidParameter.TopicConflict", f"The topic `{name}` exists already in this logset.")
    topic = Topic(new_id(ctx, params, "TopicId"), ctx.now(), {**DEFAULTS, **params})
    logs.topics[topic.topic_id] = topic
    return {"TopicId": topic.topic_id}


@API.action()
def create_index(ctx: Context, params: Params) -> dict[str, Any]:
    """Say what of a topic's lines can be searched: a topic has one index at most, on unless Status is false."""
    topic = the_topic(ctx, params["TopicId"])
    if topic.index is not None:
        raise ApiError("InvalidParameter.IndexConflict", f"The topic `{topic.topic_id}` has an index already.")
    index = Index(params["Rule"], on=params.get("Status", True))
    ctx.region.state(Logs).topics[topic.topic_id] = replace(topic, index=index)
    return {}


@API.action()
def describe_topics(ctx: Context, params: Params) -> dict[str, Any]:
    """List topics, filtered by topicId, topicName (any part of it unless PreciseSearch is 1), logsetId."""
    precise = params.get("PreciseSearch") == 1
    tests: Mapping[str, Callable[[Topic, str], bool]] = {
        "topicId": lambda row, value: value == row.topic_id,
        "topicName": lambda row, value: value == row.name if precise else value in row.name,
        "logsetId": lambda row, value: value == row.settings["LogsetId"],
    }
    total, rows = listed(params, ctx.region.state(Logs).topics, tests)
    return {"TotalCount": total, "Topics": [_topic_reply(row) for row in rows]}


@API.action()
def delete_topic(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a topic; its lines go with it, and flow logs that write to it show CloudLogState DELETED."""
    topic_id = the_topic(ctx, params["TopicId"]).topic_id
    logs = ctx.region.state(Logs)
    del logs.topics[topic_id]
    logs.kept.pop(topic_id, None)
    return {}


def _topic_reply(row: Topic) -> dict[str, Any]:
    return {
        **{name: row.settings[name] for name in DEFAULTS},
        "TopicId": row.topic_id,
        "TopicName": row.name,
        "Index": row.indexed,
        "CreateTime": beijing_time(row.created),
        "Status": True,
    }
