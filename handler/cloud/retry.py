"""The one retry: exponential backoff with full jitter, within the time that is left.

The SDK's own retryer is not used: after one throttle it resends calls that succeeded (platform.md section 4).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Value = TypeVar("Value")

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 4.0
MAX_ATTEMPTS = 8


def delays(attempts: int = MAX_ATTEMPTS) -> Iterator[float]:
    """Seconds to wait before each further attempt: full jitter, so that many clients do not come back at once."""
    for attempt in range(attempts - 1):
        yield random.uniform(0, min(LONGEST_DELAY_S, FIRST_DELAY_S * 2**attempt))  # noqa: S311 - jitter, not a secret


def retry(
    call: Callable[[], Value],
    is_transient: Callable[[Exception], bool],
    wait: Callable[[float], bool],
    attempts: int = MAX_ATTEMPTS,
) -> Value:
    """Call until it succeeds, fails for good, or time or attempts run out.

    Args:
        call: what to do.
        is_transient: whether an error is worth another attempt.
        wait: waits that many seconds, or returns False where no time is left.
        attempts: how many calls at the most.

    Raises:
        Exception: the last error of `call`.
    """
    for delay in delays(attempts):
        try:
            return call()
        except Exception as error:
            if not is_transient(error) or not wait(delay):
                raise
    return call()
