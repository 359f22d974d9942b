"""Invoke (doc 583/17243): the reply of a synchronous one tells what came of it, an asynchronous one is only taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import ApiError
from localcloud.scf.checks import refuse
from localcloud.scf.invoker import INVOKE_API, Invoker
from localcloud.scf.model import API, Event, check_qualifier, find

if TYPE_CHECKING:
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params
    from localcloud.scf.invoker import Invocation
    from localcloud.scf.model import Function

MOST_SYNC, MOST_ASYNC = 6 * 1024 * 1024, 128 * 1024
LOG_TAIL = 4096
_EMPTY = {"Log": "", "RetMsg": "", "ErrMsg": "", "MemUsage": 0, "Duration": 0.0, "BillDuration": 0, "InvokeResult": 0}


@API.action(locked=False)
def invoke(ctx: Context, params: Params) -> dict[str, Any]:
    """Run a function and wait for its end, or take an event to run it with later.

    A failure of the function is no error of the call: ErrMsg holds what SCF says of it and InvokeResult is not 0 (the
    exact form is inferred).
    """
    function, kind = _invocable(ctx, params), params.get("InvocationType", "RequestResponse")
    payload = _payload(params, MOST_ASYNC if kind == "Event" else MOST_SYNC)
    event = Event(function.ref, payload, INVOKE_API, kind, ctx.request_id, ctx.now())
    invoker = ctx.account.state(Invoker)
    if kind == "Event":
        invoker.take(event)
        return {"Result": {**_EMPTY, "FunctionRequestId": event.request_id}}
    return {"Result": _result(invoker.run(event), tail=params.get("LogType") == "Tail")}


def _invocable(ctx: Context, params: Params) -> Function:
    with ctx.account.lock:
        function = find(ctx, params)
    check_qualifier(params)
    if function.status(ctx.now()) == "Creating":
        raise ApiError("FailedOperation.FunctionStatusError", f"The function `{function.ref.name}` is Creating.")
    if params.get("InvocationType", "Event") not in ("RequestResponse", "Event"):
        raise refuse("InvokeType", f"The invocation type `{params['InvocationType']}` does not exist.")
    return function


def _payload(params: Params, most: int) -> str:
    """Return the event's text; without ClientContext it is an empty object (inferred)."""
    payload = str(params.get("ClientContext") or "{}")
    size = len(payload.encode())
    if size > most:
        raise refuse("ClientContext", f"ClientContext has {size} bytes, more than {most}.")
    try:
        json.loads(payload)
    except (ValueError, RecursionError):
        raise refuse("Param", "ClientContext is not JSON.") from None
    return payload


def _result(invocation: Invocation, *, tail: bool) -> dict[str, Any]:
    error = invocation.error
    return {
        "Log": invocation.log[-LOG_TAIL:] if tail else "",
        "RetMsg": invocation.result_json or "",
        "ErrMsg": json.dumps(error, ensure_ascii=False) if error else "",
        "MemUsage": int(invocation.memory_mb * 1024 * 1024),
        "Duration": round(invocation.duration_ms, 3),
        "BillDuration": invocation.billed_ms,
        "FunctionRequestId": invocation.request_id,
        "InvokeResult": error["errorCode"] if error else 0,
    }
