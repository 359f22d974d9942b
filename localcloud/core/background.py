"""What a cloud does after it has answered: deliveries, asynchronous invocations, retries, timers."""

from __future__ import annotations

import heapq
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.core.clock import Clock

_LOG = logging.getLogger("localcloud")
WORKERS = 128


class Background:
    """Jobs at their times, by the cloud's clock, each on a thread of a pool. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[tuple[float, int, Callable[[], None], bool]] = []  # a heap: due, number, job, counts
        self._numbers = count()
        self._done = threading.Condition()
        self._open = 0
        self._pool: ThreadPoolExecutor | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to run jobs."""
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="localcloud-job")
        self._thread = threading.Thread(target=self._watch, name="localcloud-clock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Drop the jobs that wait; those that run go on to their end."""
        with self._clock.jobs:
            pool, self._pool = self._pool, None
            self._entries.clear()
            self._clock.jobs.notify_all()
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        if self._thread is not None:
            self._thread.join()

    def soon(self, job: Callable[[], None]) -> None:
        """Run a job now, on another thread."""
        self.at(self._clock.now(), job)

    def at(self, due: float, job: Callable[[], None], *, counts: bool = True) -> None:
        """Run a job at a time of the cloud's clock (epoch seconds).

        Args:
            due: When.
            job: What.
            counts: Whether `wait_until_idle` waits for it.
        """
        if counts:
            self.begin()
        with self._clock.jobs:
            heapq.heappush(self._entries, (due, next(self._numbers), job, counts))
            self._clock.jobs.notify_all()

    def begin(self) -> None:
        """Note that something is under way until `end` is called."""
        with self._done:
            self._open += 1

    def end(self) -> None:
        """Note that something has ended."""
        with self._done:
            self._open -= 1
            self._done.notify_all()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until nothing is under way and nothing but timers waits; tell whether it came about in time."""
        with self._done:
            return self._done.wait_for(lambda: self._open == 0, timeout_s)

    def _watch(self) -> None:
        with self._clock.jobs:
            while self._pool is not None:
                now = self._clock.now()
                while self._entries and self._entries[0][0] <= now:
                    _, _, job, counts = heapq.heappop(self._entries)
                    self._pool.submit(self._run, job, counts=counts)
                self._clock.jobs.wait(self._entries[0][0] - now if self._entries else None)

    def _run(self, job: Callable[[], None], *, counts: bool) -> None:
        try:
            job()
        except Exception:  # noqa: BLE001  a job that fails must not take the others with it
            _LOG.exception("a background job failed")
        finally:
            if counts:
                self.end()
