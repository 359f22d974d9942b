"""What a region's log service holds: logsets and topics. No other room knows which topics there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localcloud.core.actions import Service
from localcloud.core.errors import ApiError
from localcloud.core.listing import Codes
from localcloud.core.parameters import each, list_of, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localcloud.core.account import Account
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

API = Service("cls", "2020-10-16")
CODES = Codes()
Tags = tuple[tuple[str, str], ...]
TAGS = list_of(each(text.must(), "Key", "Value"))
FILTERS = list_of({"Key": text.must(), "Values": list_of(text).must()})


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


@dataclass
class Logs:
    """One region's logsets and topics, by id."""

    logsets: dict[str, Logset] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)


def find_topic(account: Account, topic_id: str, region: str | None = None) -> Topic | None:
    """Return the topic of this id in a region, or in any one if none is given."""
    regions = account.regions if region is None else [account.region(region)]
    found = (one.state(Logs).topics.get(topic_id) for one in regions)
    return next((topic for topic in found if topic is not None), None)


def the_topic(ctx: Context, topic_id: str) -> Topic:
    """Return the topic that a call names, in its region.

    Raises:
        ApiError: ResourceNotFound.TopicNotExist.
    """
    topic = find_topic(ctx.account, topic_id, ctx.region.name)
    if topic is None:
        raise ApiError("ResourceNotFound.TopicNotExist", f"The topic `{topic_id}` does not exist.")
    return topic


def passes(row: Any, params: Params, tests: Mapping[str, Callable[[Any, str], bool]]) -> bool:
    """Tell whether a row passes every filter of a call; the values of one are ORed.

    Raises:
        ApiError: InvalidParameterValue, a filter that is not among the tests.
    """
    for one in params.get("Filters", ()):
        if one["Key"] not in tests:
            raise ApiError("InvalidParameterValue", f"The filter `{one['Key']}` is not supported.")
        if not any(tests[one["Key"]](row, value) for value in one["Values"]):
            return False
    return True


def read_tags(params: Params) -> Tags:
    """Return the tags of a call's `Tags` parameter."""
    return tuple((tag["Key"], tag["Value"]) for tag in params.get("Tags", ()))


def tag_set(tags: Tags) -> list[dict[str, str]]:
    """Return tags as replies show them."""
    return [{"Key": key, "Value": value} for key, value in tags]
