"""CreateFunction, GetFunction, ListFunctions, UpdateFunctionCode, UpdateFunctionConfiguration, DeleteFunction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.cam.model import Access
from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError
from localcloud.core.paging import FILTERS, page_of
from localcloud.core.parameters import (
    TAGS,
    boolean,
    integer,
    list_of,
    object_of,
    opaque,
    opaque_list,
    tag_set,
    tags_of,
    text,
    texts,
)
from localcloud.scf.checks import check_limits, check_name, check_runtime, code_of, environment_of, refuse
from localcloud.scf.invoker import Invoker
from localcloud.scf.logs import default_topic
from localcloud.scf.model import API, LATEST, Function, Functions, find, ref_of
from localcloud.scf.triggers import trigger_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

_PLAIN = {
    "Handler": "handler",
    "Description": "description",
    "MemorySize": "memory_mb",
    "Timeout": "timeout_s",
    "InitTimeout": "init_timeout_s",
    "Runtime": "runtime",
    "Role": "role",
    "Type": "kind",
    "AsyncRunEnable": "async_run",
    "TraceEnable": "trace",
    "InstallDependency": "install_dependency",
    "DnsCache": "dns_cache",
    "ClsLogsetId": "cls_logset_id",
    "ClsTopicId": "cls_topic_id",
}


_CODE = {
    **texts("CosBucketName CosObjectName ZipFile CosBucketRegion DemoId TempCosObjectName GitUrl GitUserName"),
    **texts("GitPassword GitPasswordSecret GitBranch GitDirectory GitCommitId GitUserNameSecret"),
    "ImageConfig": opaque,
}
_SETTINGS = {
    **texts("Description Runtime Role InstallDependency ClsLogsetId ClsTopicId DnsCache"),
    "MemorySize": integer,
    "Timeout": integer,
    "Environment": object_of({"Variables": list_of({"Key": text, "Value": text})}),
    "VpcConfig": object_of({"VpcId": text, "SubnetId": text}),
    "Layers": opaque_list,
    "DeadLetterConfig": object_of({"Type": text.must(), "Name": text.must(), "FilterType": text}),
    "PublicNetConfig": object_of({"PublicNetStatus": text.must(), "EipConfig": object_of({"EipStatus": text.must()})}),
    "CfsConfig": opaque,
    "InitTimeout": integer,
    "ProtocolParams": opaque,
    "InstanceConcurrencyConfig": opaque,
    "IntranetConfig": opaque,
}
_NAMED = {"FunctionName": text.must(), "Namespace": text}


@API.action(
    {
        **_NAMED,
        **_SETTINGS,
        "Code": object_of(_CODE).must(),
        **texts("Handler Type CodeSource AsyncRunEnable TraceEnable AutoDeployClsTopicIndex AutoCreateClsTopic"),
        "ProtocolType": text,
        "Tags": TAGS,
    },
    unlisted={**texts("DeployMode L5Enable"), "DiskSize": integer},
)
def create_function(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a function from a zip; it is Creating for a while, then Active."""
    check_name(params["FunctionName"])
    ref = ref_of(ctx, params)
    if ctx.region.state(Functions).get(ref.namespace, ref.name) is not None:
        raise ApiError("ResourceInUse.FunctionName", f"The function `{ref.name}` exists already.")
    now = ctx.now()
    function = Function(
        ref=ref,
        function_id=f"lam-{ctx.account.ids.letters(8)}",
        code=code_of(params["Code"].get("ZipFile")),
        created=now,
        modified=now,
        settled=now + ctx.behaviour.wait(ctx.behaviour.function_ready_s),
    )
    function = replace(function, **_settings(ctx, params))
    if not function.cls_topic_id:
        topic = default_topic(ctx)
        function = replace(function, cls_topic_id=topic.topic_id, cls_logset_id=topic.logset_id)
    ctx.region.state(Functions).put(function)
    ctx.account.state(Invoker).prepare(function)
    return {}


@API.action(texts("FunctionName Namespace Qualifier ShowCode"), unlisted=texts("ShowTriggers"))
def get_function(ctx: Context, params: Params) -> dict[str, Any]:
    """Describe a function with its triggers."""
    if "FunctionName" not in params:
        raise ApiError("MissingParameter", "The request is missing a required parameter `FunctionName`.")
    function = find(ctx, params)
    triggers = ctx.region.state(Functions).triggers_of(function.ref).values()
    return {
        **_summary(ctx, function),
        "CodeInfo": "",
        "CodeSize": len(function.code),
        "CodeResult": "success",
        "CodeError": "",
        "ErrNo": 0,
        "Triggers": [trigger_reply(trigger) for trigger in triggers],
        "Handler": function.handler,
        "Timeout": function.timeout_s,
        "InitTimeout": function.init_timeout_s,
        "FunctionVersion": LATEST,
        "Qualifier": LATEST,
        "MemorySize": function.memory_mb,
        "Environment": {"Variables": [{"Key": key, "Value": value} for key, value in function.environment]},
        "Role": function.role,
        "InstallDependency": function.install_dependency,
        "DnsCache": function.dns_cache,
        "ClsLogsetId": function.cls_logset_id,
        "ClsTopicId": function.cls_topic_id,
        "VpcConfig": {"VpcId": function.vpc_id, "SubnetId": function.subnet_id},
        "DeadLetterConfig": dict(zip(("Type", "Name", "FilterType"), function.dead_letter, strict=True)),
        "PublicNetConfig": {
            "PublicNetStatus": function.public_net,
            "EipConfig": {"EipStatus": function.eip, "EipAddress": []},
        },
        "EipConfig": {"EipFixed": "FALSE", "Eips": []},
        "UseGpu": "FALSE",
        "L5Enable": "FALSE",
        "OnsEnable": "FALSE",
        "Layers": [],
        "AvailableStatus": "Available",
    }


