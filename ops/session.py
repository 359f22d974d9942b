"""One run of an operator's command: the function's own invocation, on this machine, that Ctrl-C ends cleanly."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from handler import settings as environment_settings
from handler.budget import Budget
from handler.commands import survey
from handler.commands.shortfall import Shortfall
from handler.errors import CloudError, QueueUnreachable
from handler.invocation import Invocation
from handler.log import logger
from handler.model import Outcome, Report
from ops import deployed
from ops.config import read
from ops.console import counted, progress, say, show_report, working
from ops.deployed import Source
from ops.deployment.cloud import Cloud
from ops.errors import Exit, OperatorError, explained
from ops.remembered import RememberingQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

    from handler.commands.creates import Settle
    from handler.commands.inventory import Found
    from handler.commands.survey import Survey
    from handler.cover.cure import Wish
    from handler.model import Result
    from handler.settings import Settings
    from ops.config import Config

LIMIT_S = 24 * 3600.0
"""An operator's machine has no time limit; something has to end a command that nobody watches."""
_FAR = 1e9

SettingsOf = Literal["function", "local"]
"""Whose settings a command works with."""


class Stop:
    """Says when work has to end, to a time budget that all retries, waits and calls keep to."""

    def __init__(self) -> None:
        """Begin with nobody having asked for an end."""
        self._asked = threading.Event()

    @property
    def asked(self) -> bool:
        """Whether work has to end."""
        return self._asked.is_set()

    def budget(self) -> Budget:
        """A budget that is used up at once when the stop is asked for."""
        return Budget(LIMIT_S, monotonic=self._monotonic, sleep=self._sleep)

    @contextmanager
    def on_interrupt(self) -> Iterator[None]:
        """Let the first Ctrl-C end the work after the calls in flight, and the second at once."""

        def interrupted(_signal: int, _frame: FrameType | None) -> None:
            if self.asked:
                raise KeyboardInterrupt
            self._asked.set()
            say("Stopping after the calls in flight; Ctrl-C again stops at once.")

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
    """What a command works with: the account, the settings, the queue, and what stops it.

    Attributes:
        config: what this machine says.
        cloud: the account, at the function's region.
        source: where the settings come from.
        stop: ends the work.
    """

    config: Config
    cloud: Cloud
    source: Source
    stop: Stop = field(default_factory=Stop)

    @cached_property
    def environment(self) -> dict[str, str]:
        """An environment as the function has it."""
        return self.config.environment(self.source.settings)

    @cached_property
    def settings(self) -> Settings:
        """The settings, of which the topic may be missing.

        Raises:
            SettingsError: names every bad variable.
        """
        return environment_settings.load(self.environment, topic_needed=False)

    @cached_property
    def account_id(self) -> str:
        """The account's id; empty where the keys may not ask for it."""
        try:
            return self.cloud.uin
        except CloudError:
            return ""

    @cached_property
    def queue(self) -> RememberingQueue:
        """The dead-letter queue, which goes on to be usable after Ctrl-C: what was received is still put in order."""
        settings = self.settings
        return RememberingQueue(settings.dlq_endpoint, settings.dlq_queue, lambda: self.config.keys, Budget(LIMIT_S))

    @cached_property
    def report(self) -> WatchedReport:
        """What has come of the invocation so far."""
        return WatchedReport("")

    @cached_property
    def invocation(self) -> Invocation:
        """The function's own invocation, on this machine; its dead letters are still sent after Ctrl-C.

        Raises:
            SettingsError: names every bad variable.
        """
        started = Invocation.start(self.environment, {}, Budget(LIMIT_S)).within(self.stop.budget())
        return replace(started, report=self.report, queue=self.queue)

    def survey(
        self,
        arguments: Mapping[str, Any],
        tell: Callable[[Found], None] | None = None,
        *,
        for_status: bool = False,
        wish: Wish | None = None,
    ) -> Survey:
        """List the regions, and say which could not be listed and what to do.

        Args:
            arguments: those of the function's command; what is empty was not given.
            tell: gets each interface as it is found.
            for_status: also tell what can have no flow log, and look what FLOWLOG_REGIONS leaves out.
            wish: what may be repaired, where that is to be found.

        Raises:
            OperatorError: no region could be listed.
            KeyboardInterrupt: the listing was interrupted, and is worth nothing.
        """
        with self.looking("Listing interfaces and flow logs"):
            given = {name: value for name, value in arguments.items() if value}
            whole = survey.take(self.invocation, given, tell, for_status=for_status, wish=wish)
        faults = [f"{region} could not be listed: {explained(each)}" for region, each in whole.failures.items()]
        if faults and not whole.inventories:
            raise OperatorError("\n".join(faults))
        for fault in (*faults, whole.regions.problem):
            if fault:
                say(fault, "red")
        return whole

    @contextmanager
    def looking(self, what: str) -> Iterator[None]:
        """Show that something is looked at, which Ctrl-C ends.

        Raises:
            KeyboardInterrupt: it was interrupted, and is worth nothing.
        """
        with self.stop.on_interrupt(), working(what):
            yield
        if self.stop.asked:
            raise KeyboardInterrupt

    @contextmanager
    def progress(self, what: str, total: int | None) -> Iterator[None]:
        """Show how far the invocation's work is, which Ctrl-C ends after the calls in flight; send what has failed."""
        with self.stop.on_interrupt(), progress(what, total) as step:
            self.report.watch = lambda result: step(result.outcome is Outcome.DEAD_LETTERED)
            yield
        self.invocation.letters.flush()

    @contextmanager
    def settling(self, what: str, total: int) -> Iterator[Settle]:
        """Show how far the work on some interfaces is; what fails of them is kept in few letters.

        Yields:
            What takes each interface with its result.
        """
        shortfall = Shortfall(self.invocation, sweeping=False)
        with self.progress(what, total):
            yield shortfall.settle
            shortfall.close()

    def say_ends(self, stopped: Sequence[str], left: Mapping[str, int]) -> None:
        """Say in the report how the work on the regions has ended before its end.

        Args:
            stopped: what has stopped it, a sentence each.
            left: how much was left otherwise, by region: it was interrupted, or had no more time.
        """
        where = " and ".join(f"{number:,} in {region}" for region, number in left.items() if number)
        why = "Interrupted" if self.stop.asked else "The time ran out"
        rest = [f"{why}: {where} are left. Run the same command again to go on."] if where else []
        self.report.stopped = " ".join([*stopped, *rest])

    def show_report(self, listed: Sequence[str], *, as_json: bool) -> dict[str, Any]:
        """Show what has come of the invocation, and send the last dead letters.

        Args:
            listed: the outcomes whose items a person sees one by one.
            as_json: for programs.

        Returns:
            The report.

        Raises:
            OperatorError: what failed could not be put on the queue.
        """
        report = self.report.as_dict()
        show_report(report, listed=listed, as_json=as_json)
        self._raise_if_unsent()
        return report

    def ending(self, whole: Survey, *, undone: bool) -> Exit:
        """How a command ends whose report has been shown.

        Args:
            whole: what was listed.
            undone: whether something is left that was asked for.
        """
        if self.stop.asked:
            return Exit.INTERRUPTED
        if self.report.stopped or not whole.complete:
            return Exit.FAILED
        return Exit.UNCOVERED if undone else Exit.OK

    def _raise_if_unsent(self) -> None:
        """Send the last dead letters; of what could not be sent the first failure is said, for it is kept nowhere."""
        letters = self.invocation.letters
        try:
            letters.raise_if_unsent()
        except QueueUnreachable:
            reasons = (each.reason for each in self.report.results if each.outcome is Outcome.DEAD_LETTERED)
            raise OperatorError(
                f"{counted(letters.unsent, 'dead letter')} could not be put on the queue {self.queue.name} at "
                f"{self.settings.dlq_endpoint}. Nothing is lost: the next `eni-flowlog backfill` finds what has no "
                "flow log. Check the queue, and the keys' permission to send. "
                f"The first failure: {next(reasons, 'unknown')}"
            ) from None


