"""CreateFunction, GetFunction, ListFunctions, UpdateFunctionCode, UpdateFunctionConfiguration, DeleteFunction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.cam.model import Access
from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError, missing
from localcloud.core.listing import page_of
from localcloud.scf.checks import check_limits, check_name, check_runtime, code_of, variables_of
from localcloud.scf.invoker import Invoker
from localcloud.scf.logs import default_topic
from localcloud.scf.model import API, DEFAULTS, LATEST, Function, Functions, find, ref_of
from localcloud.scf.triggers import trigger_reply

if TYPE_CHECKING:
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

_LISTED = ("Runtime", "Description", "Tags", "Type", "AsyncRunEnable", "TraceEnable")


@API.action(unlisted={"DeployMode": "string", "L5Enable": "string", "DiskSize": "int64"})
def create_function(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a function from a zip; it is Creating for a while, then Active."""
    check_name(params["FunctionName"])
    ref = ref_of(ctx, params)
    if ref in ctx.region.state(Functions).rows:
        raise ApiError("ResourceInUse.FunctionName", f"The function `{ref.name}` exists already.")
    code, settings = code_of(params["Code"].get("ZipFile")), {**DEFAULTS, **_given(ctx, params)}
    if not settings["ClsTopicId"]:
        topic = default_topic(ctx)
        settings.update(ClsTopicId=topic.topic_id, ClsLogsetId=topic.settings["LogsetId"])
    return _store(ctx, Function(ref, f"lam-{ctx.account.ids.letters(8)}", code, settings, ctx.now()))


@API.action(unlisted={"ShowTriggers": "string"})
def get_function(ctx: Context, params: Params) -> dict[str, Any]:
    """Describe a function with its triggers."""
    if "FunctionName" not in params:
        raise missing("FunctionName")
    function = find(ctx, params)
    triggers = ctx.region.state(Functions).triggers[function.ref].values()
    return {
        **_summary(ctx, function),
        **function.settings,
        "CodeSize": len(function.code),
        "Triggers": [trigger_reply(trigger) for trigger in triggers],
        "FunctionVersion": LATEST,
        "Qualifier": LATEST,
    }


@API.action()
def list_functions(ctx: Context, params: Params) -> dict[str, Any]:
    """List a namespace's functions by part of their name, newest first unless Order is ASC."""
    namespace, key = params.get("Namespace", "default"), params.get("SearchKey", "")
    functions = ctx.region.state(Functions).rows.values()
    rows = [row for row in functions if row.ref.namespace == namespace and key in row.ref.name]
    return {"TotalCount": len(rows), "Functions": [_summary(ctx, row) for row in page_of(params, rows)]}


@API.action()
def update_function_code(ctx: Context, params: Params) -> dict[str, Any]:
    """Replace a function's code; it is Updating for a while."""
    function = _active(ctx, params, "UpdateFunctionCode")
    handler = {"Handler": params["Handler"]} if "Handler" in params else {}
    check_limits(handler)
    zipped = params.get("Code", {}).get("ZipFile") or params.get("ZipFile")
    return _store(ctx, replace(function, code=code_of(zipped), settings={**function.settings, **handler}))


@API.action(unlisted={"DeployMode": "string", "AsyncRunEnable": "string", "DiskSize": "int64"})
def update_function_configuration(ctx: Context, params: Params) -> dict[str, Any]:
    """Change those settings of a function that are given; it is Updating for a while."""
    function = _active(ctx, params, "UpdateFunctionConfiguration")
    if params.get("Runtime", function.settings["Runtime"]) != function.settings["Runtime"]:
        raise ApiError("InvalidParameterValue.Runtime", "The runtime of a function cannot be changed.")
    return _store(ctx, replace(function, settings={**function.settings, **_given(ctx, params)}))


@API.action()
def delete_function(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a function with its triggers; what runs goes on to its end, what waits is dropped."""
    function = find(ctx, params)
    if params.get("Qualifier", LATEST) != LATEST:
        raise ApiError("ResourceNotFound.Qualifier", f"The version `{params['Qualifier']}` does not exist.")
    functions = ctx.region.state(Functions)
    del functions.rows[function.ref]
    functions.triggers.pop(function.ref, None)
    ctx.account.state(Invoker).forget(function.ref)
    return {}


def _active(ctx: Context, params: Params, action: str) -> Function:
    function = find(ctx, params)
    status = function.status(ctx.now())
    if status != "Active":
        message = f"The function `{function.ref.name}` is {status}; try again when it is Active."
        raise ApiError(f"FailedOperation.{action}", message)
    return function


def _store(ctx: Context, function: Function) -> dict[str, Any]:
    now = ctx.now()
    settled = now + ctx.behaviour.wait(ctx.behaviour.function_ready_s)
    changed = replace(function, modified=now, settled=settled, revision=function.revision + 1)
    ctx.region.state(Functions).rows[function.ref] = changed
    return {}


def _given(ctx: Context, params: Params) -> dict[str, Any]:
    """Return those settings that a call gives, checked and whole."""
    check_limits(params)
    check_runtime(params, ctx.behaviour.runtimes)
    if params.get("Role") and params["Role"] not in ctx.account.state(Access).roles:
        raise ApiError("ResourceNotFound.Role", f"The role `{params['Role']}` does not exist.")
    settings = {name: _whole(DEFAULTS[name], params[name]) for name in DEFAULTS if name in params}
    if "Environment" in settings:
        settings["Environment"] = {"Variables": variables_of(params)}
    return settings


def _whole(default: Any, given: Any) -> Any:
    if not isinstance(default, dict):
        return given
    return {**default, **{name: _whole(default.get(name), value) for name, value in given.items()}}


def _summary(ctx: Context, function: Function) -> dict[str, Any]:
    return {
        **{name: function.settings[name] for name in _LISTED},
        "FunctionName": function.ref.name,
        "FunctionId": function.function_id,
        "Namespace": function.ref.namespace,
        "Status": function.status(ctx.now()),
        "AddTime": beijing_time(function.created),
        "ModTime": beijing_time(function.modified),
    }
