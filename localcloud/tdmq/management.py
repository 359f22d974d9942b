"""Queues by the v3 API: create, describe, change, delete, a message for testing (docs 1496/62819 and following)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.core.actions import Context, Service
from localcloud.core.errors import ApiError, existing
from localcloud.core.listing import page
from localcloud.core.regions import QUEUES
from localcloud.tdmq.queues import ATTRIBUTES, NAME, Queue, Queues

if TYPE_CHECKING:
    from localcloud.core.parameters import Params

API = Service("tdmq", "2020-02-17", regions=QUEUES)
BAD_VALUE = "InvalidParameterValue"


@API.action()
def create_cmq_queue(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a queue."""
    name = params["QueueName"]
    if NAME.fullmatch(name) is None:
        raise ApiError(BAD_VALUE, f"The queue name `{name}` is not valid.")
    attributes = {"MaxMsgSize": ctx.behaviour.largest_message, **_attributes(ctx, params)}
    with ctx.account.clock.changed:
        queues = ctx.region.state(Queues)
        if queues.get(name) is not None:
            raise ApiError("ResourceInUse.Queue", f"The queue `{name}` exists already.")
        queue = queues.add(ctx.account, name, attributes)
        queue.tags = tuple((tag["TagKey"], tag["TagValue"]) for tag in params.get("Tags", ()))
    return {"QueueId": queue.queue_id}


@API.action()
def describe_cmq_queues(ctx: Context, params: Params) -> dict[str, Any]:
    """List queues, all or those of `QueueNameList`; other filters are not done here."""
    offset, limit = page(params, most=50, code=BAD_VALUE)
    if params.keys() & {"QueueName", "Filters"}:
        raise ApiError(BAD_VALUE, "Queues are not filtered by QueueName or Filters here, only by QueueNameList.")
    with ctx.account.clock.changed:
        queues = ctx.region.state(Queues).all()
        if "QueueNameList" in params:
            names = [name.lower() for name in params["QueueNameList"]]
            queues = [queue for queue in queues if queue.name.lower() in names]
        found = [_reply(ctx, queue) for queue in queues[offset : offset + limit]]
    return {"TotalCount": len(queues), "QueueList": found}


@API.action()
def describe_cmq_queue_detail(ctx: Context, params: Params) -> dict[str, Any]:
    """Describe one queue."""
    with ctx.account.clock.changed:
        return {"QueueDescribe": _reply(ctx, _find(ctx, params["QueueName"]))}


@API.action()
def modify_cmq_queue_attribute(ctx: Context, params: Params) -> dict[str, Any]:
    """Change a queue's attributes."""
    with ctx.account.clock.changed:
        queue = _find(ctx, params["QueueName"])
        queue.attributes = {**queue.attributes, **_attributes(ctx, params)}
        queue.modified = ctx.now()
    return {}


@API.action()
def delete_cmq_queue(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a queue with its messages; who waits for one is told at once."""
    with ctx.account.clock.changed:
        ctx.region.state(Queues).remove(_find(ctx, params["QueueName"]).name)
        ctx.account.clock.changed.notify_all()
    return {}


def _attributes(ctx: Context, params: Params) -> dict[str, int]:
    """Return what a call gives of a queue's attributes."""
    given = {name: params[name] for name in ATTRIBUTES if name in params}
    for name, value in given.items():
        _, least, most = ATTRIBUTES[name]
        most = ctx.behaviour.largest_message if name == "MaxMsgSize" else most
        if not least <= value <= most:
            raise ApiError(BAD_VALUE, f"The value `{value}` of `{name}` is not within {least}-{most}.")
    return given


def _find(ctx: Context, name: str) -> Queue:
    return existing(ctx.region.state(Queues).get(name), "ResourceNotFound", f"queue `{name}`")


def _reply(ctx: Context, queue: Queue) -> dict[str, Any]:
    active, inactive, delayed = queue.counts(ctx.now())
    return {
        **queue.attributes,
        "QueueId": queue.queue_id,
        "QueueName": queue.name,
        "CreateTime": int(queue.created * 1000),
        "LastModifyTime": int(queue.modified * 1000),
        "ActiveMsgNum": active,
        "InactiveMsgNum": inactive,
        "DelayMsgNum": delayed,
        "Tags": [{"TagKey": key, "TagValue": value} for key, value in queue.tags],
        "TenantId": f"cmq-{ctx.account.app_id}",
        "NamespaceName": f"CMQ_QUEUE-{queue.name}",
    }
