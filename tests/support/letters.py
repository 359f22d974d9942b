"""Dead letters on the local cloud's queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support import records
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import QUEUE

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from localcloud.core.faults import Fault, Incoming, Proceed, Reply


def put(cloud: LocalCloud, *bodies: Any) -> None:
    """Put messages on the queue."""
    cloud.seed_messages(QUEUE, *(body if isinstance(body, str) else json.dumps(body) for body in bodies))


def letter_of(cloud: LocalCloud, interface_id: str, number: int = 0, **changes: Any) -> dict[str, Any]:
    """Our own letter of an interface of the home region."""
    interface = {"region": HOME, "interface_id": interface_id, "vpc_id": cloud.vpc_id}
    ident = f"9c4b1c5e-7a0e-4b53-9a31-{number:012d}"
    return records.own_letter(interface=interface, id=ident, **changes)


def longer_than_hidden(cloud: LocalCloud) -> Fault:
    """A fault: the call takes longer than the queue hides what it has given."""

    def fault(_call: Incoming, proceed: Proceed) -> Reply:
        cloud.clock.advance(31)
        return proceed()

    return fault


def stopped() -> dict[str, Any]:
    return {"class": "stopped", "code": "NoProgress", "message": "m", "request_id": "", "retryable": True}
