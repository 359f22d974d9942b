"""DescribeEvents: the write calls of the last 90 days, each as its record (API 2019-03-19).

Reads are not recorded here, and a record is there at once (on the platform: minutes later).
"""

from __future__ import annotations

import json
import threading
from collections import deque
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from localcloud.cloudaudit.record import STYLES, record
from localcloud.core.actions import Context, Service
from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.cloudaudit.record import Style
    from localcloud.core.call_log import WriteCall
    from localcloud.core.parameters import Params

API = Service("cloudaudit", "2019-03-19", regional=False)
DAY_S = 24 * 3600
KEPT_DAYS, SPAN_DAYS = 90, 30
MOST_RESULTS = 50
KEPT = 20_000


class Trail:
    """The account's last write calls. Thread-safe.

    Attributes:
        styles: The forms that records take in turn.
    """

    def __init__(self) -> None:
        self.styles: tuple[Style, ...] = STYLES
        self._writes: deque[tuple[WriteCall, Style]] = deque(maxlen=KEPT)
        self._added = count()
        self._lock = threading.Lock()

    def add(self, write: WriteCall) -> None:
        """Record a write call."""
        with self._lock:
            self._writes.append((write, self.styles[next(self._added) % len(self.styles)]))

    def newest_first(self) -> Iterator[tuple[WriteCall, Style]]:
        """Return the calls, each with the form that its record takes."""
        with self._lock:
            return reversed(list(self._writes))


@API.action()
def describe_events(ctx: Context, params: Params) -> dict[str, Any]:
    """List the records of a time, newest first; of several EventNames one must fit (documented)."""
    _check(ctx, params)
    first, most = params.get("NextToken", 0), params.get("MaxResults", MOST_RESULTS)
    found = list(islice(_matching(ctx, params), first, first + most + 1))
    over = len(found) <= most
    events = [_event(write, record(write, ctx.account, style)) for write, style in found[:most]]
    return {"ListOver": over, "NextToken": first + len(events), "Events": events}


def _check(ctx: Context, params: Params) -> None:
    start, end = params["StartTime"], params["EndTime"]
    if not start <= end or end - start >= SPAN_DAYS * DAY_S or start < ctx.now() - KEPT_DAYS * DAY_S:
        raise ApiError(
            "InvalidParameterValue.Time",
            f"StartTime and EndTime span less than {SPAN_DAYS} days of the last {KEPT_DAYS}.",
        )
    if not 1 <= params.get("MaxResults", 1) <= MOST_RESULTS:
        raise ApiError("InvalidParameterValue.MaxResult", f"MaxResults is 1-{MOST_RESULTS}.")
    for one in params.get("LookupAttributes", ()):
        if one["AttributeKey"] != "EventName":
            what = f"Records are not looked up by `{one['AttributeKey']}` here, only by EventName."
            raise ApiError("InvalidParameterValue.attributeKey", what)


def _matching(ctx: Context, params: Params) -> Iterator[tuple[WriteCall, Style]]:
    names = {one.get("AttributeValue", "") for one in params.get("LookupAttributes", ())}
    for write, style in ctx.account.state(Trail).newest_first():
        if params["StartTime"] <= write.time <= params["EndTime"] and (not names or write.action in names):
            yield write, style


def _event(write: WriteCall, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "EventId": found["eventID"],
        "Username": found["userIdentity"]["userName"],
        "EventTime": str(int(write.time)),
        "CloudAuditEvent": json.dumps(found, ensure_ascii=False),
        "ErrorCode": 0 if found["apiErrorCode"] in (0, "0") else 1,
        "EventName": found["eventName"],
        "RequestID": found["requestID"],
        "AccountID": int(found["userIdentity"]["accountId"]),
        "SourceIPAddress": found["sourceIPAddress"],
        "Resources": {"ResourceType": found["resourceType"], "ResourceName": found["resourceName"]},
        "EventRegion": found["eventRegion"],
    }