def start(
    *,
    profile: str = "",
    function_region: str = "",
    settings_of: SettingsOf = "function",
    regions: Sequence[str] | None = None,
) -> Session:
    """Begin a command with the operator's keys and the function's settings, and say where those come from.

    Args:
        profile: a profile of tccli, or nothing.
        function_region: the function's, where the command line names it.
        settings_of: whose settings are asked for.
        regions: those whose interfaces are meant; the first counts as the function's where nothing else tells it.

    Raises:
        OperatorError: no keys or no region, or a file that cannot be read.
        CloudError: the cloud could not be asked for the function.
    """
    fallback = regions[0] if regions else ""
    config, cloud = connect(profile=profile, function_region=function_region, fallback=fallback)
    if settings_of == "local":
        source = Source(config.settings, config.region, f"Settings: {deployed.HERE}, as --settings local asks for.")
    else:
        source = deployed.source(config, cloud)
    say(source.said, "dim" if source.certain else "yellow")
    for difference in source.differences:
        say(f"{difference} `eni-flowlog deploy` would set it; --settings local goes by what is here.", "yellow")
    config = replace(config, region=source.region)
    return Session(config, account(config), source)


def connect(*, profile: str = "", function_region: str = "", fallback: str = "") -> tuple[Config, Cloud]:
    """What this machine says, and the account; for commands that need no settings."""
    config = read(Path("serverless.yml"), os.environ, profile=profile, region=function_region, fallback=fallback)
    return config, account(config)


def account(config: Config) -> Cloud:
    """The operator's account, at the function's region."""
    return Cloud(lambda: config.keys, config.region, config.settings.get("FLOWLOG_API_ENDPOINT", ""))


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
