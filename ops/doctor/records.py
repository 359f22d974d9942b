"""The account's own CloudAudit records of the rule's actions, and what the function makes of them.

No public sample of these records exists for every action and way of calling (platform.md, section 1): on a real account
these show in one call whether they are as they are expected to be. Nothing is sent anywhere and nothing is changed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
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


@dataclass(frozen=True)
class TrailRecord:
    """One record of CloudAudit's trail.

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


def last(
    cloud: Cloud, *, since: float | None = None, until: float | None = None, most: int = _PAGE
) -> list[TrailRecord]:
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
    return [_record(row) for row in islice(_rows(cloud, start, end), most)]


def _rows(cloud: Cloud, start: float, end: float) -> Iterator[dict[str, Any]]:
    """The trail's rows between two times, the newest first."""
    names = [{"AttributeKey": "EventName", "AttributeValue": name} for name in sorted(ACTIONS)]
    while start < end:
        begin = max(start, end - _SPAN_DAYS * _DAY_S)
        span = {"StartTime": int(begin), "EndTime": ceil(end), "MaxResults": _PAGE, "LookupAttributes": names}
        token: dict[str, Any] | None = {}
        while token is not None:
            reply = cloud.call(CLOUDAUDIT, "DescribeEvents", {**span, **token})
            rows = reply.get("Events") or []
            yield from rows
            token = {"NextToken": reply["NextToken"]} if rows and reply.get("ListOver") is False else None
        end = begin - 1


def _record(row: dict[str, Any]) -> TrailRecord:
    text = row.get("CloudAuditEvent")
    content = jsontext.said(text)
    told = str(row.get("EventTime") or "")
    return TrailRecord(
        str(row.get("EventName")),
        str(row.get("RequestID") or ""),
        int(told) if told.isdecimal() else 0,
        str(row.get("EventRegion") or ""),
        redact(text if content is None else content),
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
