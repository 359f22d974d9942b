"""CreateFlowLog with all its refusals, DescribeFlowLogs, and the changes (docs 215/35015, 215/36908).

The error codes are those that the platform's SDKs list for CreateFlowLog; which of them answers which fault is inferred
where the code's name does not say it, as is the refusal where the service role FlowLogClsRole is missing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.cam.model import FLOW_LOG_ROLE, Access
from localcloud.cls.model import find_topic
from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError, missing, not_found, out_of_range
from localcloud.core.listing import Listing, page, slice_newest_first
from localcloud.core.parameters import Params, tag_set, tags_of
from localcloud.core.regions import REGIONS
from localcloud.vpc.model import API, FlowLog, Interface, Network
from localcloud.vpc.networks import find_vpc, network
from localcloud.vpc.records import Records
from localcloud.vpc.shapes import CODES, find

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from localcloud.core.actions import Context

NAME_LENGTH = 60
DESCRIPTION_LENGTH = 512
ALLOWED = {
    "ResourceType": ("NETWORKINTERFACE", "CCN", "NAT", "DCG"),
    "TrafficType": ("ACCEPT", "REJECT", "ALL"),
    "StorageType": ("cls", "ckafka"),
}


def _topic_state(ctx: Context, row: FlowLog) -> str:
    found = row.storage_type != "cls" or find_topic(ctx.account, row.topic_id, row.topic_region)
    return "SUCCESS" if found else "DELETED"


_FIELDS: dict[str, Callable[[Context, FlowLog], str]] = {
    "ResourceId": lambda _ctx, row: row.resource_id,
    "FlowLogName": lambda _ctx, row: row.name,
    "VpcId": lambda _ctx, row: row.vpc_id,
    "ResourceType": lambda _ctx, row: row.resource_type,
    "FlowLogId": lambda _ctx, row: row.flow_log_id,
    "TrafficType": lambda _ctx, row: row.traffic_type,
    "CloudLogId": lambda _ctx, row: row.topic_id,
    "CloudLogState": _topic_state,
    "CloudLogRegion": lambda _ctx, row: row.topic_region,
}
"""What a listing can be narrowed by, and how it is read; what an index answers best comes first."""


@API.action()
def create_flow_log(ctx: Context, params: Params) -> dict[str, Any]:
    """Make the flow log of one interface; the reply is a list of one, its state not filled in yet (documented)."""
    _check_values(ctx, params)
    net = network(ctx)
    interface = _interface(net, params)
    _refuse_unsupported(ctx, net, interface)
    _refuse_taken_name(ctx, net, params["FlowLogName"])
    flow_log = _new_flow_log(ctx, params)
    net.flow_logs.put(flow_log)
    fresh = {"CloudLogState": "", "CloudLogRegion": "", "CreatedTime": "0000-00-00 00:00:00"}
    return {"FlowLog": [{**_reply(ctx, flow_log), **fresh}]}


@API.action()
def describe_flow_logs(ctx: Context, params: Params) -> dict[str, Any]:
    """List flow logs by equality on top-level fields, newest first unless ordered otherwise (documented)."""
    offset, limit = page(params, default=10, code=CODES.page)
    rows = _matching(ctx, params)
    descending = params.get("OrderDirection", "DESC") != "ASC"
    if params.get("OrderField", "createTime") == "flowLogName":
        rows = sorted(rows, key=lambda row: row.name)
    found = slice_newest_first(rows, offset, limit) if descending else rows[offset : offset + limit]
    return {"FlowLog": [_reply(ctx, row) for row in found], "TotalNum": len(rows)}


@API.action()
def delete_flow_log(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a flow log."""
    net = network(ctx)
    flow_log = _find_in_vpc(net, params)
    Records(ctx.account).keep(net, flow_log)
    net.flow_logs.remove(flow_log.flow_log_id)
    return {}


