"""What a region's log service holds: logsets, topics and their lines. No other room knows which topics there are."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from localcloud.core import errors
from localcloud.core.actions import Service
from localcloud.core.errors import ApiError
from localcloud.core.listing import page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from localcloud.core.account import Account
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

API = Service("cls", "2020-10-16")
MOST_LINES = 100_000
DEFAULTS: dict[str, Any] = {"LogsetId": "", "Describes": "", "Period": 30, "StorageType": "hot", "Tags": []}
"""Of a topic's settings, those that a reply shows, as they are where a call does not give them."""
INTERNAL_KEYS = ("__TIMESTAMP__", "__SOURCE__", "__FILENAME__", "__HOSTNAME__")
Row = TypeVar("Row")


@dataclass(frozen=True)
class Index:
    """What of a topic's lines can be searched: `rule` as CreateIndex takes it."""

    rule: dict[str, Any]
    on: bool = True

    def has(self, key: str) -> bool:
        """Tell whether lines can be searched by a key; the empty one is their whole text."""
        if not key:
            return self.rule.get("FullText") is not None
        if self.rule.get("DynamicIndex", {}).get("Status"):
            return True
        keys = (self.rule.get("KeyValue") or {}).get("KeyValues", ())
        return key in INTERNAL_KEYS or any(one["Key"] == key for one in keys)


@dataclass(frozen=True)
class Topic:
    """A log topic in one region: `settings` are what CreateTopic takes, by its names and whole: see `DEFAULTS`.

    Without an index its lines are kept and cannot be searched.
    """

    topic_id: str
    created: float
    settings: Mapping[str, Any]
    index: Index | None = None

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.settings["TopicName"])

    @property
    def indexed(self) -> bool:
        """Return whether its lines can be searched."""
        return self.index is not None and self.index.on


@dataclass(frozen=True)
class Line:
    """One line of a topic: its time and since when it can be read, both in epoch seconds, and its fields."""

    time: float
    fields: dict[str, Any]
    visible: float = 0.0

    @property
    def size(self) -> int:
        """Return its bytes, as index traffic counts them (doc 614/45802)."""
        return len(json.dumps(self.fields, ensure_ascii=False).encode())


@dataclass
class Logs:
    """One region's logsets, which are names of groups of topics, its topics and kept lines, by id."""

    logsets: dict[str, str] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    kept: dict[str, deque[Line]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=MOST_LINES)))


@dataclass(frozen=True)
class Kept:
    """An alarm or a notice as it was asked for: `params` are CreateAlarm's or CreateAlarmNotice's."""

    one_id: str
    created: float
    params: dict[str, Any]

    def changed(self, params: dict[str, Any]) -> Kept:
        """Return the same with other parameters, as far as given."""
        return replace(self, params={**self.params, **params})


@dataclass
class Alarms:
    """One region's alarms and notices, by id."""

    alarms: dict[str, Kept] = field(default_factory=dict)
    notices: dict[str, Kept] = field(default_factory=dict)


class Sources:
    """Who else has lines for topics: each says, when a topic is read, what it has written there within a time.

    So what writes all the time costs nothing while nobody looks.
    """

    def __init__(self) -> None:
        self.known: list[Callable[[str, Topic, float, float], Iterable[Line]]] = []


def read_lines(account: Account, region: str, topic: Topic, start: float, end: float) -> list[Line]:
    """Return a topic's lines from `start` on and before `end` (epoch seconds), oldest first."""
    kept, now = list(account.region(region).state(Logs).kept[topic.topic_id]), account.now()
    for source in account.state(Sources).known:
        kept.extend(source(region, topic, start, end))
    fitting = (line for line in kept if start <= line.time < end and line.visible <= now)
    return sorted(fitting, key=lambda line: line.time)


def find_topic(account: Account, topic_id: str, region: str) -> Topic | None:
    """Return the topic of this id in a region."""
    return account.region(region).state(Logs).topics.get(topic_id)


def the_topic(ctx: Context, topic_id: str) -> Topic:
    """Return the topic that a call names, in its region.

    Raises:
        ApiError: ResourceNotFound.TopicNotExist.
    """
    return existing(ctx.region.state(Logs).topics, topic_id, "topic")


def existing(rows: Mapping[str, Row], one_id: str, kind: str) -> Row:
    """Return the row of an id.

    Args:
        rows: Where to look.
        one_id: The id.
        kind: What it is the id of, such as "alarm notice".

    Raises:
        ApiError: ResourceNotFound.AlarmNoticeNotExist, and the like.
    """
    code = f"ResourceNotFound.{kind.title().replace(' ', '')}NotExist"
    return errors.existing(rows.get(one_id), code, f"{kind} `{one_id}`")


def new_id(ctx: Context, params: Params, name: str) -> str:
    """Return a new id of a logset or a topic.

    Raises:
        ApiError: InvalidParameter, where the call has an id of its own.
    """
    if name in params:
        raise ApiError("InvalidParameter", f"`{name}` is given out by this cloud: leave it out.")
    return ctx.account.ids.uuid()


def listed(
    params: Params, rows: Mapping[str, Row], tests: Mapping[str, Callable[[Row, str], bool]]
) -> tuple[int, list[Row]]:
    """Return how many rows pass every filter of a call, and its page of them; the values of one filter are ORed.

    Raises:
        ApiError: InvalidParameterValue, for a filter that is not among the tests, and a wrong page.
    """
    offset, limit = page(params, code="InvalidParameterValue")
    found = list(rows.values())
    for one in params.get("Filters", ()):
        test = tests.get(one["Key"])
        if test is None:
            raise ApiError("InvalidParameterValue", f"The filter `{one['Key']}` is not supported.")
        found = [row for row in found if any(test(row, value) for value in one["Values"])]
    return len(found), found[offset : offset + limit]