@API.action(
    {
        **texts("Order Orderby SearchKey Namespace Description"),
        "Offset": integer,
        "Limit": integer,
        "Filters": FILTERS,
    }
)
def list_functions(ctx: Context, params: Params) -> dict[str, Any]:
    """List a namespace's functions, newest first unless ordered otherwise."""
    namespace, key = params.get("Namespace", "default"), params.get("SearchKey", "")
    orders: dict[str, Callable[[Function], Any]] = {
        "AddTime": lambda row: row.created,
        "ModTime": lambda row: row.modified,
        "FunctionName": lambda row: row.ref.name,
    }
    rows = [row for row in ctx.region.state(Functions).rows.values() if row.ref.namespace == namespace]
    rows = [row for row in rows if key in row.ref.name and params.get("Description", "") in row.description]
    rows.sort(key=orders[params.get("Orderby", "AddTime")], reverse=params.get("Order", "DESC") != "ASC")
    found = [_summary(ctx, row) for row in rows]
    for one in params.get("Filters", ()):
        found = [row for row in found if _field(row, one["Name"]) in one["Values"]]
    return {"TotalCount": len(found), "Functions": [row | _CONCURRENCY for row in page_of(params, found)]}


@API.action(
    {
        **_NAMED,
        "Handler": text,
        "CosBucketName": text,
        "CosObjectName": text,
        "ZipFile": text,
        "CosBucketRegion": text,
        "InstallDependency": text,
        "EnvId": text,
        "Publish": text,
        "Code": object_of(_CODE),
        "CodeSource": text,
    }
)
def update_function_code(ctx: Context, params: Params) -> dict[str, Any]:
    """Replace a function's code; it is Updating for a while."""
    function = _active(ctx, params, "UpdateFunctionCode")
    check_limits({"Handler": params["Handler"]} if "Handler" in params else {})
    zipped = params.get("Code", {}).get("ZipFile") or params.get("ZipFile")
    changed = replace(function, code=code_of(zipped), handler=params.get("Handler", function.handler))
    return _store(ctx, changed)


@API.action(
    {**_NAMED, **_SETTINGS, **texts("Publish L5Enable"), "IgnoreSysLog": boolean},
    unlisted={**texts("DeployMode AsyncRunEnable"), "DiskSize": integer},
)
def update_function_configuration(ctx: Context, params: Params) -> dict[str, Any]:
    """Change those settings of a function that are given; it is Updating for a while."""
    function = _active(ctx, params, "UpdateFunctionConfiguration")
    if params.get("Runtime", function.runtime) != function.runtime:
        raise ApiError("InvalidParameterValue.Runtime", "The runtime of a function cannot be changed.")
    return _store(ctx, replace(function, **_settings(ctx, params)))


@API.action({**_NAMED, "Qualifier": text})
def delete_function(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a function with its triggers; what runs goes on to its end, what waits is dropped."""
    function = find(ctx, params)
    if params.get("Qualifier", LATEST) != LATEST:
        raise ApiError("ResourceNotFound.Qualifier", f"The version `{params['Qualifier']}` does not exist.")
    ctx.region.state(Functions).remove(function.ref)
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
    ctx.region.state(Functions).put(changed)
    ctx.account.state(Invoker).prepare(changed)
    return {}


def _settings(ctx: Context, params: Params) -> dict[str, Any]:
    check_limits(params)
    check_runtime(params, ctx.behaviour.runtimes)
    settings: dict[str, Any] = {field: params[name] for name, field in _PLAIN.items() if name in params}
    if settings.get("role") and settings["role"] not in ctx.account.state(Access).roles:
        raise ApiError("ResourceNotFound.Role", f"The role `{settings['role']}` does not exist.")
    if "Environment" in params:
        settings["environment"] = environment_of(params)
    if "DeadLetterConfig" in params:
        given = params["DeadLetterConfig"]
        settings["dead_letter"] = (given["Type"], given["Name"], given.get("FilterType", ""))
    if "Tags" in params:
        settings["tags"] = tags_of(params)
    if "PublicNetConfig" in params:
        given = params["PublicNetConfig"]
        settings["public_net"] = given["PublicNetStatus"]
        settings["eip"] = given.get("EipConfig", {}).get("EipStatus", "DISABLE")
    if "VpcConfig" in params:
        settings["vpc_id"] = params["VpcConfig"].get("VpcId", "")
        settings["subnet_id"] = params["VpcConfig"].get("SubnetId", "")
    return settings


def _field(summary: dict[str, Any], name: str) -> Any:
    """Return what a filter of ListFunctions reads."""
    if name.startswith("tag-"):
        return next((tag["Value"] for tag in summary["Tags"] if f"tag-{tag['Key']}" == name), None)
    if name not in ("FunctionName", "Runtime", "Status"):
        raise refuse("Filters", f"The filter `{name}` is not supported.")
    return summary[name]


def _summary(ctx: Context, function: Function) -> dict[str, Any]:
    return {
        "FunctionName": function.ref.name,
        "FunctionId": function.function_id,
        "Namespace": function.ref.namespace,
        "Runtime": function.runtime,
        "Description": function.description,
        "Status": function.status(ctx.now()),
        "StatusDesc": "",
        "StatusReasons": [],
        "Tags": tag_set(function.tags),
        "Type": function.kind,
        "AsyncRunEnable": function.async_run,
        "TraceEnable": function.trace,
        "AddTime": beijing_time(function.created),
        "ModTime": beijing_time(function.modified),
    }


_CONCURRENCY = {"TotalProvisionedConcurrencyMem": 0, "ReservedConcurrencyMem": None}
