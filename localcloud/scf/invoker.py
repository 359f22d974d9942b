"""How functions run: synchronously at once; asynchronously from a queue, with SCF's retries and dead letters.

Asynchronous invocation (doc 583/59100): an execution error is retried twice, one minute apart; a system error or
throttling each minute for up to six hours; then the dead-letter queue. Functions with "async execution" get neither.
Inferred: an event waits in the queue while all of its function's instances are busy, and is throttled only when
synchronous calls take them away (`waits_for_instances`).
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from localcloud.core.notify import notify
from localcloud.scf import deadletters
from localcloud.scf.model import Event, Functions
from localcloud.scf.pools import Pools
from localcloud.scf.process.code_folder import PackageError
from localcloud.scf.process.function_process import SYSTEM_ERROR, THROTTLED, InvocationError
from localcloud.scf.process.process_pool import InvokeResult
from localcloud.scf.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.core.account import Account
    from localcloud.core.background import Background
    from localcloud.scf.model import Function, Ref

RETRIES = 2
RETRY_AFTER_S = 60.0
PATIENCE_S = 6 * 3600.0
KEPT = 20_000
INVOKE_API, TIMER, EVENT_BUS = "INVOKE_API", "TRIGGER_TIMER", "TRIGGER_EB"
"""RequestSource of a dead letter: only the timer's is documented, the others are inferred from it."""


@dataclass(frozen=True, kw_only=True)
class Invocation(InvokeResult):
    """One run of a function, for those who watch.

    Attributes:
        function: Its name.
        namespace: Its namespace.
        region: Its region.
        source: What caused the run: RequestSource as a dead letter names it.
        attempt: Counts from 1.
        event: The event as JSON.
        started: Epoch seconds of the cloud's clock.
    """

    function: str
    namespace: str
    region: str
    source: str
    attempt: int
    event: str
    started: float

    @property
    def result(self) -> Any:
        """Return what the function returned, None if it failed."""
        return None if self.result_json is None else json.loads(self.result_json)


@dataclass(frozen=True)
class DeadLetter:
    """An event that was given up: `kept` tells whether it lies on a queue."""

    function: str
    request_id: str
    error: dict[str, Any]
    queue: str
    kept: bool


class Invoker:
    """What runs the account's functions. Thread-safe.

    Attributes:
        pools: Their processes.
        timers: What fires their triggers.
        waits_for_instances: Whether asynchronous events wait for an instance, or are throttled without one.
        watchers: Called with each invocation at its end, and with each event that was given up.
    """

    def __init__(self, account: Account, background: Background) -> None:
        self._account = account
        self._background = background
        self._lock = threading.Lock()
        self._waiting: dict[Ref, deque[Event]] = defaultdict(deque)
        self._running: dict[Ref, int] = defaultdict(int)
        self._invocations: deque[Invocation] = deque(maxlen=KEPT)
        self.pools = Pools(account)
        self.timers = Timers(account, background, partial(self.trigger, source=TIMER))
        self.waits_for_instances = True
        self.watchers: list[Callable[[Invocation | DeadLetter], None]] = []

    @property
    def invocations(self) -> list[Invocation]:
        """Return what has run, in order of its end."""
        with self._lock:
            return list(self._invocations)

    def forget(self, ref: Ref) -> None:
        """Drop what waits for a function that is gone, and its instances once they are idle."""
        with self._lock:
            dropped = self._waiting.pop(ref, deque())
        for _ in dropped:
            self._background.end()
        self.pools.retire(ref)

    def run(self, event: Event) -> Invocation:
        """Run a function with an event and wait for its end; nothing is retried."""
        function = self._function(event.ref)
        started = self._account.now()
        outcome = self._outcome(function, event)
        invocation = Invocation(
            **vars(outcome),
            function=event.ref.name,
            namespace=event.ref.namespace,
            region=event.ref.region,
            source=event.source,
            attempt=event.failures + 1,
            event=event.text,
            started=started,
        )
        with self._lock:
            self._invocations.append(invocation)
        notify(self.watchers, invocation)
        return invocation

    def trigger(self, ref: Ref, text: str, source: str) -> str:
        """Take a trigger's event and return the id of its invocation."""
        event = Event(ref, text, source, "RequestResponse", self._account.ids.uuid(), self._account.now())
        self.take(event)
        return event.request_id

    def take(self, event: Event) -> None:
        """Take an event to run its function with, asynchronously."""
        self._background.begin()
        self._enqueue(event)

    def _enqueue(self, event: Event) -> None:
        with self._lock:
            self._waiting[event.ref].append(event)
        self._pump(event.ref)

    def _pump(self, ref: Ref) -> None:
        with self._lock:
            waiting = self._waiting[ref]
            while waiting and (not self.waits_for_instances or self._running[ref] < self.pools.max_instances):
                self._running[ref] += 1
                self._background.soon(partial(self._run_taken, waiting.popleft()))

    def _run_taken(self, event: Event) -> None:
        error = _system_error(event, "the run ended without an outcome").error
        try:
            error = self.run(event).error if self._function(event.ref) else None
        finally:
            with self._lock:
                self._running[event.ref] -= 1
            self._pump(event.ref)
            self._settle(event, error)

    def _settle(self, event: Event, error: dict[str, Any] | None) -> None:
        """Retry a failed event later, or give it up."""
        function = self._function(event.ref)
        if error is None or function is None:
            self._background.end()
            return
        now, wait = self._account.now(), self._account.behaviour.wait
        if error["statusCode"] in (SYSTEM_ERROR, THROTTLED):
            again = now - event.taken < wait(PATIENCE_S)
        else:
            event.failures += 1
            again = event.failures <= RETRIES and function.settings["AsyncRunEnable"] != "TRUE"
        if again:
            self._background.at(now + wait(RETRY_AFTER_S), lambda: self._enqueue(event))
        else:
            self._give_up(function, event, error)

    def _give_up(self, function: Function, event: Event, error: dict[str, Any]) -> None:
        kept = function.settings["AsyncRunEnable"] != "TRUE" and deadletters.send(self._account, function, event, error)
        letter = DeadLetter(
            event.ref.name, event.request_id, error, function.settings["DeadLetterConfig"]["Name"], kept
        )
        notify(self.watchers, letter)
        self._background.end()

    def _outcome(self, function: Function | None, event: Event) -> InvokeResult:
        if function is None:
            return _system_error(event, "the function does not exist")
        try:
            return self.pools.invoke(function, event.text, event.request_id)
        except (PackageError, RuntimeError, OSError) as error:
            return _system_error(event, str(error))

    def _function(self, ref: Ref) -> Function | None:
        with self._account.lock:
            return self._account.region(ref.region).state(Functions).rows.get(ref)


def _system_error(event: Event, message: str) -> InvokeResult:
    return InvokeResult(event.request_id, error=InvocationError(SYSTEM_ERROR, message).told(event.request_id))
