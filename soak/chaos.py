"""Calls that fail by chance, in each way that is documented, before or after their effect."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.core.faults import (
    CMQ,
    Incoming,
    Reply,
    chain,
    content_type,
    delay,
    drip,
    drop_after_effect,
    drop_before_effect,
    error,
    error_after_effect,
    garbled_body,
    http_status,
    redirect,
    throttle,
    truncated_body,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from localcloud.core.faults import Fault, Proceed

    Kinds = dict[str, tuple[float, Fault]]

REFUSED_FOR_GOOD = "FailedOperation.NotThisOne"
"""The code, which nobody knows, under which some interfaces never get a flow log."""
MALFORMED: tuple[Any, ...] = (
    None,
    "eni-00000001",
    [],
    {},
    {"NetworkInterfaceId": 5, "Attachment": "ins-00000001"},
    {"NetworkInterfaceId": "eni-00000001", "VpcId": [], "Attachment": True, "TagSet": {"Key": 1}},
    {"FlowLogId": "fl-00000001", "ResourceId": {}, "Enable": "yes", "CloudLogId": 7},
)
_ROWS = ("NetworkInterfaceSet", "FlowLog")


def malformed_row(_call: Incoming, proceed: Proceed) -> Reply:
    """One row more in a list, of no documented type."""
    reply = proceed()
    body = json.loads(reply.body)
    for name in _ROWS:
        if isinstance(rows := body["Response"].get(name), list):
            rows.insert(0, MALFORMED[len(reply.body) % len(MALFORMED)])
    return replace(reply, body=json.dumps(body).encode())


BROKEN: Kinds = {
    "connection closed before": (4, drop_before_effect()),
    "connection closed after": (4, drop_after_effect()),
    "body cut short": (3, truncated_body()),
    "body garbled": (2, garbled_body()),
    "body empty": (1, garbled_body(b"")),
    "HTTP 500": (3, http_status(500)),
    "HTTP 502 after a while": (1, chain(delay(0.02), http_status(502, b""))),
    "redirect": (1, redirect("http://127.0.0.1:9/elsewhere")),
    "drip": (0.05, drip(0.5)),
}
API: Kinds = {
    **BROKEN,
    "RequestLimitExceeded": (8, throttle()),
    "RequestLimitExceeded, Content-Type with charset": (1, chain(content_type(), throttle())),
    "LimitExceeded.ActionLimited": (1, error("LimitExceeded.ActionLimited")),
    "InternalError": (6, error("InternalError")),
    "InternalError after": (6, error_after_effect("InternalError")),
    "InternalError.ModuleError": (1, error("InternalError.ModuleError")),
    "AuthFailure.TokenFailure": (1, error("AuthFailure.TokenFailure")),
    "AuthFailure.SignatureExpire": (1, error("AuthFailure.SignatureExpire")),
    "LimitExceeded": (1, error("LimitExceeded", "a quota; Token=PlantedSecret")),
    "UnauthorizedOperation": (2, error("UnauthorizedOperation")),
    "UnauthorizedOperation after": (1, error_after_effect("UnauthorizedOperation")),
    "InvalidParameterValue": (1, error("InvalidParameterValue")),
    "a code that nobody knows": (1, error("FailedOperation.Nobody")),
}
READ: Kinds = {**API, "a malformed row": (6, malformed_row)}
CREATE: Kinds = {
    **API,
    "ResourceNotFound": (2, error("ResourceNotFound")),
    "InvalidParameterValue.Duplicate": (2, error("InvalidParameterValue.Duplicate")),
    "FlowLogInstanceExisted after": (1, error_after_effect("UnsupportedOperation.FlowLogInstanceExisted")),
    "FlowLogsNotSupportNullInstanceEni": (1, error("UnsupportedOperation.FlowLogsNotSupportNullInstanceEni")),
}
"""Two lies are left out: that an uncovered interface has a flow log, or that its model takes none. No fault of the
network tells them, and only the sweep would find them out."""
_KINDS = {"CreateFlowLog": CREATE, "DescribeNetworkInterfaces": READ, "DescribeFlowLogs": READ}
QUEUE: Kinds = {
    **BROKEN,
    "4420": (3, error(4420)),
    "4480": (1, error(4480)),
    "6000": (5, error(6000)),
    "6000 after": (3, error_after_effect(6000)),
}


class Chaos:
    """The fault around every call. Thread-safe.

    Attributes:
        refused: interfaces that never get a flow log, faults or not.
        share: the chance of a call to fail, from 0 to 1.
        queue_down: whether the queue answers nobody.
        calls: how many calls there were.
        injected: how many failed, by kind.
    """

    def __init__(self, chance: random.Random, share: float) -> None:
        self.share = share
        self.queue_down = False
        self.refused: set[str] = set()
        self.calls = 0
        self.injected: Counter[str] = Counter()
        self.before_each: Callable[[Incoming], None] = lambda _: None
        self._chance = chance
        self._lock = threading.Lock()

    def __call__(self, call: Incoming, proceed: Proceed) -> Reply:
        """Let a call pass, or fail."""
        self.before_each(call)
        kind, fault = self._choose(call)
        return fault(call, proceed) if kind else proceed()

    def stop(self) -> None:
        """Let all calls pass from now on."""
        self.share, self.queue_down = 0.0, False

    def _choose(self, call: Incoming) -> tuple[str, Fault]:
        with self._lock:
            self.calls += 1
            if call.service == CMQ and self.queue_down:
                self.injected["queue down"] += 1
                return "queue down", error(6000, "the queue is down")
            if call.action == "CreateFlowLog" and call.params.get("ResourceId") in self.refused:
                self.injected["refused for good"] += 1
                return "refused for good", error(REFUSED_FOR_GOOD, "this one never")
            if self._chance.random() >= self.share:
                return "", delay(0)
            kinds = QUEUE if call.service == CMQ else _KINDS.get(call.action, API)
            (kind,) = self._chance.choices(list(kinds), [weight for weight, _ in kinds.values()])
            self.injected[f"{'CMQ: ' if call.service == CMQ else ''}{kind}"] += 1
            return kind, kinds[kind][1]
