"""What the tests of faults share."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localcloud.core.faults import (
    Reply,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.core.faults import Fault, Incoming, Proceed


def answer(body: Any, content_type: str = "application/json") -> Fault:
    """A fault that answers with this and does nothing."""
    return lambda _call, _proceed: Reply(json.dumps(body).encode(), content_type=content_type)


def changed(change: Callable[[dict[str, Any]], object]) -> Fault:
    """A fault: the reply is another than it would have been; its `Response`, or all of the queue's, is changed."""

    def fault(_call: Incoming, proceed: Proceed) -> Reply:
        reply = proceed()
        body = json.loads(reply.body)
        change(body.get("Response", body))
        return replace(reply, body=json.dumps(body).encode())

    return fault


def timed(run: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], float]:
    started = time.monotonic()
    return run(), time.monotonic() - started
