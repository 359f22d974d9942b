"""The service bus: ListEventBuses, GetEventBus, UpdateEventBus, and SearchLog of what it has kept (API 2021-04-16)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.core.clock import beijing_iso, beijing_time
from localcloud.core.errors import ApiError
from localcloud.core.listing import page_of
from localcloud.eb.model import API, Bridge, bus_of

if TYPE_CHECKING:
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params
    from localcloud.eb.model import Bus, StoredEvent

CLOUD = "Cloud"
"""The type of the service bus, which receives what happens on the account."""
MOST_RESULTS = 1000


@API.action()
def list_event_buses(ctx: Context, params: Params) -> dict[str, Any]:
    """List buses: the service bus, in its region."""
    bus = ctx.region.state(Bridge).bus
    rows = [_reply(bus)] if bus else []
    return {"TotalCount": len(rows), "EventBuses": page_of(params, rows)}


@API.action()
def get_event_bus(ctx: Context, params: Params) -> dict[str, Any]:
    """Describe a bus, and whether it keeps its events."""
    bus = bus_of(ctx, params)
    return {**_reply(bus), "EnableStore": bus.keeps}


@API.action()
def update_event_bus(ctx: Context, params: Params) -> dict[str, Any]:
    """Change whether a bus keeps its events, its name and description; how long it keeps them is not done here."""
    bus = bus_of(ctx, params)
    ctx.region.state(Bridge).bus = replace(
        bus,
        keeps=params.get("EnableStore", bus.keeps),
        name=params.get("EventBusName", bus.name),
        description=params.get("Description", bus.description),
    )
    return {}


@API.action()
def search_log(ctx: Context, params: Params) -> dict[str, Any]:
    """List the events of a time (milliseconds) that a bus has kept, newest first; filters are not done here."""
    bus_of(ctx, params)
    number, limit = params["Page"], params["Limit"]
    if not 1 <= limit <= MOST_RESULTS or number < 1:
        raise ApiError("InvalidParameterValue.Limit", f"Limit is 1-{MOST_RESULTS}, and Page counts from 1.")
    if params.get("Filter"):
        raise ApiError("FailedOperation.ErrorFilter", "Kept events are not filtered here: leave Filter out.")
    stored = reversed(ctx.region.state(Bridge).stored)
    rows = [_row(one) for one in stored if params["StartTime"] <= one.time * 1000 <= params["EndTime"]]
    page = rows[(number - 1) * limit : number * limit]
    return {"Total": len(rows), "Limit": limit, "Page": number, "Results": page}


def _reply(bus: Bus) -> dict[str, Any]:
    return {
        "EventBusId": bus.bus_id,
        "EventBusName": bus.name,
        "Type": CLOUD,
        "Description": bus.description,
        "AddTime": beijing_iso(bus.created),
        "ModTime": beijing_iso(bus.created),
    }


def _row(stored: StoredEvent) -> dict[str, str]:
    event = stored.event
    return {
        "Timestamp": beijing_time(stored.time),
        "Message": json.dumps(event, ensure_ascii=False),
        **{name.title(): str(event.get(name, "")) for name in ("source", "type", "subject", "region")},
    }