@API.action()
def modify_flow_log_attribute(ctx: Context, params: Params) -> dict[str, Any]:
    """Change name and description, which is all that can be changed (doc 682/18934)."""
    net = network(ctx)
    flow_log = _find_in_vpc(net, params)
    _check_lengths(params)
    name = params.get("FlowLogName", flow_log.name)
    if name != flow_log.name:
        _refuse_taken_name(ctx, net, name)
    net.flow_logs.put(replace(flow_log, name=name, description=params.get("FlowLogDescription", flow_log.description)))
    return {}


@API.action()
def enable_flow_logs(ctx: Context, params: Params) -> dict[str, Any]:
    """Switch flow logs on."""
    return _switch(ctx, params["FlowLogIds"], enabled=True)


@API.action()
def disable_flow_logs(ctx: Context, params: Params) -> dict[str, Any]:
    """Switch flow logs off; they go on existing."""
    return _switch(ctx, params["FlowLogIds"], enabled=False)


def _check_values(ctx: Context, params: Params) -> None:
    _check_lengths(params)
    for name, allowed in ALLOWED.items():
        if params.get(name, allowed[0]) not in allowed:
            raise out_of_range(name, params[name], ", ".join(allowed))
    _check_by_type(params["ResourceType"], params)
    _check_storage(ctx, params)


def _check_lengths(params: Params) -> None:
    if not 1 <= len(params.get("FlowLogName", "-")) <= NAME_LENGTH:
        raise out_of_range("FlowLogName", params["FlowLogName"], f"1-{NAME_LENGTH} characters")
    if len(params.get("FlowLogDescription", "")) > DESCRIPTION_LENGTH:
        raise out_of_range("FlowLogDescription", "...", f"0-{DESCRIPTION_LENGTH} characters")


def _check_by_type(resource_type: str, params: Params) -> None:
    """Refuse a call without VpcId, which all types but CCN need, or with Period, which only CCN takes (documented)."""
    if resource_type != "CCN" and "VpcId" not in params:
        raise missing("VpcId")
    if resource_type != "CCN" and "Period" in params:
        raise out_of_range("Period", params["Period"], "none: only for CCN")


def _check_storage(ctx: Context, params: Params) -> None:
    if params.get("CloudLogRegion", ctx.region.name) not in REGIONS:
        raise out_of_range("CloudLogRegion", params["CloudLogRegion"], "a region")
    if params.get("StorageType", "cls") == "ckafka":
        if "FlowLogStorage" not in params:
            raise missing("FlowLogStorage")
        return
    topic = params.get("CloudLogId")
    if not topic:
        raise missing("CloudLogId")
    if FLOW_LOG_ROLE not in ctx.account.state(Access).roles:
        raise ApiError("UnauthorizedOperation", f"The service role `{FLOW_LOG_ROLE}` does not exist: authorize it.")
    if not find_topic(ctx.account, topic, params.get("CloudLogRegion", ctx.region.name)):
        raise not_found(topic)


def _interface(net: Network, params: Params) -> Interface:
    resource_id = params["ResourceId"]
    if params["ResourceType"] != "NETWORKINTERFACE":
        raise not_found(resource_id)
    interface = find(net.interfaces, "ResourceId", resource_id, "eni")
    if find_vpc(net, params["VpcId"]).vpc_id != interface.vpc_id:
        raise not_found(resource_id)
    return interface


def _refuse_unsupported(ctx: Context, net: Network, interface: Interface) -> None:
    if interface.attachment is None:
        raise ApiError(
            "UnsupportedOperation.FlowLogsNotSupportNullInstanceEni",
            "Unable to create a flow log: the current ENI is not bound to an instance.",
        )
    host = net.instances.get(interface.attachment.instance_id)
    if host is not None and host.family in ctx.behaviour.unsupported_families:
        raise ApiError(
            "UnsupportedOperation.FlowLogsNotSupportKoInstanceEni",
            "Unable to create a flow log: the current ENI is bound to a KO model.",
        )
    if net.flow_logs.count("ResourceId", interface.interface_id) >= ctx.behaviour.flow_logs_per_interface:
        raise ApiError(
            "UnsupportedOperation.FlowLogInstanceExisted",
            f"A flow log of the instance `{interface.interface_id}` exists already.",
        )


