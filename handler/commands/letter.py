"""A message of the dead-letter queue, and what is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from handler.intake import events
from handler.model import MAX_LETTER_ATTEMPTS, Command, Ignored, Interface, Invalid, Outcome, Result, result_of

if TYPE_CHECKING:
    from handler.cloud.queue import Message
    from handler.model import History, Item


@dataclass
class Letter:
    """A message of the queue, and what is in it.

    Attributes:
        message: as it was received.
        items: what it holds.
        results: what became of its interfaces.
    """

    message: Message
    items: list[Item]
    results: list[tuple[Interface, Result]] = field(default_factory=list)

    @property
    def about(self) -> tuple[str, str] | None:
        """Of our own record of a region as a whole, its region and code."""
        for item in self.items:
            if isinstance(item, Command) and item.history and item.region:
                return item.region, item.history.code
        return None

    @property
    def histories(self) -> list[History | None]:
        """What each thing in our own record has been through; None for the platform's."""
        return [item.history for item in self.items if not isinstance(item, Ignored)]

    @property
    def exhausted(self) -> bool:
        """Whether all that is in it has failed too often to be tried again."""
        exhausted = [each is not None and each.attempts >= MAX_LETTER_ATTEMPTS for each in self.histories]
        return bool(exhausted) and all(exhausted)

    @property
    def unfinished(self) -> bool:
        """Whether the time ran out before it could be run: it stays as it is."""
        return any(result.failure is not None and result.failure.unfinished for _, result in self.results)

    @property
    def why_it_stays(self) -> str:
        """Why it is not ours to change, or empty."""
        if not self.message.handle:
            return "the queue gave no receiptHandle with it, without which it cannot be deleted"
        if all(isinstance(item, Invalid) and not item.history for item in self.items):
            return f"it is no record of this function: {next(i.problem for i in self.items if isinstance(i, Invalid))}"
        return ""


def read(message: Message) -> Letter:
    """Read a message. What cannot be read is an invalid item."""
    return Letter(message, events.items_of(events.read_text, message.body))


def planned(item: Item) -> Result:
    """What a dry run says of an item."""
    if isinstance(item, Interface):
        return result_of(item, Outcome.PLANNED, "would be run again")
    if isinstance(item, Command):
        return Result(Outcome.PLANNED, reason=f"{item.name} would be run again")
    if isinstance(item, Invalid):
        return Result(Outcome.PLANNED, reason=f"would be read again: {item.problem}")
    return Result(Outcome.IGNORED, item.region, reason=item.reason)
