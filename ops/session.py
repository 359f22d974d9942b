"""One run of an operator's command: the function's own invocation, on this machine, that Ctrl-C ends cleanly."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handler.budget import Budget
from handler.errors import QueueUnreachable
from handler.invocation import Invocation
from handler.log import logger
from handler.model import Outcome, Report
from ops import config
from ops.console import counted
from ops.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from handler.model import Result
    from ops.config import Config

LIMIT_S = 24 * 3600.0
"""An operator's machine has no time limit; something has to end a command that nobody watches."""
_NO_TOPIC = "00000000-0000-0000-0000-000000000000"
_FAR = 1e9


class Stop:
    """Says when work has to end, to a time budget that all retries, waits and calls keep to."""

    def __init__(self) -> None:
        """Nothing has asked for it yet."""
        self._asked = threading.Event()

    @property
    def asked(self) -> bool:
        """Whether work has to end."""
        return self._asked.is_set()

    def budget(self) -> Budget:
        """A budget that is used up at once when the stop is asked for."""
        return Budget(LIMIT_S, monotonic=self._monotonic, sleep=self._sleep)

    @contextmanager
    def on_interrupt(self, tell: Callable[[str], None]) -> Iterator[None]:
        """Let the first Ctrl-C end the work after the calls in flight, and the second at once."""

        def interrupted(_signal: int, _frame: FrameType | None) -> None:
            if self.asked:
                raise KeyboardInterrupt
            self._asked.set()
            tell("Stopping after the calls in flight; Ctrl-C again stops at once.")

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, interrupted)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _monotonic(self) -> float:
        return time.monotonic() + (_FAR if self.asked else 0.0)

    def _sleep(self, seconds: float) -> None:
        self._asked.wait(seconds)


@dataclass
class WatchedReport(Report):
    """A report that tells each result as it comes, for a progress bar."""

    watch: Callable[[Result], None] = field(default=lambda _: None, repr=False)

    def add(self, result: Result) -> None:
        """Count and list a result, and tell it."""
        super().add(result)
        self.watch(result)


@dataclass(frozen=True)
class Session:
    """The invocation that a command works with, and what stops it."""

    config: Config
    invocation: Invocation
    stop: Stop

    @property
    def report(self) -> WatchedReport:
        """What has come of it so far."""
        report = self.invocation.report
        assert isinstance(report, WatchedReport)
        return report

    def raise_if_unsent(self) -> None:
        """Send the last dead letters; to be called when the report has been shown.

        Raises:
            OperatorError: some could not be put on the queue, with the first failure that is therefore kept nowhere.
        """
        invocation = self.invocation
        try:
            invocation.letters.raise_if_unsent()
        except QueueUnreachable:
            reasons = (each.reason for each in self.report.results if each.outcome is Outcome.DEAD_LETTERED)
            raise OperatorError(
                f"{counted(invocation.letters.unsent, 'dead letter')} could not be put on the queue "
                f"{invocation.queue.name} at {invocation.settings.dlq_endpoint}. Nothing is lost: the next "
                "`eni-flowlog backfill` finds what has no flow log. Check the queue, and the keys' permission to send. "
                f"The first failure: {next(reasons, 'unknown')}"
            ) from None


def start(*, profile: str = "", region: str = "", fallback: str = "", with_topic: bool = True) -> Session:
    """Begin a command with the operator's keys and settings.

    Args:
        profile: a profile of tccli, or nothing.
        region: the function's, where the command line names it.
        fallback: the function's region where nothing else tells it.
        with_topic: whether the command needs to know where flow logs go; the queue's commands do not.

    Raises:
        OperatorError: no keys or no region, or a file that cannot be read.
        SettingsError: names every bad variable.
    """
    found = config.read(Path("serverless.yml"), os.environ, profile=profile, region=region, fallback=fallback)
    variables = found.environment(found.settings)
    if not with_topic:
        variables = {"FLOWLOG_TOPIC_ID": _NO_TOPIC, **variables}
    stop = Stop()
    # Dead letters keep to a budget of their own: what failed before Ctrl-C is still put on the queue.
    invocation = Invocation.start(variables, {}, Budget(LIMIT_S)).within(stop.budget())
    return Session(found, replace(invocation, report=WatchedReport("")), stop)


class _StandardError:
    """The standard error of the moment: a progress bar puts itself in between while it is shown."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def quiet_log(*, verbose: bool) -> None:
    """Keep the function's log away from the standard output: on the standard error if verbose, else nowhere."""
    handler: Any = logger.registered_handler
    handler.setStream(_StandardError())
    logger.setLevel("INFO" if verbose else "CRITICAL")
