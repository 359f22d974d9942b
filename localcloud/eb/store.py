"""UpdateEventBus and SearchLog: a bus that keeps its events, and the search among them (API 2021-04-16).

What Status means is not documented; here it is "1" of an event that a rule let through, else "0".
"""

from __future__ import annotations

import json
from dataclasses import replace
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any

from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError
from localcloud.eb.model import API, Buses, Store, StoredEvent, bus_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

DAY_S = 24 * 3600
MOST_RESULTS = 1000
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "eq": eq,
    "neq": ne,
    "lt": lt,
    "lte": le,
    "gt": gt,
    "gte": ge,
    "like": lambda value, wanted: wanted in value,
    "not like": lambda value, wanted: wanted not in value,
}


@API.action()
def update_event_bus(ctx: Context, params: Params) -> dict[str, Any]:
    """Change what is given of a bus; what it has kept stays searchable for as many days as it is to."""
    bus = bus_of(ctx, params)
    store = Store(
        enabled=params.get("EnableStore", bus.store.enabled),
        days=params.get("SaveDays", bus.store.days),
        topic_id=params.get("LogTopicId", bus.store.topic_id),
    )
    changes = {"name": params.get("EventBusName", bus.name), "description": params.get("Description", bus.description)}
    ctx.region.state(Buses).buses[bus.bus_id] = replace(bus, store=store, **changes)
    return {}


@API.action()
def search_log(ctx: Context, params: Params) -> dict[str, Any]:
    """List the events of a time (milliseconds) that a bus has kept, newest first: all filters must fit."""
    bus = bus_of(ctx, params)
    number, limit = params["Page"], params["Limit"]
    if not 1 <= limit <= MOST_RESULTS or number < 1:
        raise ApiError("InvalidParameterValue.Limit", f"Limit is 1-{MOST_RESULTS}, and Page counts from 1.")
    kept_since = ctx.now() - bus.store.days * DAY_S
    start, end = max(params["StartTime"] / 1000, kept_since), params["EndTime"] / 1000
    tests = [test for one in params.get("Filter", ()) for test in one.get("Filters") or [one]]
    rows = [_row(stored) for stored in ctx.region.state(Buses).stored if start <= stored.time <= end]
    found = [row for row in rows if all(_fits(row, test) for test in tests)][::-1]
    page = found[(number - 1) * limit : number * limit]
    return {"Total": len(found), "Limit": limit, "Page": number, "Results": page}


def _row(stored: StoredEvent) -> dict[str, str]:
    event = stored.event
    return {
        "Timestamp": beijing_time(stored.time),
        "Message": json.dumps(event, ensure_ascii=False),
        "Source": str(event.get("source", "")),
        "Type": str(event.get("type", "")),
        "RuleIds": ",".join(stored.rule_ids),
        "Subject": str(event.get("subject", "")),
        "Region": str(event.get("region", "")),
        "Status": "1" if stored.rule_ids else "0",
    }


def _fits(row: dict[str, str], test: dict[str, str]) -> bool:
    key, operator = str(test.get("Key", "")).capitalize(), test.get("Operator", "")
    if key not in row or operator not in _OPERATORS:
        raise ApiError("FailedOperation.ErrorFilter", f"There is no filter `{test.get('Key')} {operator}` here.")
    return _OPERATORS[operator](row[key], str(test.get("Value", "")))
