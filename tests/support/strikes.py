"""What the tests of faults share."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from localcloud.core.faults import (
    Reply,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.core.faults import Fault


def answer(body: Any, content_type: str = "application/json") -> Fault:
    """A fault that answers with this and does nothing."""
    return lambda _call, _proceed: Reply(json.dumps(body).encode(), content_type=content_type)


def timed(run: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], float]:
    started = time.monotonic()
    return run(), time.monotonic() - started
