"""The one retry: exponential backoff with full jitter, within the time that is left.

The SDK's own retryer is not used: after one throttle it resends calls that succeeded (platform.md section 4).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 4.0
MAX_ATTEMPTS = 8


def delays(attempts: int = MAX_ATTEMPTS) -> Iterator[float]:
    """Seconds to wait before each further attempt: full jitter, so that many clients do not come back at once."""
    jitter = random.SystemRandom()
    for attempt in range(attempts - 1):
        yield jitter.uniform(0, min(LONGEST_DELAY_S, FIRST_DELAY_S * 2**attempt))


class Patience:
    """How often and how long one thing is tried again: whoever calls, looks or waits again asks it first.

        patience = Patience(budget.wait)
        while True:
            try:
                return call()
            except Transient:
                if not patience.again():
                    raise

    Attributes:
        out_of_time: the time, not the number of pauses, is why `again` said no: whoever has more time may go on.
    """

    def __init__(self, wait: Callable[[float], bool], pauses: Iterable[float] | None = None) -> None:
        """Take the way to wait and the pauses.

        Args:
            wait: waits that many seconds, or returns False at once where so much time is not left (`Budget.wait`).
            pauses: seconds before each further attempt; by default those of `delays`.
        """
        self._wait = wait
        self._pauses = iter(delays() if pauses is None else pauses)
        self.out_of_time = False

    def again(self) -> bool:
        """Wait for the next pause; False where there is no further pause or no time for it."""
        pause = next(self._pauses, None)
        if pause is None:
            return False
        self.out_of_time = not self._wait(pause)
        return not self.out_of_time
