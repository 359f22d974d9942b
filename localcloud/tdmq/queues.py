"""Queues and their messages: visibility, retention, receipt handles."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.core.account import Account, Region
    from localcloud.core.ids import Ids

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
"""The documented form of a queue's name; case does not matter."""


ATTRIBUTES = {
    "MaxMsgHeapNum": (100_000_000, 1_000_000, 1_000_000_000),
    "PollingWaitSeconds": (0, 0, 30),
    "VisibilityTimeout": (30, 1, 43_200),
    "MaxMsgSize": (1_048_576, 1024, 1_048_576),
    "MsgRetentionSeconds": (3600, 30, 43_200),
    "RewindSeconds": (0, 0, 1_296_000),
}
"""A queue's settings, in seconds and bytes: the documented default, least and most of each.

Those of MaxMsgSize are in conflict (`Behaviour.largest_message`).
"""
DEFAULTS = {name: default for name, (default, _, _) in ATTRIBUTES.items()}


@dataclass(frozen=True)
class Message:
    """A message. It is hidden until `visible`, and its handle is good only until then (documented)."""

    message_id: str
    body: str
    enqueued: float
    visible: float
    handle: str = ""
    dequeues: int = 0
    first_dequeued: float = 0.0


class Queue:
    """One queue; `attributes` are those of `ATTRIBUTES`. Whoever uses it holds the lock of the account's clock."""

    def __init__(self, queue_id: str, name: str, attributes: Mapping[str, int], created: float) -> None:
        self.queue_id = queue_id
        self.name = name
        self.attributes = attributes
        self.created = created
        self.modified = created
        self.tags: tuple[tuple[str, str], ...] = ()
        self._messages: dict[str, Message] = {}

    def send(self, ids: Ids, body: str, now: float, delay: float = 0) -> str:
        """Put a message on the queue and return its id."""
        message_id = ids.letters(32).upper()
        self._messages[message_id] = Message(message_id, body, now, now + delay)
        return message_id

    def receive(self, ids: Ids, most: int, now: float) -> list[Message]:
        """Take up to `most` visible messages, oldest first, and hide them for the visibility timeout."""
        self._expire(now)
        visible = (message for message in self._messages.values() if message.visible <= now)
        return [self._take(ids, message, now) for message in list(islice(visible, most))]

    def delete(self, handle: str, now: float) -> bool:
        """Delete the message of a handle that is still good, and tell whether there was one."""
        self._expire(now)
        message = self._messages.get(handle.partition("-")[0])
        if message is None or message.handle != handle or message.visible <= now:
            return False
        del self._messages[message.message_id]
        return True

    def counts(self, now: float) -> tuple[int, int, int]:
        """Return how many messages can be received, are hidden by a receipt, and are delayed."""
        self._expire(now)
        hidden = [message for message in self._messages.values() if message.visible > now]
        delayed = sum(message.dequeues == 0 for message in hidden)
        return len(self._messages) - len(hidden), len(hidden) - delayed, delayed

    def next_visible(self, now: float) -> float:
        """Return when the next hidden message can be received, or an hour from now."""
        return min(
            (message.visible for message in self._messages.values() if message.visible > now), default=now + 3600
        )

    def bodies(self) -> list[str]:
        """Return the bodies of all messages, hidden ones too, oldest first, without touching them."""
        return [message.body for message in self._messages.values()]

    def _take(self, ids: Ids, message: Message, now: float) -> Message:
        taken = replace(
            message,
            handle=f"{message.message_id}-{ids.letters(16)}",
            visible=now + self.attributes["VisibilityTimeout"],
            dequeues=message.dequeues + 1,
            first_dequeued=message.first_dequeued or now,
        )
        self._messages[message.message_id] = taken
        return taken

    def _expire(self, now: float) -> None:
        retention = self.attributes["MsgRetentionSeconds"]
        expired = [key for key, message in self._messages.items() if message.enqueued + retention <= now]
        for key in expired:
            del self._messages[key]


class Queues:
    """One region's queues, by lower-cased name."""

    def __init__(self) -> None:
        self._queues: dict[str, Queue] = {}

    def get(self, name: str) -> Queue | None:
        """Return the queue of this name."""
        return self._queues.get(name.lower())

    def add(self, account: Account, name: str, attributes: Mapping[str, int]) -> Queue:
        """Make a queue that has these attributes, by default the documented ones, and return it."""
        queue = Queue(f"cmqq-{account.ids.letters(9)}", name, {**DEFAULTS, **attributes}, account.now())
        self._queues[name.lower()] = queue
        return queue

    def remove(self, name: str) -> None:
        """Take a queue away."""
        self._queues.pop(name.lower(), None)

    def all(self) -> list[Queue]:
        """Return all queues, oldest first."""
        return list(self._queues.values())


def find_queue(account: Account, name: str) -> Queue | None:
    """Return the queue that the message API means by `name`."""
    region = region_of_queue(account, name)
    return None if region is None else region.state(Queues).get(name)


def region_of_queue(account: Account, name: str) -> Region | None:
    """Return the region in which the message API finds a queue of this name.

    The platform's message API has an address per region; this cloud serves all of them at one, so it looks into the
    home region first and then into the others by name.
    """
    return next((region for region in account.regions if region.state(Queues).get(name) is not None), None)


def resource_of(account: Account, service: str, name: str) -> str:
    """Return how policies name a queue: in its own region, or at home if there is none of this name.

    Args:
        account: The account.
        service: `tdmq`, or `cmqqueue` as the older page 598/11082 has it.
        name: The queue.
    """
    found = region_of_queue(account, name)
    region = found.name if found else account.home
    queue = f"queue/{name}" if service == "tdmq" else f"queueName/uin/{account.uin}/{name}"
    return f"qcs::{service}:{region}:uin/{account.uin}:{queue}"
