"""SCF's runtime for a function as it is configured: its instances, how many there may be, and what comes of a run.

Each instance is a process that runs `bootstrap.py` in the function's own Python, with SCF's environment and no other
(doc 583/30228), on read-only code, one event at a time. An idle instance is used again; if all are busy another is
started, up to a limit. How a run may fail, and how SCF words it: see `function_process`.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from localcloud.core.account import Account
from localcloud.scf.model import Function
from localcloud.scf.process.code_folder import PackageError, unpack
from localcloud.scf.process.configuration import Credentials, context, environment
from localcloud.scf.process.function_process import THROTTLED, FunctionProcess, InvocationError

_CLOSE_S: Final = 5.0


@dataclass(frozen=True)
class InvokeResult:
    """What came of one invocation.

    Attributes:
        result_json: What the function returned, as JSON; None if it failed.
        error: Its errorCode, errorMessage, requestId, statusCode and, if it raised, stackTrace; None if all went well.
        duration_ms: How long it ran, without the initialisation.
        billed_ms: The duration in whole milliseconds, rounded up.
        init_ms: How long a new instance took to start and load the function; 0 on a warm one.
        memory_mb: The peak of its memory.
        log: What the function wrote to standard output and standard error.
        cold: Whether an instance was started for it.
        instance_id: Which one ran it; "" if none did.
    """

    request_id: str
    result_json: str | None = None
    error: dict[str, Any] | None = None
    duration_ms: float = 0.0
    billed_ms: int = 0
    init_ms: float = 0.0
    memory_mb: float = 0.0
    log: str = ""
    cold: bool = False
    instance_id: str = ""


class PoolRetired(RuntimeError):
    """The pool takes no more events: its function has changed or is gone."""


class ProcessPool:
    """What runs one function until that is changed. Safe to use from many threads; close it when done."""

    def __init__(
        self,
        function: Function,
        account: Account,
        python: Path,
        most: int,
        credentials: Callable[[], Credentials | None],
    ) -> None:
        """Unpack the code; no instance is started yet.

        Args:
            function: The function.
            account: Whose it is.
            python: The Python to run it in.
            most: How many instances may run at a time.
            credentials: Asked at each invocation for the execution role's temporary keys: id, key, token; None if the
                function has no role.

        Raises:
            PackageError: the code cannot be unpacked.
        """
        self.function = function
        self._account = account
        self._python = python
        self._most = most
        self._credentials = credentials
        self._folder = TemporaryDirectory(prefix="scf-")
        self._changed = threading.Condition()
        self._idle: list[FunctionProcess] = []
        self._all: set[FunctionProcess] = set()
        self._closed = False
        try:
            unpack(function.code, self._code)
        except PackageError:
            self._folder.cleanup()
            raise

    @property
    def _code(self) -> Path:
        return Path(self._folder.name, "code")

    @property
    def instance_count(self) -> int:
        """Return how many instances there are: idle, busy or starting."""
        return len(self._all)

    def invoke(self, event_json: str, request_id: str) -> InvokeResult:
        """Run the function once and wait for its end.

        Args:
            event_json: The event, which must be JSON.
            request_id: The invocation's id.

        Returns:
            The outcome, a failure being one as well.

        Raises:
            PoolRetired: it takes no more events.
        """
        try:
            keys = self._credentials()
            instance, cold = self._take(keys)
        except InvocationError as failure:
            return InvokeResult(request_id, error=failure.told(request_id))
        try:
            return self._run(instance, event_json, request_id, keys, cold=cold)
        finally:
            self._give_back(instance)

    def kill_all(self) -> None:
        """Kill every instance at once, as a crash of the machine would. Runs under way end with status 439."""
        with self._changed:
            for instance in self._all:
                instance.kill()
            self._forget_idle()

    def retire(self) -> None:
        """Take no more events. What runs goes on to its end; with the last instance the unpacked code goes."""
        with self._changed:
            self._closed = True
            self._forget_idle()
            self._remove_when_empty()

    def close(self) -> None:
        """Kill the instances and remove the unpacked code. Closing twice is fine."""
        self.retire()
        self.kill_all()
        with self._changed:
            self._changed.wait_for(lambda: not self._all, _CLOSE_S)
        self._folder.cleanup()

    def _take(self, keys: Credentials | None) -> tuple[FunctionProcess, bool]:
        with self._changed:
            if self._closed:
                raise PoolRetired(f"the pool of function {self.function.ref.name} takes no more events")
            while self._idle:
                instance = self._idle.pop()  # the one used last: the others may go cold
                if instance.is_usable():
                    return instance, False
                self._forget(instance)
            if len(self._all) >= self._most:
                raise self._throttle()
            variables = environment(self.function, self._account, self._code, keys)
            instance = FunctionProcess(self._python, self.function.settings, self._code, variables)
            self._all.add(instance)
        return instance, True

    def _throttle(self) -> InvocationError:
        quota = self._most * self.function.settings["MemorySize"]
        message = f"Function [ {self.function.ref.name} ] concurrency exceeded reserved quota {quota} MB"
        return InvocationError(THROTTLED, message, code=1)

    def _run(
        self, instance: FunctionProcess, event_json: str, request_id: str, keys: Credentials | None, *, cold: bool
    ) -> InvokeResult:
        result_json, error = None, None
        try:
            if cold:
                instance.load()
            told = context(self.function, self._account, request_id)
            result_json = instance.run({"event": event_json, "context": told, "credentials": keys})
        except InvocationError as failure:
            error = failure.told(request_id)
        return InvokeResult(
            request_id=request_id,
            result_json=result_json,
            error=error,
            duration_ms=instance.run_ms,
            billed_ms=math.ceil(instance.run_ms),
            init_ms=instance.init_ms if cold else 0.0,
            memory_mb=instance.peak_mb,
            log=instance.take_log(),
            cold=cold,
            instance_id=instance.id,
        )

    def _give_back(self, instance: FunctionProcess) -> None:
        with self._changed:
            if instance.is_usable() and not self._closed:
                self._idle.append(instance)
            else:
                self._forget(instance)
                self._remove_when_empty()
            self._changed.notify_all()

    def _forget(self, instance: FunctionProcess) -> None:
        instance.dispose()
        self._all.remove(instance)

    def _forget_idle(self) -> None:
        while self._idle:
            self._forget(self._idle.pop())

    def _remove_when_empty(self) -> None:
        if self._closed and not self._all:
            self._folder.cleanup()
