"""Call limits, per action, region and sub-account, counted at arrival (docs 1278/109059 and each action's page)."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_PER_SECOND = 20
"""What most actions' pages say."""

PER_SECOND = {
    "CreateFlowLog": 20,  # doc 215/35015
    "DescribeFlowLogs": 20,  # doc 215/36908
    "DescribeNetworkInterfaces": 100,  # doc 215/15817
    "DescribeVpcs": 100,  # doc 215/15778
    "DescribeSubnets": 100,  # doc 215/15784
    "DescribeInstances": 40,  # doc 213/15728
    "RunInstances": 10,  # doc 213/15730
    "TerminateInstances": 10,  # doc 213/15723
    "GetFunctionLogs": 5,  # doc 583/18583
    "GetCallerIdentity": 200,  # inferred
    "AssumeRole": 600,  # inferred
}


class Limits:
    """Counters of calls.

    Inferred, since the documents say only "per second": a window is one whole second of a monotonic clock, every call
    that arrives in it counts, also the refused ones, and what is over the limit is refused.
    """

    def __init__(self, *, enforced: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self.enforced = enforced
        self._clock = clock
        self._lock = threading.Lock()
        self._limits = dict(PER_SECOND)
        self._windows: dict[tuple[str, str, str], tuple[int, int]] = {}
        self._others: dict[tuple[str, str], int] = {}

    def set(self, action: str, per_second: int) -> None:
        """Give an action another limit."""
        self._limits[action] = per_second

    def others_use(self, action: str, region: str, per_second: int) -> None:
        """Let somebody else of the same account use up this many calls a second (0: nobody any more)."""
        self._others[action, region] = per_second

    def arrive(self, action: str, region: str, caller: str) -> None:
        """Count one call.

        Raises:
            ApiError: RequestLimitExceeded, when it is one too many.
        """
        if not self.enforced:
            return
        limit = self._limits.get(action, DEFAULT_PER_SECOND)
        count = self._count(action, region, caller) + self._others.get((action, region), 0)
        if count > limit:
            raise request_limit_exceeded(count, limit)

    def _count(self, action: str, region: str, caller: str) -> int:
        window = int(self._clock())
        key = (action, region, caller)
        with self._lock:
            last, count = self._windows.get(key, (window, 0))
            count = count + 1 if last == window else 1
            self._windows[key] = (window, count)
        return count


def request_limit_exceeded(count: int, limit: int) -> ApiError:
    """Return the refusal of a call that is over the limit."""
    return ApiError(
        "RequestLimitExceeded",
        f"Your current request times equals to `{count}` in a second, "
        f"which exceeds the frequency limit `{limit}` for a second. Please reduce the frequency of calls.",
    )
