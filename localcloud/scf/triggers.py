"""CreateTrigger, ListTriggers, UpdateTrigger, UpdateTriggerStatus, DeleteTrigger, for timers (doc 583/9708)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError
from localcloud.core.paging import page_of
from localcloud.core.parameters import list_of, text, unsigned
from localcloud.scf import cron
from localcloud.scf.checks import refuse
from localcloud.scf.invoker import Invoker
from localcloud.scf.model import API, Functions, Ref, Trigger

if TYPE_CHECKING:
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

MOST_MESSAGE = 4096
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_SWITCH = {"OPEN": True, "CLOSE": False}


_NAMED = {"FunctionName": text.must(), "Namespace": text, "Qualifier": text}
_TRIGGER = {**_NAMED, "TriggerName": text.must(), "Type": text.must(), "TriggerDesc": text}


@API.action({**_TRIGGER, "Enable": text, "CustomArgument": text, "Description": text})
def create_trigger(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a timer. It is on unless Enable is CLOSE (the default is inferred)."""
    ref = _ref(ctx, params)
    _check_kind(params)
    name, triggers = params["TriggerName"], ctx.region.state(Functions).triggers_of(ref)
    if not _NAME.fullmatch(name):
        raise refuse("TriggerName", f"The trigger name `{name}` is not valid.")
    if name in triggers:
        raise ApiError("ResourceInUse.TriggerName", f"The trigger `{name}` exists already.")
    now = ctx.now()
    trigger = Trigger(
        ref=ref,
        name=name,
        cron=_cron(now, params.get("TriggerDesc", "")),
        enabled=_enabled(params, default=True),
        message=_message(params),
        qualifier=params.get("Qualifier", "$LATEST"),
        description=params.get("Description", ""),
        created=now,
        modified=now,
        serial=0,
    )
    _store(ctx, trigger)
    return {"TriggerInfo": trigger_reply(triggers[name])}


@API.action(
    {
        "FunctionName": text.must(),
        "Namespace": text,
        "Offset": unsigned,
        "Limit": unsigned,
        "OrderBy": text,
        "Order": text,
        "Filters": list_of({"Name": text.must(), "Values": list_of(text).must()}),
    }
)
def list_triggers(ctx: Context, params: Params) -> dict[str, Any]:
    """List a function's triggers."""
    triggers = list(ctx.region.state(Functions).triggers_of(_ref(ctx, params)).values())
    for one in params.get("Filters", ()):
        triggers = [trigger for trigger in triggers if _read(trigger, one["Name"]) in one["Values"]]
    triggers.sort(
        key=lambda trigger: trigger.created if params.get("OrderBy") == "add_time" else trigger.modified,
        reverse=params.get("Order", "DESC") != "ASC",
    )
    found = [{**trigger_reply(trigger), "BoundResources": ""} for trigger in page_of(params, triggers)]
    return {"TotalCount": len(triggers), "Triggers": found}


@API.action({**_TRIGGER, "Enable": text, "CustomArgument": text, "Description": text})
def update_trigger(ctx: Context, params: Params) -> dict[str, Any]:
    """Change a timer."""
    trigger = _find(ctx, params)
    changed = replace(
        trigger,
        cron=_cron(ctx.now(), params["TriggerDesc"]) if "TriggerDesc" in params else trigger.cron,
        enabled=_enabled(params, default=trigger.enabled),
        message=_message(params) if "CustomArgument" in params else trigger.message,
        description=params.get("Description", trigger.description),
        modified=ctx.now(),
    )
    _store(ctx, changed)
    return {}


@API.action({**_TRIGGER, "Enable": text.must()})
def update_trigger_status(ctx: Context, params: Params) -> dict[str, Any]:
    """Switch a timer on or off."""
    trigger = _find(ctx, params)
    _store(ctx, replace(trigger, enabled=_enabled(params, default=True), modified=ctx.now()))
    return {}


@API.action(_TRIGGER)
def delete_trigger(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a timer."""
    trigger = _find(ctx, params)
    del ctx.region.state(Functions).triggers_of(trigger.ref)[trigger.name]
    return {}


def trigger_reply(trigger: Trigger) -> dict[str, Any]:
    """Return a trigger as replies show it."""
    return {
        "ModTime": beijing_time(trigger.modified),
        "Type": trigger.kind,
        "TriggerDesc": trigger.description_json,
        "TriggerName": trigger.name,
        "AddTime": beijing_time(trigger.created),
        "Enable": int(trigger.enabled),
        "CustomArgument": trigger.message,
        "AvailableStatus": "Available",
        "ResourceId": f"{trigger.ref.name}:{trigger.name}",
        "BindStatus": "on",
        "TriggerAttribute": "single",
        "Qualifier": trigger.qualifier,
        "Description": trigger.description,
    }


def _store(ctx: Context, trigger: Trigger) -> None:
    invoker = ctx.account.state(Invoker)
    stored = replace(trigger, serial=invoker.next_serial())
    ctx.region.state(Functions).triggers_of(trigger.ref)[trigger.name] = stored
    invoker.timers.schedule(stored)


def _ref(ctx: Context, params: Params) -> Ref:
    ref = Ref(ctx.region.name, params.get("Namespace") or "default", params["FunctionName"])
    if ctx.region.state(Functions).get(ref.namespace, ref.name) is None:
        raise ApiError("ResourceNotFound.Function", f"The function `{ref.name}` does not exist.")
    return ref


def _find(ctx: Context, params: Params) -> Trigger:
    _check_kind(params)
    triggers = ctx.region.state(Functions).triggers_of(_ref(ctx, params))
    if params["TriggerName"] not in triggers:
        raise ApiError("ResourceNotFound.Trigger", f"The trigger `{params['TriggerName']}` does not exist.")
    return triggers[params["TriggerName"]]


def _check_kind(params: Params) -> None:
    if params["Type"] != "timer":
        raise refuse("Type", f"The trigger type `{params['Type']}` is not timer, the only one here.")


def _cron(now: float, description: str) -> str:
    """Return the expression of a TriggerDesc, which is the expression itself or JSON around it (both documented)."""
    expression = description
    if description.lstrip().startswith("{"):
        try:
            expression = str(json.loads(description)["cron"])
        except (ValueError, KeyError):
            raise refuse("TriggerDesc", "The trigger description is not JSON with `cron`.") from None
    try:
        cron.next_after(expression, datetime.fromtimestamp(now, timezone.utc))
    except cron.CronError as error:
        raise refuse("TriggerDesc", f"The trigger description is wrong: {error}.") from None
    return expression


def _enabled(params: Params, *, default: bool) -> bool:
    given = params.get("Enable")
    if given is None:
        return default
    if given not in _SWITCH:
        raise refuse("Enable", f"Enable is `{given}`, neither OPEN nor CLOSE.")
    return _SWITCH[given]


def _message(params: Params) -> str:
    message = str(params.get("CustomArgument", ""))
    if len(message.encode()) > MOST_MESSAGE:
        raise refuse("CustomArgument", f"The custom argument has more than {MOST_MESSAGE} bytes.")
    return message


def _read(trigger: Trigger, name: str) -> str:
    readable = {
        "Qualifier": trigger.qualifier,
        "TriggerName": trigger.name,
        "Description": trigger.description,
    }
    if name not in readable:
        raise refuse("Filters", f"The filter `{name}` is not supported.")
    return readable[name]
