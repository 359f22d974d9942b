"""SCF's native dead letter: what is put on the queue when an asynchronous event failed for good (doc 583/39704)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.core.clock import BEIJING
from localcloud.tdmq.queues import Queues

if TYPE_CHECKING:
    from localcloud.core.account import Account
    from localcloud.scf.model import Event, Function

QUEUE_TYPES = ("CMQ-QUEUE", "queue", "TDMQ-QUEUE")


def send(account: Account, function: Function, event: Event, error: dict[str, Any]) -> bool:
    """Put an event that failed on its function's dead-letter queue.

    Returns:
        Whether it is there: not if the function has none, or the queue does not exist in the function's region.
    """
    config = function.settings["DeadLetterConfig"]
    if config["Type"] not in QUEUE_TYPES:
        return False
    body = json.dumps(message(account, event, error), ensure_ascii=False)
    with account.clock.changed:
        queue = account.region(function.ref.region).state(Queues).get(config["Name"])
        if queue is None:
            return False
        queue.send(account.ids, body, account.now())
        account.clock.changed.notify_all()
    return True


def message(account: Account, event: Event, error: dict[str, Any]) -> dict[str, Any]:
    """Return the message, in its documented shape: the event is the text in Body.ClientContext."""
    return {
        "RequestId": event.request_id,
        "ErrorCode": error["errorCode"],
        "ErrorMessage": error.get("stackTrace") or error["errorMessage"],
        "Body": {
            "AppId": account.app_id,
            "Uin": account.uin,
            "SubAccountUin": account.uin,
            "RequestSource": event.source,
            "FunctionName": event.ref.name,
            "Namespace": event.ref.namespace,
            "Qualifier": "$DEFAULT",
            "InvocationType": event.kind,
            "ClientContext": event.text,
            "LogType": "",
            "TimeStampForInvoker": str(int(event.taken * 1000)),
            "RequestId": event.request_id,
            "PushTime": push_time(account.now()),
            "RetryNum": max(0, event.failures - 1),
            "Ttl": 0,
        },
    }


def push_time(seconds: float) -> str:
    """Return a time as PushTime has it: nanoseconds, and Beijing's offset."""
    moment = datetime.fromtimestamp(seconds, BEIJING)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond * 1000:09d}+08:00"
