"""CMQ's message API: SendMessage, ReceiveMessage, DeleteMessage and their batches (docs 1496/61030 and following).

Codes are the documented ones (1496/70948). The messages' wording is ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import CmqError
from localcloud.tdmq.queues import Message, Queue, find_queue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localcloud.core.account import Account

MOST_IN_BATCH = 16
MOST_POLLING_S = 30
MOST_DELAY_S = 3600

BAD_PARAMETER, UNAUTHENTICATED, STALE_HANDLE, NO_QUEUE = 4000, 4100, 4430, 4440
SERVER_ERROR, SOME_FAILED, ALL_FAILED, NO_MESSAGE = 6000, 6010, 6020, 7000


def run(account: Account, action: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """Do one action of the message API and return the reply's own fields.

    Raises:
        CmqError: With a documented code.
    """
    if action not in _ACTIONS:
        raise CmqError(BAD_PARAMETER, f"action is not existed: {action}")
    return _ACTIONS[action](account, fields)


def _send(account: Account, fields: Mapping[str, str]) -> dict[str, Any]:
    return {"msgId": _send_all(account, fields, [_text(fields, "msgBody")])[0]}


def _batch_send(account: Account, fields: Mapping[str, str]) -> dict[str, Any]:
    sent = _send_all(account, fields, _batch(fields, "msgBody"))
    return {"msgList": [{"msgId": message_id} for message_id in sent]}


def _send_all(account: Account, fields: Mapping[str, str], bodies: list[str]) -> list[str]:
    delay = _number(fields, "delaySeconds", 0, 0, MOST_DELAY_S)
    with account.clock.changed:
        queue = _queue(account, fields)
        size = sum(len(body.encode()) for body in bodies)
        if size > queue.attributes["MaxMsgSize"]:
            raise CmqError(BAD_PARAMETER, "parameter msgBody value or length is out of range")
        sent = [queue.send(account.ids, body, account.now(), delay) for body in bodies]
        account.clock.changed.notify_all()
    return sent


def _receive(account: Account, fields: Mapping[str, str]) -> dict[str, Any]:
    return _shape(_poll(account, fields, 1)[0])


def _batch_receive(account: Account, fields: Mapping[str, str]) -> dict[str, Any]:
    _text(fields, "numOfMsg")
    most = _number(fields, "numOfMsg", 1, 1, MOST_IN_BATCH)
    return {"msgInfoList": [_shape(message) for message in _poll(account, fields, most)]}


def _poll(account: Account, fields: Mapping[str, str], most: int) -> list[Message]:
    with account.clock.changed:
        default = _queue(account, fields).attributes["PollingWaitSeconds"]
        deadline = account.now() + _number(fields, "pollingWaitSeconds", default, 0, MOST_POLLING_S)
        while True:
            queue, now = _queue(account, fields), account.now()
            messages = queue.receive(account.ids, most, now)
            if messages:
                return messages
            if now >= deadline:
                raise CmqError(NO_MESSAGE, "no message")
            account.clock.changed.wait(min(deadline, queue.next_visible(now)) - now)


def _delete(account: Account, fields: Mapping[str, str]) -> dict[str, Any]:
    handle = _text(fields, "receiptHandle")
    with account.clock.changed:
        if not _queue(account, fields).delete(handle, account.now()):
            raise CmqError(STALE_HANDLE, "receiptHandle is invalid or has expired")
    return {}


def _batch_delete(account: Account, fields: Mapping[str, str]) -> dict[str, Any]:
    handles = _batch(fields, "receiptHandle")
    with account.clock.changed:
        queue = _queue(account, fields)
        failed = [handle for handle in handles if not queue.delete(handle, account.now())]
    if not failed:
        return {}
    code, word = (ALL_FAILED, "all") if len(failed) == len(handles) else (SOME_FAILED, "some")
    errors = [
        {"code": STALE_HANDLE, "message": "receiptHandle is invalid or has expired", "receiptHandle": handle}
        for handle in failed
    ]
    raise CmqError(code, f"delete message failed for {word} of the messages", errorList=errors)


_ACTIONS: dict[str, Callable[[Account, Mapping[str, str]], dict[str, Any]]] = {
    "SendMessage": _send,
    "BatchSendMessage": _batch_send,
    "ReceiveMessage": _receive,
    "BatchReceiveMessage": _batch_receive,
    "DeleteMessage": _delete,
    "BatchDeleteMessage": _batch_delete,
}


def _queue(account: Account, fields: Mapping[str, str]) -> Queue:
    name = _text(fields, "queueName")
    queue = find_queue(account, name)
    if queue is None:
        raise CmqError(NO_QUEUE, f"queue is not existed: {name}")
    return queue


def _text(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name, "")
    if not value:
        raise CmqError(BAD_PARAMETER, f"lacked of required parameter {name}")
    return value


def _number(fields: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = fields.get(name) or str(default)
    if not re.fullmatch(r"\d{1,9}", value) or not least <= int(value) <= most:
        raise CmqError(BAD_PARAMETER, f"parameter {name} value or length is out of range")
    return int(value)


def _batch(fields: Mapping[str, str], name: str) -> list[str]:
    """Return `name.0`, `name.1`, …; they may begin at 1 as well (documented) but must be consecutive."""
    indexes = sorted(int(key.rpartition(".")[2]) for key in fields if re.fullmatch(rf"{name}\.\d{{1,3}}", key))
    if not indexes:
        raise CmqError(BAD_PARAMETER, f"lacked of required parameter {name}.n")
    if len(indexes) > MOST_IN_BATCH:
        raise CmqError(BAD_PARAMETER, f"{name} parameter batch size is out of range")
    if indexes[0] > 1 or indexes != list(range(indexes[0], indexes[0] + len(indexes))):
        raise CmqError(BAD_PARAMETER, f"{name} parameter is not consequent")
    return [_text(fields, f"{name}.{index}") for index in indexes]


def _shape(message: Message) -> dict[str, Any]:
    return {
        "msgBody": message.body,
        "msgId": message.message_id,
        "receiptHandle": message.handle,
        "enqueueTime": int(message.enqueued),
        "firstDequeueTime": int(message.first_dequeued),
        "nextVisibleTime": int(message.visible),
        "dequeueCount": message.dequeues,
    }
