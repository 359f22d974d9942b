"""CreateLogset, DescribeLogsets, DeleteLogset, CreateTopic, DescribeTopics, DeleteTopic (docs 614/56454, 614/58624).

`Account.topics` says which topics exist at all, for flow logs; the rows here say what they are called and where they
are. A seeded topic has no row and is listed in every region, since every region's flow logs accept it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localcloud.core.actions import Action, Context
from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError
from localcloud.core.parameters import boolean, integer, list_of, opaque, text, unsigned
from localcloud.vpc.shapes import page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localcloud.core.parameters import Params

SERVICE, VERSION = "cls", "2020-10-16"
Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Logset:
    """A group of topics in one region."""

    logset_id: str
    name: str
    created: float
    tags: Tags = ()


@dataclass(frozen=True)
class Topic:
    """A log topic in one region."""

    topic_id: str
    name: str
    logset_id: str
    created: float
    description: str = ""
    period_days: int = 30
    tags: Tags = ()


class Logs:
    """One region's logsets and topics."""

    def __init__(self) -> None:
        self.logsets: dict[str, Logset] = {}
        self.topics: dict[str, Topic] = {}


def create_logset(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a logset; names are unique in a region."""
    logs = ctx.region.state(Logs)
    if any(logset.name == params["LogsetName"] for logset in logs.logsets.values()):
        raise ApiError("InvalidParameter.LogsetConflict", f"The logset `{params['LogsetName']}` exists already.")
    logset = Logset(_new_id(ctx, params.get("LogsetId")), params["LogsetName"], ctx.now(), _tags(params))
    logs.logsets[logset.logset_id] = logset
    return {"LogsetId": logset.logset_id}


def describe_logsets(ctx: Context, params: Params) -> dict[str, Any]:
    """List logsets, filtered by logsetName or logsetId."""
    offset, limit = page(params, default=20)
    tests: Mapping[str, Callable[[Logset, str], bool]] = {
        "logsetName": lambda row, value: value in row.name,
        "logsetId": lambda row, value: value == row.logset_id,
    }
    logs = ctx.region.state(Logs)
    rows = [row for row in logs.logsets.values() if _passes(row, params, tests)]
    found = [_logset_reply(logs, row) for row in rows[offset : offset + limit]]
    return {"TotalCount": len(rows), "Logsets": found}


def delete_logset(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete an empty logset."""
    logs = ctx.region.state(Logs)
    logset = _logset(logs, params["LogsetId"])
    if any(topic.logset_id == logset.logset_id for topic in logs.topics.values()):
        raise ApiError("FailedOperation.LogsetNotEmpty", f"The logset `{logset.logset_id}` still has topics.")
    del logs.logsets[logset.logset_id]
    return {}


def create_topic(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a topic; names are unique in a logset."""
    logs = ctx.region.state(Logs)
    logset, name = _logset(logs, params["LogsetId"]), params["TopicName"]
    if any(topic.name == name and topic.logset_id == logset.logset_id for topic in logs.topics.values()):
        raise ApiError("InvalidParameter.TopicConflict", f"The topic `{name}` exists already in this logset.")
    topic = Topic(
        topic_id=_new_id(ctx, params.get("TopicId")),
        name=name,
        logset_id=logset.logset_id,
        created=ctx.now(),
        description=params.get("Describes", ""),
        period_days=params.get("Period", 30),
        tags=_tags(params),
    )
    logs.topics[topic.topic_id] = topic
    ctx.account.topics.add(topic.topic_id)
    return {"TopicId": topic.topic_id}


def describe_topics(ctx: Context, params: Params) -> dict[str, Any]:
    """List topics, filtered by topicId, topicName (any part of it unless PreciseSearch is 1), logsetId."""
    offset, limit = page(params, default=20)
    precise = params.get("PreciseSearch") == 1
    tests: Mapping[str, Callable[[Topic, str], bool]] = {
        "topicId": lambda row, value: value == row.topic_id,
        "topicName": lambda row, value: value == row.name if precise else value in row.name,
        "logsetId": lambda row, value: value == row.logset_id,
    }
    rows = [row for row in _topics(ctx) if _passes(row, params, tests)]
    return {"TotalCount": len(rows), "Topics": [_topic_reply(row) for row in rows[offset : offset + limit]]}


def delete_topic(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a topic; flow logs that write to it show CloudLogState DELETED from then on."""
    topic_id = params["TopicId"]
    if topic_id not in {topic.topic_id for topic in _topics(ctx)}:
        raise ApiError("ResourceNotFound.TopicNotExist", f"The topic `{topic_id}` does not exist.")
    ctx.region.state(Logs).topics.pop(topic_id, None)
    ctx.account.topics.discard(topic_id)
    return {}


def _topics(ctx: Context) -> list[Topic]:
    account = ctx.account
    described = {topic_id for region in account.regions for topic_id in region.state(Logs).topics}
    seeded = [Topic(topic_id, "seeded", "", 0.0) for topic_id in sorted(account.topics - described)]
    return [*seeded, *(row for row in ctx.region.state(Logs).topics.values() if row.topic_id in account.topics)]


def _logset(logs: Logs, logset_id: str) -> Logset:
    if logset_id not in logs.logsets:
        raise ApiError("ResourceNotFound.LogsetNotExist", f"The logset `{logset_id}` does not exist.")
    return logs.logsets[logset_id]


def _passes(row: Any, params: Params, tests: Mapping[str, Callable[[Any, str], bool]]) -> bool:
    for one in params.get("Filters", ()):
        if one["Key"] not in tests:
            raise ApiError("InvalidParameterValue", f"The filter `{one['Key']}` is not supported.")
        if not any(tests[one["Key"]](row, value) for value in one["Values"]):
            return False
    return True


def _new_id(ctx: Context, custom: str | None) -> str:
    """Return a UUID, or the caller's own name for it with the account's app id behind (documented)."""
    return f"{custom}-{ctx.account.app_id}" if custom else ctx.account.ids.uuid()


def _tags(params: Params) -> Tags:
    return tuple((tag["Key"], tag["Value"]) for tag in params.get("Tags", ()))


def _tag_set(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags]


def _logset_reply(logs: Logs, row: Logset) -> dict[str, Any]:
    return {
        "LogsetId": row.logset_id,
        "LogsetName": row.name,
        "CreateTime": beijing_time(row.created),
        "AssumerUin": 0,
        "AssumerName": "",
        "Tags": _tag_set(row.tags),
        "TopicCount": sum(topic.logset_id == row.logset_id for topic in logs.topics.values()),
        "RoleName": "",
        "MetricTopicCount": 0,
    }


def _topic_reply(row: Topic) -> dict[str, Any]:
    return {
        "LogsetId": row.logset_id,
        "TopicId": row.topic_id,
        "TopicName": row.name,
        "PartitionCount": 1,
        "Index": True,
        "AssumerUin": 0,
        "AssumerName": "",
        "CreateTime": beijing_time(row.created),
        "Status": True,
        "Tags": _tag_set(row.tags),
        "RoleName": "",
        "AutoSplit": True,
        "MaxSplitPartitions": 50,
        "StorageType": "hot",
        "Period": row.period_days,
        "SubAssumerName": "",
        "Describes": row.description,
        "HotPeriod": 0,
        "BizType": 0,
        "IsWebTracking": False,
    }


_TAGS = list_of({"Key": text.must(), "Value": text.must()})
_FILTERS = list_of({"Key": text.must(), "Values": list_of(text).must()})

ACTIONS = (
    Action(
        SERVICE, VERSION, "CreateLogset", {"LogsetName": text.must(), "Tags": _TAGS, "LogsetId": text}, create_logset
    ),
    Action(
        SERVICE,
        VERSION,
        "DescribeLogsets",
        {"Filters": _FILTERS, "Offset": integer, "Limit": integer},
        describe_logsets,
    ),
    Action(SERVICE, VERSION, "DeleteLogset", {"LogsetId": text.must()}, delete_logset),
    Action(
        SERVICE,
        VERSION,
        "CreateTopic",
        {
            "LogsetId": text.must(),
            "TopicName": text.must(),
            "PartitionCount": integer,
            "Tags": _TAGS,
            "AutoSplit": boolean,
            "MaxSplitPartitions": integer,
            "StorageType": text,
            "Period": integer,
            "Describes": text,
            "HotPeriod": unsigned,
            "Encryption": unsigned,
            "CustomKmsInfo": opaque,
            "BizType": unsigned,
            "TopicId": text,
            "IsWebTracking": boolean,
            "Extends": opaque,
            "IsSourceFrom": boolean,
            "BillingMode": unsigned,
        },
        create_topic,
    ),
    Action(
        SERVICE,
        VERSION,
        "DescribeTopics",
        {"Filters": _FILTERS, "Offset": integer, "Limit": integer, "PreciseSearch": unsigned, "BizType": unsigned},
        describe_topics,
    ),
    Action(SERVICE, VERSION, "DeleteTopic", {"TopicId": text.must()}, delete_topic),
)
