"""What this machine has received from a dead-letter queue and nobody else can receive yet.

A queue hides a message from all its readers, the next command included, for as long as whoever received it may delete
it. So commands hand each other what they have received: `dlq list` to `dlq redrive`, for example.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from handler import jsontext
from handler.cloud.queue import BATCH, Message, Queue
from handler.intake import events
from handler.model import Invalid
from handler.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from handler.budget import Budget
    from handler.model import Item
    from handler.settings import Credentials

_MARGIN_S = 1.0
"""A handle that is this close to its end is not used any more: the deletion has to arrive in time."""
_MAX_BYTES = 64 * 1024 * 1024


class Memory:
    """The messages that are held now, in a file that only its owner can read, without secrets."""

    def __init__(self, file: Path) -> None:
        """Read the file; one that is not there, or broken, holds nothing."""
        self._file = file
        self._messages = {message.message_id: message for message in _read(file)}
        self._untaken = self.messages

    @property
    def messages(self) -> list[Message]:
        """Those whose handles are good."""
        limit = time.time() + _MARGIN_S
        return [message for message in self._messages.values() if message.visible_at > limit]

    def take(self, number: int) -> list[Message]:
        """The next of those that were held at first, each once."""
        taken, self._untaken = self._untaken[:number], self._untaken[number:]
        return taken

    def keep(self, messages: Sequence[Message]) -> None:
        """Hold some messages that have just been received."""
        self._messages |= {message.message_id: message for message in messages if message.visible_at}
        self._write()

    def forget(self, handles: Sequence[str]) -> None:
        """Hold some messages no longer."""
        self._messages = {ident: each for ident, each in self._messages.items() if each.handle not in handles}
        self._write()

    def _write(self) -> None:
        with suppress(OSError):  # without a place to write, the next command waits until the queue shows them again
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with NamedTemporaryFile("w", encoding="utf-8", dir=self._file.parent, delete=False) as draft:
                json.dump([asdict(each) for each in _clean(self.messages)], draft)
            Path(draft.name).replace(self._file)


class RememberingQueue(Queue):
    """A queue that gives first what this machine holds of it, each message once, and then what it receives."""

    def __init__(
        self,
        endpoint: str,
        name: str,
        credentials: Callable[[], Credentials],
        budget: Budget,
        memory: Memory | None = None,
    ) -> None:
        """Take what `Queue` takes; the memory is by default that of this address, name and account."""
        super().__init__(endpoint, name, credentials, budget)
        self._memory = memory or Memory(_file(f"{endpoint} {name} {credentials().secret_id}"))

    def within(self, budget: Budget) -> RememberingQueue:
        """The same queue, with another time for its calls."""
        return RememberingQueue(self._endpoint, self.name, self._credentials, budget, self._memory)

    @property
    def held(self) -> list[Message]:
        """What this machine can delete now and nobody else can receive."""
        return self._memory.messages

    def receive(self, number: int = BATCH) -> list[Message]:
        """Receive up to 16 messages, none if there is nothing to receive.

        Raises:
            QueueError: the queue refused it, or did not answer in time.
        """
        known = self._memory.take(number)
        if known:
            return known
        received = super().receive(number)
        self._memory.keep(received)
        return received

    def delete(self, handles: Sequence[str]) -> None:
        """Delete received messages, none to 16.

        Raises:
            QueueError: the queue refused it, or did not answer in time.
        """
        super().delete(handles)
        self._memory.forget(handles)


def _read(file: Path) -> list[Message]:
    try:
        with file.open("rb") as opened:
            entries = jsontext.parse(opened.read(_MAX_BYTES))
        return [
            Message(str(each["body"]), str(each["handle"]), str(each["message_id"]), float(each["visible_at"]))
            for each in entries
        ]
    except (OSError, KeyError, TypeError, ValueError):  # whatever it holds, it can be received again later
        return []


def _clean(messages: Sequence[Message]) -> Iterator[Message]:
    """Messages as they can lie on a disk; of a payload that is packed, redaction may leave nothing to run."""
    for each in messages:
        body = _without_secrets(each.body)
        if _meaning(body) == _meaning(each.body):
            yield replace(each, body=body)


def _without_secrets(body: str) -> str:
    """A message without secrets: SCF's native one holds the event as it came, session tokens included."""
    try:
        return json.dumps(redact(jsontext.parse(body)))
    except jsontext.NotJson:
        return str(redact(body))


def _meaning(body: str) -> list[Item | str]:
    """What a redrive makes of a message; of what it cannot read, why not."""
    return [item.problem if isinstance(item, Invalid) else item for item in events.read_text(body)]


def _file(queue: str) -> Path:
    """Where a queue's memory is: with what programs can do without (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    folder = (Path(base) if base else Path.home() / ".cache") / "eni-flowlog"
    return folder / f"dlq-{hashlib.sha256(queue.encode()).hexdigest()[:16]}.json"
