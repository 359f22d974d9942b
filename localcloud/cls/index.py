"""CreateIndex, DescribeIndex: what of a topic's lines can be searched (docs 614/56463, 614/56461)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.cls.model import API, Index, Logs, the_topic
from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params


@API.action()
def create_index(ctx: Context, params: Params) -> dict[str, Any]:
    """Give a topic its index; it has one at most, and is on unless Status is false."""
    topic = the_topic(ctx, params["TopicId"])
    if topic.index is not None:
        raise ApiError("InvalidParameter.IndexConflict", f"The topic `{topic.topic_id}` has an index already.")
    index = Index(params["Rule"], ctx.now(), on=params.get("Status", True))
    ctx.region.state(Logs).topics[topic.topic_id] = replace(topic, index=index)
    return {}


@API.action()
def describe_index(ctx: Context, params: Params) -> dict[str, Any]:
    """Describe a topic's index."""
    topic = the_topic(ctx, params["TopicId"])
    if topic.index is None:
        raise ApiError("ResourceNotFound.IndexNotExist", f"The topic `{topic.topic_id}` has no index.")
    return {
        "TopicId": topic.topic_id,
        "Status": topic.index.on,
        "Rule": topic.index.rule,
        "ModifyTime": beijing_time(topic.index.changed),
        "IncludeInternalFields": False,
        "MetadataFlag": 0,
        "CoverageField": "",
    }
