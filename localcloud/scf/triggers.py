"""CreateTrigger, ListTriggers, UpdateTrigger, UpdateTriggerStatus, DeleteTrigger, for timers (doc 583/9708)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError, existing
from localcloud.core.listing import page_of
from localcloud.scf import cron
from localcloud.scf.checks import refuse
from localcloud.scf.invoker import Invoker
from localcloud.scf.model import API, LATEST, Functions, Trigger, find

if TYPE_CHECKING:
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

MOST_MESSAGE = 4096
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_SWITCH = {"OPEN": True, "CLOSE": False}


@API.action()
def create_trigger(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a timer. It is on unless Enable is CLOSE (the default is inferred)."""
    ref = find(ctx, params).ref
    _check_kind(params)
    name, triggers = params["TriggerName"], ctx.region.state(Functions).triggers[ref]
    if not _NAME.fullmatch(name):
        raise refuse("TriggerName", f"The trigger name `{name}` is not valid.")
    if name in triggers:
        raise ApiError("ResourceInUse.TriggerName", f"The trigger `{name}` exists already.")
    trigger = Trigger(ref, name, ctx.now(), qualifier=params.get("Qualifier", LATEST))
    _store(ctx, replace(trigger, **_settings(ctx, {"TriggerDesc": "", **params})))
    return {"TriggerInfo": trigger_reply(triggers[name])}


@API.action()
def list_triggers(ctx: Context, params: Params) -> dict[str, Any]:
    """List a function's triggers, the one changed last first unless Order is ASC."""
    triggers = ctx.region.state(Functions).triggers[find(ctx, params).ref].values()
    rows = sorted(triggers, key=lambda trigger: trigger.modified)
    return {"TotalCount": len(rows), "Triggers": [trigger_reply(one) for one in page_of(params, rows)]}


@API.action()
def update_trigger(ctx: Context, params: Params) -> dict[str, Any]:
    """Change what is given of a timer."""
    _store(ctx, replace(_find(ctx, params), **_settings(ctx, params)))
    return {}


@API.action()
def update_trigger_status(ctx: Context, params: Params) -> dict[str, Any]:
    """Switch a timer on or off."""
    return update_trigger(ctx, params)


@API.action()
def delete_trigger(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a timer."""
    trigger = _find(ctx, params)
    del ctx.region.state(Functions).triggers[trigger.ref][trigger.name]
    return {}


def trigger_reply(trigger: Trigger) -> dict[str, Any]:
    """Return a trigger as replies show it."""
    return {
        "ModTime": beijing_time(trigger.modified),
        "Type": "timer",
        "TriggerDesc": json.dumps({"cron": trigger.cron}, separators=(",", ":")),
        "TriggerName": trigger.name,
        "AddTime": beijing_time(trigger.created),
        "Enable": int(trigger.enabled),
        "CustomArgument": trigger.message,
        "Qualifier": trigger.qualifier,
        "Description": trigger.description,
    }


def _store(ctx: Context, trigger: Trigger) -> None:
    ctx.region.state(Functions).triggers[trigger.ref][trigger.name] = trigger
    ctx.account.state(Invoker).timers.schedule(trigger)


def _find(ctx: Context, params: Params) -> Trigger:
    _check_kind(params)
    name, triggers = params["TriggerName"], ctx.region.state(Functions).triggers[find(ctx, params).ref]
    return existing(triggers.get(name), "ResourceNotFound.Trigger", f"trigger `{name}`")


def _check_kind(params: Params) -> None:
    if params["Type"] != "timer":
        raise refuse("Type", f"The trigger type `{params['Type']}` is not timer, the only one here.")


def _settings(ctx: Context, params: Params) -> dict[str, Any]:
    """Return the fields of a trigger that a call gives."""
    settings: dict[str, Any] = {"modified": ctx.now()}
    if "TriggerDesc" in params:
        settings["cron"] = _cron(ctx.now(), params["TriggerDesc"])
    if "Enable" in params:
        if params["Enable"] not in _SWITCH:
            raise refuse("Enable", f"Enable is `{params['Enable']}`, neither OPEN nor CLOSE.")
        settings["enabled"] = _SWITCH[params["Enable"]]
    if "CustomArgument" in params:
        if len(params["CustomArgument"].encode()) > MOST_MESSAGE:
            raise refuse("CustomArgument", f"The custom argument has more than {MOST_MESSAGE} bytes.")
        settings["message"] = params["CustomArgument"]
    if "Description" in params:
        settings["description"] = params["Description"]
    return settings


def _cron(now: float, description: str) -> str:
    """Return the expression of a TriggerDesc, which is the expression itself or JSON around it (both documented)."""
    expression = description
    if description.lstrip().startswith("{"):
        try:
            expression = str(json.loads(description)["cron"])
        except (ValueError, KeyError):
            raise refuse("TriggerDesc", "The trigger description is not JSON with `cron`.") from None
    try:
        cron.next_after(expression, now)
    except cron.CronError as error:
        raise refuse("TriggerDesc", f"The trigger description is wrong: {error}.") from None
    return expression
