"""CreateIndex: what of a topic's lines can be searched (doc 614/56463)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.cls.model import API, Index, Logs, the_topic
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
    index = Index(params["Rule"], on=params.get("Status", True))
    ctx.region.state(Logs).topics[topic.topic_id] = replace(topic, index=index)
    return {}