def _refuse_taken_name(ctx: Context, net: Network, name: str) -> None:
    if ctx.behaviour.unique_flow_log_names and net.flow_logs.count("FlowLogName", name):
        raise ApiError("InvalidParameterValue.Duplicate", f"The value of `FlowLogName` exists already: `{name}`.")


def _new_flow_log(ctx: Context, params: Params) -> FlowLog:
    kind = params.get("StorageType", "cls")
    storage = params.get("FlowLogStorage", {}) if kind == "ckafka" else {"StorageId": params["CloudLogId"]}
    return FlowLog(
        flow_log_id=ctx.account.ids.new("fl"),
        name=params["FlowLogName"],
        vpc_id=params["VpcId"],
        resource_type=params["ResourceType"],
        resource_id=params["ResourceId"],
        traffic_type=params["TrafficType"],
        description=params.get("FlowLogDescription", ""),
        topic_id=params.get("CloudLogId", "") if kind == "cls" else "",
        topic_region=params.get("CloudLogRegion", ctx.region.name),
        created=ctx.now(),
        storage_type=kind,
        storage=tuple(storage.items()),
        tags=tags_of(params),
    )


def _find(net: Network, flow_log_id: str) -> FlowLog:
    return find(net.flow_logs, "FlowLogId", flow_log_id, "fl")


def _find_in_vpc(net: Network, params: Params) -> FlowLog:
    flow_log = _find(net, params["FlowLogId"])
    _check_by_type(flow_log.resource_type, params)
    if params.get("VpcId", flow_log.vpc_id) != flow_log.vpc_id:
        raise not_found(flow_log.flow_log_id)
    return flow_log


def _switch(ctx: Context, flow_log_ids: list[str], *, enabled: bool) -> dict[str, Any]:
    net = network(ctx)
    for flow_log in [_find(net, flow_log_id) for flow_log_id in flow_log_ids]:
        if flow_log.enabled != enabled:
            Records(ctx.account).keep(net, flow_log)
            net.flow_logs.put(replace(flow_log, enabled=enabled, switched=ctx.now()))
    return {}


def _matching(ctx: Context, params: Params) -> Sequence[FlowLog]:
    def equals(read: Callable[[Context, FlowLog], str]) -> Callable[[FlowLog, list[str]], bool]:
        return lambda row, values: read(ctx, row) in values

    if "Filters" in params and "FlowLogId" in params:
        raise ApiError("InvalidParameter.Coexist", "The parameters `FlowLogId` and `Filters` cannot be used together.")
    known = {name: equals(read) for name, read in _FIELDS.items()}
    listing = Listing(known=known, codes=CODES)
    filters = [{"Name": name, "Values": [params[name]]} for name in _FIELDS if name in params]
    tagged = [params["Filters"]] if "Filters" in params else []
    rows = listing.select(network(ctx).flow_logs, filters + tagged)
    if ctx.behaviour.flow_log_lag_s:
        listed = ctx.now() - ctx.behaviour.wait(ctx.behaviour.flow_log_lag_s)
        rows = [row for row in rows if row.created <= listed]
    return rows


def _reply(ctx: Context, row: FlowLog) -> dict[str, Any]:
    return {
        **{name: read(ctx, row) for name, read in _FIELDS.items()},
        "FlowLogDescription": row.description,
        "CreatedTime": beijing_time(row.created),
        "Enable": row.enabled,
        "StorageType": row.storage_type,
        "FlowLogStorage": dict(row.storage),
        "TagSet": tag_set(row.tags),
    }
