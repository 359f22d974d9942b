"""The cloud's clock. Tests move it instead of sleeping."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


class Clock:
    """Real time plus what tests have added to it.

    It times the platform's own waits: pending interfaces, boot, credentials' expiry, queues. Signatures are checked
    against real time instead, since clients sign with it.
    """

    def __init__(self) -> None:
        self._offset = 0.0
        lock = threading.RLock()
        self.changed = threading.Condition(lock)
        self.jobs = threading.Condition(lock)

    def now(self) -> float:
        """Return the cloud's time in epoch seconds."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once, and wake whoever waits for them."""
        with self.changed:
            self._offset += seconds
            self.changed.notify_all()
            self.jobs.notify_all()


def beijing_time(seconds: float) -> str:
    """Return the form of VPC's CreatedTime, "YYYY-MM-DD hh:mm:ss" (Beijing time: inferred)."""
    return datetime.fromtimestamp(seconds, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def beijing_iso(seconds: float) -> str:
    """Return the form of EventBridge's and Cloud Monitor's times, "YYYY-MM-DDThh:mm:ss+08:00"."""
    return datetime.fromtimestamp(int(seconds), BEIJING).isoformat()


def iso_time(seconds: float) -> str:
    """Return the form of CVM's and STS's times, "YYYY-MM-DDThh:mm:ssZ" in UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
