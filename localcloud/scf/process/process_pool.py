"""SCF's runtime for one version of one function: its instances, how many there may be, and what comes of a run.

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

from localcloud.scf.process.code_folder import PackageError, unpack
from localcloud.scf.process.configuration import Credentials, FunctionConfig, context
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
    """What runs one function version. Safe to use from many threads; close it when done."""

    def __init__(
        self,
        config: FunctionConfig,
        code: bytes,
        python: Path,
        credentials: Callable[[], Credentials | None] = lambda: None,
    ) -> None:
        """Unpack the code; no instance is started yet.

        Args:
            config: The function version.
            code: The zip.
            python: The Python to run it in.
            credentials: Asked at each invocation for the execution role's temporary keys: id, key, token; None if the
                function has no role.

        Raises:
            PackageError: the code cannot be unpacked.
        """
        self.config = config
        self._python = python
        self._credentials = credentials
        self._folder = TemporaryDirectory(prefix="scf-")
        self._changed = threading.Condition()
        self._idle: list[FunctionProcess] = []
        self._all: set[FunctionProcess] = set()
        self._closed = False
        try:
            unpack(code, Path(self._folder.name, "code"))
        except PackageError:
            self._folder.cleanup()
            raise

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

    def kill_all(self) -> int:
        """Kill every instance at once, as a crash of the machine would. Runs under way end with status 439.

        Returns:
            How many were killed.
        """
        with self._changed:
            for instance in self._all:
                instance.kill()
            killed = len(self._all)
            self._forget_idle()
        return killed

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
                raise PoolRetired(f"the pool of function {self.config.function_name} takes no more events")
            while self._idle:
                instance = self._idle.pop()  # the one used last: the others may go cold
                if instance.is_usable():
                    return instance, False
                self._forget(instance)
            if len(self._all) >= self.config.max_instances:
                raise self._throttle()
            instance = FunctionProcess(self._python, self.config, Path(self._folder.name), keys)
            self._all.add(instance)
        return instance, True

    def _throttle(self) -> InvocationError:
        quota = self.config.max_instances * self.config.memory_mb
        message = f"Function [ {self.config.function_name} ] concurrency exceeded reserved quota {quota} MB"
        return InvocationError(THROTTLED, message, code=1)

    def _run(
        self, instance: FunctionProcess, event_json: str, request_id: str, keys: Credentials | None, *, cold: bool
    ) -> InvokeResult:
        result_json, error = None, None
        try:
            if cold:
                instance.load(self.config)
            request = {"event": event_json, "context": context(self.config, request_id), "credentials": keys}
            result_json = instance.run(request, self.config)
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
