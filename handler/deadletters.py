"""The dead letter: the record of what could not be done, on the queue and as one line in the log."""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

from handler.cloud.many import chunks, together
from handler.errors import QueueError, QueueUnreachable, failure_of
from handler.log import logger
from handler.model import MAX_LETTER_ATTEMPTS, Command
from handler.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from handler.cloud.queue import Queue
    from handler.model import Failure, History, Interface

MAX_EVENT_BYTES = 49_152
"""The bound of a dead letter's event, in bytes: a queue may take no more than 65,536 a message (doc
1110/44169; CreateCmqQueue's schema says 1,048,576), and the rest of the letter needs some room too."""
MAX_WORDS = 2_000
"""The bound of what an error says, in characters."""

INTERFACES_PER_LETTER = 100
"""How many interfaces that failed alike one letter holds at the most."""
SENDERS = 8
"""How many calls send letters at a time."""
MAX_PENDING = 128
"""How many letters are logged and not sent yet, at the most: all that a crash could keep from the queue."""
MANY = 32
"""From so many letters on, they are sent in batches: a whole batch of events may fail just before the time is up."""
BATCH = 10
"""How many letters go in one call then. The longest ones, of 50 KB, stay together well below the 1 MB of a message; how
that limit counts for a batch is not documented."""


