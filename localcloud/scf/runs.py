"""GetFunctionLogs (doc 583/18583): how the runs of functions ended, and what they wrote.

The platform has retired it for what it has in CLS, but answers; clients of the vendor's still ask it. Inferred: a
failed run's RetMsg and RetCode are Invoke's ErrMsg and InvokeResult, a time is Beijing's, the default page is the v2
API's (doc 583/9746).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.core.clock import BEIJING, beijing_time
from localcloud.core.listing import page
from localcloud.scf.checks import refuse
from localcloud.scf.invoker import Invoker
from localcloud.scf.model import API, check_qualifier, find

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params
    from localcloud.scf.invoker import Invocation

MOST_ROWS = 10_000
DAY_S = 24 * 3600
_ORDERS: dict[str, Callable[[Invocation], Any]] = {
    "start_time": lambda run: run.started,
    "duration": lambda run: run.duration_ms,
    "mem_usage": lambda run: run.memory_mb,
    "function_name": lambda run: run.function,
}
_ENDS = {
    "": range(1000),
    "is0": range(1),
    "not0": range(1, 1000),
    "UserCodeException": (430,),
    "TimeLimitExceeded": (433,),
    "ResourceLimitExceeded": (434,),
}
"""The status codes, 0 of success, that each of Filter's documented RetCodes asks for."""
_NO_CONTEXT = {"Offset": "", "Limit": 0, "Keyword": "", "Type": ""}
"""SearchContext is retired: the documented example."""


@API.action()
def get_function_logs(ctx: Context, params: Params) -> dict[str, Any]:
    """List how runs ended, newest first unless ordered otherwise; without FunctionName those of a namespace."""
    if "FunctionName" in params:
        find(ctx, params)
    check_qualifier(params)
    offset, limit = page(params, most=MOST_ROWS)
    if offset + limit > MOST_ROWS:
        raise refuse("Limit", f"Offset and Limit are {offset + limit} together, more than {MOST_ROWS}.")
    order, by = params.get("Order", "desc"), params.get("OrderBy", "start_time")
    if order not in ("asc", "desc"):
        raise refuse("Order", f"The order `{order}` is neither desc nor asc.")
    if by not in _ORDERS:
        raise refuse("OrderBy", f"The field `{by}` is not one of {', '.join(_ORDERS)}.")
    rows = sorted(_matching(ctx, params), key=_ORDERS[by], reverse=order == "desc")
    shown = [_reply(run) for run in rows[offset : offset + limit]]
    return {"TotalCount": len(rows), "Data": shown, "SearchContext": _NO_CONTEXT}


def _matching(ctx: Context, params: Params) -> list[Invocation]:
    start, end = _span(params)
    code = params.get("Filter", {}).get("RetCode", "")
    if code not in _ENDS:
        raise refuse("RetCode", f"The RetCode `{code}` is not one of {', '.join(filter(None, _ENDS))}.")
    return [
        run
        for run in ctx.account.state(Invoker).invocations
        if (run.region, run.namespace) == (ctx.region.name, params.get("Namespace") or "default")
        and run.function == params.get("FunctionName", run.function)
        and run.request_id == (params.get("FunctionRequestId") or run.request_id)
        and start <= int(run.started) <= end
        and (run.error["statusCode"] if run.error else 0) in _ENDS[code]
    ]


def _span(params: Params) -> tuple[float, float]:
    """Return which seconds are asked for: both ends must be given, at most a day apart, or none (documented)."""
    given = [params[name] for name in ("StartTime", "EndTime") if name in params]
    if not given:
        return 0, float("inf")
    if len(given) == 1:
        raise refuse("StartTimeOrEndTime", "StartTime and EndTime must be given together.")
    try:
        start, end = (datetime.strptime(one, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING) for one in given)
    except ValueError:
        raise refuse("DateTime", f"`{given[0]}` and `{given[1]}` are not times as 2017-05-16 20:00:00.") from None
    if not 0 <= (end - start).total_seconds() <= DAY_S:
        raise refuse("StartTime", "StartTime is not within the day before EndTime.")
    return start.timestamp(), end.timestamp()


def _reply(run: Invocation) -> dict[str, Any]:
    error = run.error
    return {
        "FunctionName": run.function,
        "RetMsg": json.dumps(error, ensure_ascii=False) if error else run.result_json,
        "RequestId": run.request_id,
        "StartTime": beijing_time(run.started),
        "RetCode": error["errorCode"] if error else 0,
        "InvokeFinished": 1,
        "Duration": round(run.duration_ms, 3),
        "BillDuration": run.billed_ms,
        "MemUsage": int(run.memory_mb * 1024 * 1024),
        "Log": run.log,
        "Level": "",
        "Source": "",
        "RetryNum": run.attempt - 1,
    }
