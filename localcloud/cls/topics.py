"""CreateLogset, DescribeLogsets, DeleteLogset, CreateTopic, DescribeTopics, DeleteTopic (docs 614/56454, 614/58624)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from localcloud.cls.model import (
    API,
    CODES,
    Logs,
    Logset,
    Topic,
    passes,
    the_topic,
)
from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError
from localcloud.core.paging import page
from localcloud.core.parameters import tag_set, tags_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

_CUSTOM_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]")


@API.action()
def create_logset(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a logset; names are unique in a region."""
    logs = ctx.region.state(Logs)
    if any(logset.name == params["LogsetName"] for logset in logs.logsets.values()):
        raise ApiError("InvalidParameter.LogsetConflict", f"The logset `{params['LogsetName']}` exists already.")
    logset = Logset(_new_id(ctx, "LogsetId", params.get("LogsetId")), params["LogsetName"], ctx.now(), tags_of(params))
    logs.logsets[logset.logset_id] = logset
    return {"LogsetId": logset.logset_id}


@API.action()
def describe_logsets(ctx: Context, params: Params) -> dict[str, Any]:
    """List logsets, filtered by logsetName or logsetId."""
    offset, limit = page(params, code=CODES.page)
    tests: Mapping[str, Callable[[Logset, str], bool]] = {
        "logsetName": lambda row, value: value in row.name,
        "logsetId": lambda row, value: value == row.logset_id,
    }
    logs = ctx.region.state(Logs)
    rows = [row for row in logs.logsets.values() if passes(row, params, tests)]
    found = [_logset_reply(logs, row) for row in rows[offset : offset + limit]]
    return {"TotalCount": len(rows), "Logsets": found}


@API.action()
def delete_logset(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete an empty logset."""
    logs = ctx.region.state(Logs)
    logset = _logset(logs, params["LogsetId"])
    if any(topic.logset_id == logset.logset_id for topic in logs.topics.values()):
        raise ApiError("FailedOperation.LogsetNotEmpty", f"The logset `{logset.logset_id}` still has topics.")
    del logs.logsets[logset.logset_id]
    return {}


@API.action()
def create_topic(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a topic; names are unique in a logset."""
    logs = ctx.region.state(Logs)
    logset, name = _logset(logs, params["LogsetId"]), params["TopicName"]
    if any(topic.name == name and topic.logset_id == logset.logset_id for topic in logs.topics.values()):
        raise ApiError("InvalidParameter.TopicConflict", f"The topic `{name}` exists already in this logset.")
    topic = Topic(
        topic_id=_new_id(ctx, "TopicId", params.get("TopicId")),
        name=name,
        logset_id=logset.logset_id,
        created=ctx.now(),
        description=params.get("Describes", ""),
        period_days=params.get("Period", 30),
        tags=tags_of(params),
    )
    logs.topics[topic.topic_id] = topic
    return {"TopicId": topic.topic_id}


@API.action()
def describe_topics(ctx: Context, params: Params) -> dict[str, Any]:
    """List topics, filtered by topicId, topicName (any part of it unless PreciseSearch is 1), logsetId."""
    offset, limit = page(params, code=CODES.page)
    precise = params.get("PreciseSearch") == 1
    tests: Mapping[str, Callable[[Topic, str], bool]] = {
        "topicId": lambda row, value: value == row.topic_id,
        "topicName": lambda row, value: value == row.name if precise else value in row.name,
        "logsetId": lambda row, value: value == row.logset_id,
    }
    rows = [row for row in ctx.region.state(Logs).topics.values() if passes(row, params, tests)]
    return {"TotalCount": len(rows), "Topics": [_topic_reply(row) for row in rows[offset : offset + limit]]}


@API.action()
def delete_topic(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a topic; its lines go with it, and flow logs that write to it show CloudLogState DELETED."""
    topic_id = the_topic(ctx, params["TopicId"]).topic_id
    logs = ctx.region.state(Logs)
    del logs.topics[topic_id]
    logs.kept.pop(topic_id, None)
    return {}


def _logset(logs: Logs, logset_id: str) -> Logset:
    if logset_id not in logs.logsets:
        raise ApiError("ResourceNotFound.LogsetNotExist", f"The logset `{logset_id}` does not exist.")
    return logs.logsets[logset_id]


def _new_id(ctx: Context, name: str, custom: str | None) -> str:
    """Return a new id, or the caller's own, which ends with the account's app id (documented of both actions)."""
    if custom is None:
        return ctx.account.ids.uuid()
    own, _, app_id = custom.rpartition("-")
    everywhere = [region.state(Logs) for region in ctx.account.regions]
    if app_id != str(ctx.account.app_id) or not _CUSTOM_ID.fullmatch(own):
        raise ApiError("InvalidParameterValue", f"`{name}` is not a name of 3-40 characters, `-` and the APPID.")
    if any(custom in {**logs.topics, **logs.logsets} for logs in everywhere):
        raise ApiError("InvalidParameterValue", f"The `{name}` `{custom}` is taken.")
    return custom


def _logset_reply(logs: Logs, row: Logset) -> dict[str, Any]:
    return {
        "LogsetId": row.logset_id,
        "LogsetName": row.name,
        "CreateTime": beijing_time(row.created),
        "Tags": tag_set(row.tags),
        "TopicCount": sum(topic.logset_id == row.logset_id for topic in logs.topics.values()),
        **dict.fromkeys(("AssumerName", "RoleName"), ""),
        **dict.fromkeys(("AssumerUin", "MetricTopicCount"), 0),
    }


def _topic_reply(row: Topic) -> dict[str, Any]:
    return {
        "LogsetId": row.logset_id,
        "TopicId": row.topic_id,
        "TopicName": row.name,
        "PartitionCount": 1,
        "MaxSplitPartitions": 50,
        "Index": row.indexed,
        "CreateTime": beijing_time(row.created),
        "Tags": tag_set(row.tags),
        "StorageType": "hot",
        "Period": row.period_days,
        "Describes": row.description,
        "IsWebTracking": False,
        **dict.fromkeys(("Status", "AutoSplit"), True),
        **dict.fromkeys(("AssumerName", "RoleName", "SubAssumerName"), ""),
        **dict.fromkeys(("AssumerUin", "HotPeriod", "BizType"), 0),
    }
