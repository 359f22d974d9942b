"""Redrive: run the records of the dead-letter queue again. A record is deleted only after its own success.

Bounded in number by `limit`, in attempts by the record's own count, and in rate by the pace of the creates. A record
that fails again is put back, with its count raised, before the old one is deleted: at the worst it is there twice.
What is not ours to change stays as it is: messages of somebody else, and such as the queue gives no handle for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any

from handler.cloud.queue import BATCH
from handler.commands import backfill, letter
from handler.commands.shortfall import Shortfall
from handler.cover.batch import Batch
from handler.cover.search import INTERFACE_DELAYS_S
from handler.errors import QueueError, attempted, failure_of
from handler.model import Command, Failure, Ignored, Interface, Invalid, Outcome, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from handler.commands.letter import Letter
    from handler.invocation import Invocation

    RunCommand = Callable[[Command, Invocation], None]


def run(command: Command, invocation: Invocation, run_command: RunCommand) -> None:
    """Run the command `redrive`, or the redrive of a sweep: a queue that cannot be read is said in the report."""
    try:
        redrive(command.arguments, invocation, run_command)
    except QueueError as error:
        # A letter about the queue cannot be put on the queue: the report says it.
        invocation.report.stop(f"the queue {invocation.queue.name} could not be read: {error}")
    except Exception as error:  # noqa: BLE001 - the records are on the queue still, and a sweep has more to do
        invocation.report.stop(f"the redrive ended early: {failure_of(error).message}")


def redrive(arguments: Mapping[str, Any], invocation: Invocation, run_command: RunCommand) -> None:
    """Run the records of the queue again.

    Args:
        arguments: `limit`, the most records to take, and `dry_run`.
        invocation: its time budget ends the work.
        run_command: runs a command that a record holds.

    Raises:
        QueueError: the queue could not be read.
    """
    work = Redrive(invocation, run_command)
    out_of_time = False
    for letters in work.batches(arguments.get("limit")):
        if arguments.get("dry_run"):
            for each in letters:
                for item in each.items:
                    invocation.report.add(letter.planned(item))
        else:
            work.run(letters)
        out_of_time = any(each.unfinished for each in letters)
        if out_of_time:  # a little time may be left, but not for the next turn to create
            break
    if out_of_time or invocation.budget.left() <= 0:
        invocation.report.stop("the time ran out before the queue was empty: redrive again")


@dataclass
class Redrive:
    """One redrive: what of the queue it has seen and settled.

    Attributes:
        invocation: its time budget ends the work.
        run_command: runs a command that a record holds.
    """

    invocation: Invocation
    run_command: RunCommand
    _settled: set[tuple[str, int]] = field(default_factory=set)
    _swept: bool = False

    def batches(self, limit: int | None) -> Iterator[list[Letter]]:
        """The queue's records, up to 16 at a time, each once, without those that are not to be run.

        Ends when the queue gives nothing new, the limit is reached or the time is up. What is received stays hidden
        from others for the queue's visibility time-out; a run that is longer meets it again, before what it has not
        seen yet. Of that, what is settled is deleted now: its first handle was stale by the time it was used.
        """
        seen: set[tuple[str, int]] = set()
        again = 0
        left = inf if limit is None else limit
        receiver = self.invocation.queue.within(self.invocation.budget)
        while left and self.invocation.budget.left() > 0:
            messages = receiver.receive(int(min(BATCH, left)))
            self.invocation.queue.delete(
                [each.handle for each in messages if each.handle and each.key in self._settled]
            )
            letters = [letter.read(message) for message in messages]
            new = [each for each in letters if each.message.key not in seen and not self._is_put_back(each)]
            again = 0 if new else again + len(messages)
            if not messages or again > len(seen) + len(self.invocation.letters.written):
                return
            seen.update(each.message.key for each in new)
            fresh = [each for each in new if not self._stays(each)]
            left -= len(fresh)
            if fresh:
                yield fresh

    def run(self, letters: list[Letter]) -> None:
        """Run some letters, and delete the messages of those that are settled."""
        self._run_interfaces(letters)
        done = [each for each in letters if self._settle_or_put_back(each)]
        self.invocation.queue.delete([each.message.handle for each in done])
        self._settled |= {each.message.key for each in done}

    def _is_put_back(self, one: Letter) -> bool:
        """Whether it is what this invocation itself has put on the queue."""
        return any(each and each.letter_id in self.invocation.letters.written for each in one.histories)

    def _stays(self, one: Letter) -> bool:
        """Whether a letter is left on the queue as it is. The report says why, but for our own exhausted records."""
        if one.about:
            self.invocation.letters.regions.add(one.about)
        why = one.why_it_stays
        if why:
            self.invocation.report.add(Result(Outcome.IGNORED, reason=f"left on the queue as it is: {why}"))
        return bool(why) or one.exhausted

    def _run_interfaces(self, letters: list[Letter]) -> None:
        """Cover all interfaces of some letters at once: paced, in parallel, each called for once."""
        owners = [(each, item) for each in letters for item in each.items if isinstance(item, Interface)]
        # An instance has had its time to boot when its event came.
        batch = Batch(self.invocation.vpc(paced=True), instance_delays=INTERFACE_DELAYS_S)
        for (owner, _), done in zip(owners, batch.run([item for _, item in owners]), strict=True):
            owner.results += done

    def _settle_or_put_back(self, one: Letter) -> bool:
        settled = attempted(lambda: self._settle(one))
        if isinstance(settled, Failure):
            for item in one.items:
                self.invocation.put_back(item, settled)
            return True
        return settled

    def _settle(self, one: Letter) -> bool:
        """Report a letter's results and put its failures back; say whether its message may be deleted."""
        is_command = any(isinstance(item, Command) for item in one.items)
        if one.unfinished or (is_command and self.invocation.budget.left() <= 0):
            for _, result in one.results:
                if not result.failure:
                    self.invocation.report.add(result)
            return False
        if one.about:  # from here on it lies on the queue only if it is put back
            self.invocation.letters.regions.discard(one.about)
        unsent = self.invocation.letters.unsent
        self._settle_interfaces(one)
        for item in one.items:
            if not isinstance(item, Interface):
                self._run_other(item)
        self.invocation.letters.flush()
        return self.invocation.letters.unsent == unsent

    def _settle_interfaces(self, one: Letter) -> None:
        """Report the interfaces of a letter. Those that failed alike go back together, if they came together."""
        shortfall = Shortfall(self.invocation, sweeping=False)
        for interface, result in one.results:
            settle = shortfall.settle if result.failure and len(one.items) > 1 else self.invocation.record
            settle(interface, result)
        shortfall.close()

    def _run_other(self, item: Command | Ignored | Invalid) -> None:
        if isinstance(item, (Ignored, Invalid)):
            self.invocation.dismiss(item)
        elif item.name == "redrive" or (item.name == "sweep" and self._swept):
            self.invocation.report.add(Result(Outcome.IGNORED, reason=f"{item.name}: it has just been done"))
        elif item.name == "sweep":  # what comes after its redrive, which is under way
            self._swept = True
            backfill.run(backfill.SWEEP, self.invocation)
        else:
            self.run_command(item, self.invocation)
