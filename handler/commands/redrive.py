"""Redrive: run the records of the dead-letter queue again. A record is deleted only after its own success.

Bounded in number by `limit`, in attempts by the record's own count, and in rate by the pace of the creates. A record
that fails again is put back, with its count raised, before the old one is deleted: at the worst it is there twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from handler.cloud.pace import Pacer
from handler.cloud.queue import BATCH
from handler.cover.batch import Batch
from handler.cover.search import INTERFACE_DELAYS_S
from handler.errors import QueueError
from handler.intake import events
from handler.model import MAX_LETTER_ATTEMPTS, Command, Ignored, Interface, Invalid, Outcome, Result, result_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from handler.cloud.queue import Message
    from handler.invocation import Invocation
    from handler.model import History, Item

    RunCommand = Callable[[Command, Invocation], None]

_OWN_COMMANDS = ("redrive", "sweep")


@dataclass
class Letter:
    """A message of the queue, and what is in it."""

    message: Message
    items: list[Item]
    results: list[tuple[Interface, Result]] = field(default_factory=list)

    @property
    def history(self) -> History | None:
        """What our own record has been through; None for the platform's."""
        return next((item.history for item in self.items if not isinstance(item, Ignored) and item.history), None)

    @property
    def exhausted(self) -> bool:
        """Whether all that is in it has failed too often to be tried again."""
        histories = [item.history for item in self.items if not isinstance(item, Ignored)]
        return bool(histories) and all(each and each.attempts >= MAX_LETTER_ATTEMPTS for each in histories)

    @property
    def unfinished(self) -> bool:
        """Whether the time ran out before it could be run: it stays as it is."""
        return any(result.failure is not None and result.failure.unfinished for _, result in self.results)


def run(command: Command, invocation: Invocation, run_command: RunCommand) -> None:
    """Run the command `redrive`, or the redrive of a sweep: a queue that cannot be read is said in the report."""
    try:
        redrive(command.arguments, invocation, run_command)
    except QueueError as error:
        # A letter about the queue cannot be put on the queue: the report says it.
        invocation.report.stop(f"the queue {invocation.queue.name} could not be read: {error}")


def redrive(arguments: Mapping[str, Any], invocation: Invocation, run_command: RunCommand) -> None:
    """Run the records of the queue again.

    Args:
        arguments: `limit`, the most records to take, and `dry_run`.
        invocation: its time budget ends the work.
        run_command: runs a command that a record holds.

    Raises:
        QueueError: the queue could not be read.
    """
    out_of_time = False
    settled: set[str] = set()
    for letters in batches(invocation, arguments.get("limit"), settled):
        if arguments.get("dry_run"):
            _plan(letters, invocation)
        else:
            settled |= _run(letters, invocation, run_command)
        out_of_time = any(letter.unfinished for letter in letters)
        if out_of_time:  # a little time may be left, but not for the next turn to create
            break
    if out_of_time or invocation.budget.left() <= 0:
        invocation.report.stop("the time ran out before the queue was empty: redrive again")


def batches(
    invocation: Invocation, limit: int | None = None, settled: AbstractSet[str] = frozenset()
) -> Iterator[list[Letter]]:
    """The queue's records, up to 16 at a time, each once, without those that are exhausted.

    Ends when the queue gives nothing new, the limit is reached or the time is up. What is received stays hidden from
    others for the queue's visibility time-out; a run that is longer meets it again, before what it has not seen yet.
    Of that, what is `settled` (ids of messages) is deleted now: its first handle was stale by the time it was used.
    """
    seen: set[str] = set()
    again = 0
    left = limit if limit is not None else -1
    receiver = invocation.queue.within(invocation.budget)
    while left and invocation.budget.left() > 0:
        messages = receiver.receive(min(BATCH, left) if left > 0 else BATCH)
        invocation.queue.delete([message.handle for message in messages if message.message_id in settled])
        letters = [Letter(message, events.read_text(message.body)) for message in messages]
        new = [each for each in letters if each.message.message_id not in seen and not _put_back(each, invocation)]
        again = 0 if new else again + len(messages)
        if not messages or again > len(seen) + len(invocation.letters.written):
            return
        seen.update(letter.message.message_id for letter in new)
        fresh = [letter for letter in new if not letter.exhausted]
        left -= min(left, len(fresh)) if left > 0 else 0
        if fresh:
            yield fresh


def _put_back(letter: Letter, invocation: Invocation) -> bool:
    """Whether it is what this invocation itself has put on the queue."""
    return letter.history is not None and letter.history.letter_id in invocation.letters.written


def _plan(letters: list[Letter], invocation: Invocation) -> None:
    for letter in letters:
        for item in letter.items:
            invocation.report.add(_planned(item))


def _planned(item: Item) -> Result:
    if isinstance(item, Interface):
        return result_of(item, Outcome.PLANNED, "would be run again")
    if isinstance(item, Command):
        return Result(Outcome.PLANNED, reason=f"{item.name} would be run again")
    if isinstance(item, Invalid):
        return Result(Outcome.PLANNED, reason=f"would be read again: {item.problem}")
    return Result(Outcome.IGNORED, item.region, reason=item.reason)


def _run(letters: list[Letter], invocation: Invocation, run_command: RunCommand) -> set[str]:
    """Run some letters, and return the ids of those messages that may go from the queue."""
    _run_interfaces(letters, invocation)
    done = [letter.message for letter in letters if _settle(letter, invocation, run_command)]
    invocation.queue.delete([message.handle for message in done])
    return {message.message_id for message in done}


def _run_interfaces(letters: list[Letter], invocation: Invocation) -> None:
    """All interfaces of some letters at once: paced, in parallel, each called for once."""
    owners = [(letter, item) for letter in letters for item in letter.items if isinstance(item, Interface)]
    pacer = Pacer(invocation.settings.create_rate)
    # An instance has had its time to boot when its event came.
    batch = Batch(invocation.vpc(pacer), invocation.settings, invocation.budget, instance_delays=INTERFACE_DELAYS_S)
    for (letter, _), done in zip(owners, batch.run([item for _, item in owners]), strict=True):
        letter.results += done


def _settle(letter: Letter, invocation: Invocation, run_command: RunCommand) -> bool:
    """Report a letter's results and put its failures back; say whether its message may be deleted."""
    is_command = any(isinstance(item, Command) for item in letter.items)
    if letter.unfinished or (is_command and invocation.budget.left() <= 0):
        for interface, result in letter.results:
            if not result.failure:
                invocation.record(interface, result)
        return False
    unsent = invocation.letters.unsent
    for interface, result in letter.results:
        invocation.record(interface, result)
    for item in letter.items:
        if not isinstance(item, Interface):
            _run_other(item, invocation, run_command)
    invocation.letters.flush()
    return invocation.letters.unsent == unsent


def _run_other(item: Command | Ignored | Invalid, invocation: Invocation, run_command: RunCommand) -> None:
    if isinstance(item, (Ignored, Invalid)):
        invocation.dismiss(item)
    elif item.name in _OWN_COMMANDS:
        invocation.report.add(Result(Outcome.IGNORED, reason=f"{item.name}: this redrive is it"))
    else:
        run_command(item, invocation)