class DeadLetters:
    """Writes dead letters, and remembers what the queue did not take.

    A letter is logged at once and sent with the next few, several at a time: a batch may hold thousands of bad events.
    Once the queue is found to be down nothing more is sent: the invocation will fail, and the platform keeps its event.

    Attributes:
        unsent: how many letters the queue did not take.
        written: the ids of all letters so far. A redrive that meets one on the queue does not run it again.
        regions: the region and code of each letter of a region as a whole that is known to be on the queue.
    """

    def __init__(self, queue: Queue, origin: Mapping[str, str]) -> None:
        """Take the queue, and which invocation the letters come from: their `function`."""
        self._queue = queue
        self._origin = origin
        self._pending: list[str] = []
        self._lock = threading.Lock()
        self._refusal = ""
        self.unsent = 0
        self.written: set[str] = set()
        self.regions: set[tuple[str, str]] = set()

    def add_interface(self, interface: Interface, failure: Failure) -> None:
        """Put an interface that could not be covered on the queue."""
        self._add(self._letter("interface", failure, interface.history) | {"interface": _named(interface)})

    def add_interfaces(self, failed: Sequence[tuple[Interface, Failure]]) -> None:
        """Put interfaces of one region that failed with one code on the queue: as one letter for each hundred.

        A single one, or one of which only the instance is known, has a letter of its own.
        """
        named = [each for each in failed if each[0].interface_id]
        for some in chunks(named, INTERFACES_PER_LETTER):
            if len(some) == 1:
                self.add_interface(*some[0])
            else:
                ensure = {"command": "ensure", "interfaces": [_named(interface) for interface, _ in some]}
                self.add_command(Command("ensure", ensure, some[0][0].history), some[-1][1])
        for interface, failure in failed:
            if not interface.interface_id:
                self.add_interface(interface, failure)

    def add_event(self, event: Any, failure: Failure, history: History | None = None) -> None:
        """Put a payload that no schema accepts on the queue, redacted and bounded."""
        self._add(self._letter("event", failure, history) | {"event": bounded(event)})

    def add_command(self, command: Command, failure: Failure) -> None:
        """Put a command that could not be finished on the queue, as it is: its schema lets no foreign text into it."""
        if command.region:
            self.regions.add((command.region, failure.code))
        self._add(self._letter("command", failure, command.history) | {"event": dict(command.arguments)})

    def flush(self) -> None:
        """Send what has not been sent yet: one by one, or in batches, several at a time, where there are many."""
        pending, self._pending = self._pending, []
        together(self._send, list(chunks(pending, BATCH if len(pending) >= MANY else 1)), SENDERS)

    def raise_if_unsent(self) -> None:
        """Send the rest, and say if letters are missing on the queue, so that the platform keeps the event.

        Raises:
            QueueUnreachable: with the queue's answer, and what to do.
        """
        self.flush()
        if self.unsent:
            letters = "dead letter" if self.unsent == 1 else "dead letters"
            raise QueueUnreachable(
                f"{self.unsent} {letters} could not be put on the queue {self._queue.name} "
                f"({self._refusal}): the platform keeps the event and tries again; "
                "check the queue, FLOWLOG_DLQ_ENDPOINT and the role; the letters are in this function's log"
            )

    def _send(self, bodies: Sequence[str]) -> None:
        """Send some letters in one call; where that fails, each by itself."""
        if self._refusal:
            self._keep(len(bodies), self._refusal)
            return
        try:
            if len(bodies) > 1:
                self._queue.send_many(bodies)
            else:
                self._queue.send(bodies[0])
        except Exception as error:  # noqa: BLE001 - whatever it is, these letters are not on the queue
            if len(bodies) == 1:
                self._keep(1, str(error) if isinstance(error, QueueError) else failure_of(error).message)
                return
            for body in bodies:
                self._send([body])

    def _keep(self, letters: int, refusal: str) -> None:
        """Count what the queue did not take. Why, is told by the first refusal; the letters are in the log."""
        with self._lock:
            self.unsent += letters
            self._refusal = self._refusal or refusal

    def _letter(self, kind: str, failure: Failure, history: History | None) -> dict[str, Any]:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        attempts = history.attempts + 1 if history else 1
        return {
            "schema_version": 1,
            # One record may become several: those of an instance's interfaces.
            "id": history.letter_id if history and history.letter_id not in self.written else str(uuid.uuid4()),
            "kind": kind,
            "error": {
                "class": failure.kind,
                "code": failure.code,
                "message": failure.message[:MAX_WORDS],
                "request_id": failure.request_id,
                "retryable": failure.retryable,
            },
            "attempts": attempts,
            "exhausted": attempts >= MAX_LETTER_ATTEMPTS,
            "first_failed_at": history.first_failed_at if history else now,
            "last_failed_at": now,
            "function": dict(self._origin),
        }

    def _add(self, letter: dict[str, Any]) -> None:
        # In the log first: the queue may be down, and forgets after 12 hours at the most.
        logger.error("dead letter", extra={"dead_letter": letter})
        self.written.add(letter["id"])
        if letter["attempts"] > MAX_LETTER_ATTEMPTS:
            return  # a trigger has brought what is exhausted: put back, it would come again for ever
        self._pending.append(json.dumps(letter))
        if len(self._pending) >= MAX_PENDING:
            self.flush()


def _named(interface: Interface) -> dict[str, str]:
    known = {
        "region": interface.region,
        "interface_id": interface.interface_id,
        "vpc_id": interface.vpc_id,
        "instance_id": "" if interface.interface_id else interface.instance_id,
    }
    if not (interface.interface_id or interface.instance_id):
        known |= {"subnet_id": interface.subnet_id, "since": interface.since}
    return {name: value for name, value in known.items() if value}


def bounded(event: Any) -> Any:
    """An event without its secrets, cut where it is longer than a queue's message may be.

    Returns:
        The event, or `cut`, the beginning of its JSON text, with `bytes`, how long that is in all.
    """
    clean = redact(event)
    if len(json.dumps(clean)) <= MAX_EVENT_BYTES:
        return clean
    cut = text = json.dumps(clean, ensure_ascii=False)
    while (size := len(json.dumps(cut))) > MAX_EVENT_BYTES:  # as it will stand in the letter, which is ASCII
        cut = cut[: len(cut) * MAX_EVENT_BYTES // (size + 1)]
    return {"cut": cut, "bytes": len(text.encode("utf-8", "surrogatepass"))}
