"""The CLS topics that flow logs go to. Deploy makes none: it finds out where they are (doc 614/56454)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handler.errors import CloudError
from ops.deployment.cloud import CLS

if TYPE_CHECKING:
    from ops.deployment.cloud import Cloud


@dataclass(frozen=True)
class Topic:
    """A topic as DescribeTopics shows it.

    Attributes:
        topic_id: its id.
        region: where it is.
        searchable: whether its index is on.
        collecting: whether it takes records.
        days: how long it keeps them; 3640 is for ever.
        storage: its storage class, hot or cold.
    """

    topic_id: str
    region: str
    searchable: bool
    collecting: bool
    days: int = 0
    storage: str = "hot"

    @property
    def trouble(self) -> str:
        """What is not as it should be, though flow logs can be made for it; empty if nothing."""
        if not self.collecting:
            return f"its collection is off in {self.region}: switch it on in CLS, or no record is kept"
        if not self.searchable:
            return (
                f"its index is off in {self.region}: records arrive, and cannot be searched; switch it on in CLS (the "
                "index is most of what a topic costs)"
            )
        return ""


def look(cloud: Cloud, topic_id: str, region: str) -> Topic | None:
    """A topic in one region; None where it is not there, or the region has no CLS.

    Raises:
        CloudError: the region could not be looked at.
    """
    params = {"Filters": [{"Key": "topicId", "Values": [topic_id]}], "Offset": 0, "Limit": 1}
    try:
        entries = cloud.call(CLS, "DescribeTopics", params, region).get("Topics") or []
    except CloudError as error:
        if error.code.startswith("UnsupportedRegion"):
            return None
        raise
    for entry in entries:
        if entry.get("TopicId") == topic_id:
            return Topic(
                topic_id,
                region,
                searchable=entry.get("Index") is not False,
                collecting=entry.get("Status") is not False,
                days=int(entry.get("Period") or 0),
                storage=str(entry.get("StorageType") or "hot"),
            )
    return None


def find(cloud: Cloud, topic_id: str) -> Topic | None:
    """A topic in whichever region it is, the function's looked at first; None where it is in none.

    Raises:
        CloudError: it was not found, and some region could not be looked at.
    """
    here = look(cloud, topic_id, cloud.region)
    if here is not None:
        return here
    seen = cloud.in_each(cloud.regions()[1:], lambda region: look(cloud, topic_id, region))
    for topic in seen.values():
        if isinstance(topic, Topic):
            return topic
    for error in seen.values():
        if isinstance(error, CloudError):
            raise error
    return None


def search(
    cloud: Cloud, topic_id: str, query: str, period_ms: tuple[int, int], region: str = "", **more: Any
) -> dict[str, Any]:
    """SearchLog's reply (doc 614/56447).

    Args:
        cloud: the account.
        topic_id: where.
        query: in CLS's language.
        period_ms: from when to when, in milliseconds since 1970.
        region: the topic's, by default the function's.
        more: parameters of SearchLog besides.

    Raises:
        CloudError: the topic could not be searched.
    """
    begin, end = period_ms
    params = {"TopicId": topic_id, "From": begin, "To": end, "QueryString": query, "QuerySyntax": 1}
    return cloud.call(CLS, "SearchLog", {**params, "UseNewAnalysis": True, **more}, region)
