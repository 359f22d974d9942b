"""Ensure that one interface has a flow log: the call, what each answer means, the outcome."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from handler.cloud.retry import Patience, delays
from handler.cover import rules, state
from handler.errors import (
    AlreadyCovered,
    CloudError,
    NameTaken,
    NotAttached,
    NotFound,
    NotSupported,
    Transient,
    malformed,
)
from handler.model import Interface, Outcome, Result, State, result_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from handler.cloud.vpc import Vpc

MAX_NAME = 60  # FlowLogName (doc 215/35015)
MAX_NAMES = 9
HAS_ONE = "it has a flow log already"
UNREADABLE = "not readable yet: the sweep judges it"
# Attaching is asynchronous and no event tells its end, so an attach event's interface is looked at again for a while.
ATTACH_DELAYS_S = (0.5, 1.0, 2.0, 3.0, 4.0)
# Gone, or not visible yet.
NOT_FOUND_DELAYS_S = (0.5, 1.5, 2.0)
# A flow log may be listed only seconds after it was made.
LISTING_DELAYS_S = (0.5, 1.0, 2.0)


def ensure(interface: Interface, vpc: Vpc) -> Result:
    """Bring one interface, whose VPC is known, to its outcome.

    Returns:
        The result: created, covered, impaired, waiting, skipped or gone.

    Raises:
        CloudError: it failed for good; the caller puts it on the dead-letter queue.
    """
    decision, reason = rules.decide(interface, vpc.settings)
    if decision is not Outcome.PLANNED:
        return result_of(interface, decision, reason)
    result = create(interface, vpc)
    return replace(result, reason=result.reason or reason)  # such as that a rule has expired


def create(interface: Interface, vpc: Vpc) -> Result:
    """The same for an interface that the rules want: nothing but its id and VPC need be known."""
    return _Attempt(interface, vpc).run()


def names(prefix: str, interface_id: str) -> Iterator[str]:
    """The names to try, the usual one first. The prefix gives way where a name would be too long."""
    for number in range(1, MAX_NAMES + 1):
        end = interface_id + (f"-{number}" if number > 1 else "")
        yield prefix[: MAX_NAME - len(end)] + end


class _Attempt:
    """CreateFlowLog for one interface, until an answer settles it: a method for each answer that asks for more."""

    def __init__(self, interface: Interface, vpc: Vpc) -> None:
        self._interface = interface
        self._vpc = vpc
        self._names = names(vpc.settings.name_prefix, interface.interface_id)
        self._name = next(self._names)
        self._lost: Transient | None = None
        self._until_answered = Patience(vpc.budget.wait, chain(LISTING_DELAYS_S, delays()))
        self._until_attached = Patience(vpc.budget.wait, ATTACH_DELAYS_S if interface.attaching else ())
        self._until_visible = Patience(vpc.budget.wait, NOT_FOUND_DELAYS_S)
        self._until_listed = Patience(vpc.budget.wait, LISTING_DELAYS_S)

    def run(self) -> Result:
        """The result. A create whose answer was lost may have taken effect: no lack of time afterwards says more."""
        try:
            while (result := self._once()) is None:
                pass
        except CloudError as error:
            if not (self._lost and error.unfinished):
                raise
            self._lost.unfinished = True
            raise self._lost from None
        return result

    def _once(self) -> Result | None:
        """Call once; None asks for another call."""
        try:
            flow_log_id = self._vpc.create_flow_log(self._interface, self._name)
            result: Result | None = self._ended(Outcome.CREATED, flow_log_id=flow_log_id)
        except AlreadyCovered:
            result = self._has_one()
        except NotSupported:
            model = f" ({self._interface.model})" if self._interface.model else ""
            result = self._ended(Outcome.SKIPPED, f"its instance's model{model} takes no flow logs")
        except NotAttached:
            result = self._not_attached()
        except Transient as error:
            result = self._answer_lost(error)
        except NameTaken as error:
            result = self._name_taken(error)
        except NotFound as error:
            result = self._not_found(error)
        return result

    def _not_attached(self) -> Result | None:
        """Look until it is attached: DescribeNetworkInterfaces has five times CreateFlowLog's limit."""
        known: Interface | None = self._interface
        while self._until_attached.again():
            known = self._look()
            if known is not None and known.attached:
                return None
        if known is None:
            return self._ended(Outcome.GONE, "deleted while it was being attached")
        return self._ended(Outcome.WAITING, rules.UNATTACHED)

    def _answer_lost(self, error: Transient) -> Result | None:
        """Look before it is sent again: where the v2 rules allow two, that could make a second one.

        It may be listed only seconds later, so the first time is spent on looking, more than once.
        """
        looks = 1 if self._lost else len(LISTING_DELAYS_S)
        self._lost = error
        for _ in range(looks):
            if not self._until_answered.again():
                error.unfinished = self._until_answered.out_of_time
                raise error
            existing = self._existing()
            if existing:
                return existing
        return None

    def _has_one(self) -> Result:
        """One look says whether it logs; where that is not listed yet, or cannot be read, the sweep judges it."""
        try:
            return self._existing() or self._ended(Outcome.COVERED, f"{HAS_ONE}, {UNREADABLE}")
        except CloudError as error:
            return self._ended(Outcome.COVERED, f"{HAS_ONE}, {UNREADABLE} ({error.code})")

    def _name_taken(self, error: NameTaken) -> Result | None:
        """It is covered under that name, or the flow log of something else has it: then the next name is tried.

        A holder that is not listed yet may be its own, made just before: it is waited for, and the same name tried
        again. Another name would make a second flow log where the v2 rules allow two.
        """
        existing = self._existing()
        if existing:
            return existing
        holders = self._vpc.holders_of(self._interface.region, self._name)
        if all(holder == self._interface.interface_id for holder in holders):
            if not self._until_listed.again():
                raise error
            return None
        self._name = next(self._names, "")
        if not self._name:
            raise error
        return None

    def _not_found(self, error: NotFound) -> Result | None:
        """Try again for a moment, for it may not be visible yet; then look what was not found."""
        if self._until_visible.again():
            return None
        known = self._look()
        if known is None:
            if self._until_visible.out_of_time:
                error.unfinished = True
                raise error  # it was not waited for long enough to say that it is gone
            return self._ended(Outcome.GONE, "deleted before its flow log was made")
        if known.vpc_id in ("", self._interface.vpc_id):
            raise error
        self._interface = as_known(self._interface, known)
        decision, reason = rules.decide(self._interface, self._vpc.settings)
        return None if decision is Outcome.PLANNED else self._ended(decision, reason)

    def _existing(self) -> Result | None:
        """The result, if the interface has a flow log: covered, or impaired if that does not log as it should."""
        region = self._interface.region
        found = state.best(self._vpc.flow_logs_of(self._interface), region, self._vpc.settings)
        if found is None:
            return None
        log, judgement = found
        if judgement.state is State.COVERED:
            return self._ended(Outcome.COVERED, judgement.words or HAS_ONE, log.flow_log_id)
        return replace(self._ended(Outcome.IMPAIRED, judgement.words, log.flow_log_id, judgement.state), flow_log=log)

    def _look(self) -> Interface | None:
        """What the cloud knows of the interface; None where it knows of none.

        Raises:
            Transient: it knows of it, in a form that cannot be read.
        """
        wanted = self._interface
        found = self._vpc.interfaces_by_id(wanted.region, [wanted.interface_id])
        if not found and wanted.interface_id in self._vpc.malformed:
            raise malformed(wanted.interface_id)
        return found[0] if found else None

    def _ended(self, outcome: Outcome, reason: str = "", flow_log_id: str = "", state: State | None = None) -> Result:
        return result_of(self._interface, outcome, reason, flow_log_id, state)


def as_known(asked: Interface, known: Interface) -> Interface:
    """An interface as the cloud knows it, with what only the event tells: a record may name another VPC than it is in.

    What an attach event names may have been looked up while it was being attached: CreateFlowLog will tell.
    """
    attached = None if asked.attaching else known.attached
    return replace(known, attached=attached, attaching=asked.attaching, model=asked.model, history=asked.history)
