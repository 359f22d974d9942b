"""The account's own CloudAudit records of the rule's actions, and what the function makes of them.

No public sample of these records exists for every action and way of calling (platform.md, section 1): on a real account
these show in one call whether they are as they are expected to be. Nothing is sent anywhere and nothing is changed.
"""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from handler import jsontext
from handler.intake import events
from handler.intake.cloudaudit import ACTIONS
from handler.model import Ignored, Interface, Invalid, Item
from handler.redaction import redact
from ops.deployment.cloud import CLOUDAUDIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.deployment.cloud import Cloud

KEPT_DAYS = 90
_SPAN_DAYS = 29
"""DescribeEvents looks at less than 30 days at once, of the last 90 (cloudaudit 2019-03-19)."""
_DAY_S = 86_400
_PAGE = 50
# An id has digits in it, or one of the usual prefixes: ap-shanghai is none.
_ID = re.compile(r"\b(eni|ins|vpc|subnet|sg|img|fl|disk|eip|[a-z]{2,8}(?=-[0-9a-z]*[0-9]))-[0-9a-z]{6,20}\b")
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_NUMBER = re.compile(r"(?<![\w.])\d{9,}(?![\w.])")
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_SHORT = 8
"""A number of more digits is an account's, or a time."""
_NAMES = frozenset({"userName", "roleSessionName", "InstanceName", "NetworkInterfaceName", "HostName", "userAgent"})
_TIMES = frozenset({"eventTime", "EventTime", "time"})


@dataclass(frozen=True)
class Record:
    """One record.

    Attributes:
        action: the API action.
        request_id: of the call, under which the function logs what it was told of it.
        seconds: when the call was made, since 1970.
        region: where, as the trail says.
        content: the record itself, redacted.
        items: what our own intake reads in it.
    """

    action: str
    request_id: str
    seconds: int
    region: str
    content: Any
    items: tuple[Item, ...]

    @property
    def understood(self) -> bool:
        """Whether the function would know what to do."""
        return not any(isinstance(item, Invalid) for item in self.items)

    @property
    def is_call_to_hear_of(self) -> bool:
        """Whether it is of a call that brought an interface."""
        return any(isinstance(item, Interface) for item in self.items)

    @property
    def meaning(self) -> str:
        """What the function would do with it, in words."""
        return "; ".join(dict.fromkeys(_words(item) for item in self.items))


def last(cloud: Cloud, *, since: float | None = None, until: float | None = None, most: int = _PAGE) -> list[Record]:
    """The last records of the rule's actions, the newest first.

    Args:
        cloud: the account.
        since: the earliest time, in seconds since 1970; by default, and at the earliest, 90 days ago.
        until: the latest time; by default now.
        most: how many at the most.

    Raises:
        CloudError: the trail could not be looked at.
    """
    end = time.time() if until is None else until
    start = max(end - KEPT_DAYS * _DAY_S + _DAY_S, since or 0)
    found: list[Record] = []
    while start < end and len(found) < most:
        begin = max(start, end - _SPAN_DAYS * _DAY_S)
        for row in _rows(cloud, int(begin), ceil(end)):
            found.append(_record(row))
            if len(found) == most:
                break
        end = begin - 1
    return found


def _rows(cloud: Cloud, start: int, end: int) -> Iterator[dict[str, Any]]:
    params: dict[str, Any] = {
        "StartTime": start,
        "EndTime": end,
        "MaxResults": _PAGE,
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name} for name in sorted(ACTIONS)],
    }
    while True:
        reply = cloud.call(CLOUDAUDIT, "DescribeEvents", params)
        rows = reply.get("Events") or []
        yield from rows
        if reply.get("ListOver") is not False or not rows:
            return
        params["NextToken"] = reply["NextToken"]


def _record(row: dict[str, Any]) -> Record:
    text = row.get("CloudAuditEvent")
    try:
        content = jsontext.parse(text) if isinstance(text, str) else text
    except jsontext.NotJson:
        content = text
    told = str(row.get("EventTime") or "")
    return Record(
        str(row.get("EventName")),
        str(row.get("RequestID") or ""),
        int(told) if told.isdecimal() else 0,
        str(row.get("EventRegion") or ""),
        redact(content),
        tuple(events.read(row)),
    )


def _words(item: Item) -> str:
    if isinstance(item, Invalid):
        return f"not understood: {item.problem}"
    if isinstance(item, Ignored):
        return f"ignored: {item.reason}"
    if not isinstance(item, Interface):
        return f"not a record, but a {type(item).__name__.lower()}"
    if item.interface_id:
        return f"interface {item.interface_id} in {item.region}"
    where = item.instance_id or item.subnet_id or item.vpc_id
    return f"the interfaces of {where} in {item.region}"


class Mask:
    """Puts other ids, addresses, names and account numbers in their place, the same for the same."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, int]] = defaultdict(dict)

    def __call__(self, value: Any, key: str = "") -> Any:
        """A JSON value without what tells whose it is; times, regions and actions stay."""
        if isinstance(value, dict):
            return {name: self(entry, name) for name, entry in value.items()}
        if isinstance(value, list):
            return [self(entry, key) for entry in value]
        if key in _NAMES and value:
            return "masked"
        if isinstance(value, bool) or value is None or key in _TIMES:
            return value
        if isinstance(value, int):
            return self._number(str(value)) if len(str(value)) > _SHORT else value
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        try:
            inside = jsontext.parse(text) if text.lstrip()[:1] in ("{", "[") else None
        except jsontext.NotJson:
            inside = None
        if inside is not None:
            return json.dumps(self(inside), ensure_ascii=False)
        text = _UUID.sub(lambda match: f"00000000-0000-0000-0000-{self._index('uuid', match[0]):012d}", text)
        text = _ID.sub(lambda match: f"{match[1]}-{self._index(match[1], match[0]):08d}", text)
        text = _ADDRESS.sub("192.0.2.1", text)
        return _NUMBER.sub(lambda match: str(self._number(match[0])), text)

    def _number(self, digits: str) -> int:
        return int(f"9{self._index('number', digits):0{len(digits) - 1}d}")

    def _index(self, kind: str, text: str) -> int:
        return self._seen[kind].setdefault(text, len(self._seen[kind]) + 1)
