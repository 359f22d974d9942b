"""Ensure that one interface has a flow log: the call, what each answer means, the outcome."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from handler.cloud.retry import LONGEST_DELAY_S, delays
from handler.cover import rules
from handler.errors import AlreadyCovered, CloudError, LostAnswer, NameTaken, NotAttached, NotFound, NotSupported
from handler.model import Interface, Outcome, Result, result_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from handler.budget import Budget
    from handler.cloud.vpc import Vpc
    from handler.settings import Settings

MAX_NAME = 60  # FlowLogName (doc 215/35015)
MAX_NAMES = 9
HAS_ONE = "it has a flow log already"
# Attaching is asynchronous and no event tells its end, so an attach event's interface is looked at again for a while.
ATTACH_DELAYS_S = (0.5, 1.0, 2.0, 3.0, 4.0)
# Gone, or not visible yet.
NOT_FOUND_DELAYS_S = (0.5, 1.5, 2.0)


def ensure(interface: Interface, vpc: Vpc, settings: Settings, budget: Budget) -> Result:
    """Bring one interface, whose VPC is known, to its outcome.

    Returns:
        The result: created, covered, waiting, skipped or gone.

    Raises:
        CloudError: it failed for good; the caller puts it on the dead-letter queue.
    """
    decision, reason = rules.decide(interface, settings)
    if decision is not Outcome.PLANNED:
        return result_of(interface, decision, reason)
    return create(interface, vpc, settings, budget)


def create(interface: Interface, vpc: Vpc, settings: Settings, budget: Budget) -> Result:
    """The same for an interface that the rules want: nothing but its id and VPC need be known."""
    return _Attempt(vpc, settings, budget).run(interface)


def names(prefix: str, interface_id: str) -> Iterator[str]:
    """The names to try, the usual one first. The prefix gives way where a name would be too long."""
    for number in range(1, MAX_NAMES + 1):
        end = interface_id + (f"-{number}" if number > 1 else "")
        yield prefix[: MAX_NAME - len(end)] + end


class _Attempt:
    """CreateFlowLog until it has an answer that settles the interface."""

    def __init__(self, vpc: Vpc, settings: Settings, budget: Budget) -> None:
        self._vpc = vpc
        self._settings = settings
        self._budget = budget
        self._lost: LostAnswer | None = None

    def run(self, interface: Interface) -> Result:
        """The result. A create whose answer was lost may have taken effect: no lack of time afterwards says more."""
        try:
            return self._settle(interface)
        except CloudError as error:
            if not (self._lost and error.unfinished):
                raise
            self._lost.unfinished = True
            raise self._lost from None

    def _settle(self, interface: Interface) -> Result:  # noqa: C901, PLR0911, PLR0912 - one for each answer
        candidates = names(self._settings.name_prefix, interface.interface_id)
        lost_delays = delays()
        attach_delays = iter(ATTACH_DELAYS_S if interface.attaching else ())
        not_found_delays = iter(NOT_FOUND_DELAYS_S)
        name = next(candidates)
        while True:
            try:
                flow_log_id = self._vpc.create_flow_log(interface, name)
                return result_of(interface, Outcome.CREATED, flow_log_id=flow_log_id)
            except AlreadyCovered:
                return result_of(interface, Outcome.COVERED, HAS_ONE)
            except NotSupported:
                return result_of(interface, Outcome.SKIPPED, "its instance's model takes no flow logs")
            except NotAttached:
                if unattached := self._until_attached(interface, attach_delays):
                    return unattached
            except LostAnswer as error:
                # Sent again at once it would be refused, or, where two flow logs are allowed (v2), be a second one.
                self._lost = error
                if not self._wait(lost_delays):
                    error.unfinished = self._budget.left() < LONGEST_DELAY_S
                    raise
                if covered := self._covered(interface):
                    return covered
            except NameTaken as error:
                if covered := self._covered(interface):
                    return covered
                name = _next_name(candidates, error)
            except NotFound as error:
                pause = next(not_found_delays, None)
                if pause is not None and self._budget.wait(pause):
                    continue
                known = self._look(interface)
                if known is None:
                    if pause is None:
                        return result_of(interface, Outcome.GONE, "deleted before its flow log was made")
                    error.unfinished = True
                    raise  # it was not waited for long enough to say that it is gone
                if known.vpc_id in ("", interface.vpc_id):
                    raise
                interface = _as_known(interface, known)
                decision, reason = rules.decide(interface, self._settings)
                if decision is not Outcome.PLANNED:
                    return result_of(interface, decision, reason)

    def _covered(self, interface: Interface) -> Result | None:
        """The result, if the interface has a flow log."""
        existing = self._vpc.flow_logs_of(interface)
        return result_of(interface, Outcome.COVERED, HAS_ONE, existing[0].flow_log_id) if existing else None

    def _wait(self, pauses: Iterator[float]) -> bool:
        delay = next(pauses, None)
        return delay is not None and self._budget.wait(delay)

    def _until_attached(self, interface: Interface, pauses: Iterator[float]) -> Result | None:
        """Look until it is attached: DescribeNetworkInterfaces has five times CreateFlowLog's limit.

        Returns:
            None if it is attached by now, else what became of it.
        """
        known: Interface | None = interface
        while self._wait(pauses):
            known = self._look(interface)
            if known is not None and known.attached:
                return None
        if known is None:
            return result_of(interface, Outcome.GONE, "deleted while it was being attached")
        return result_of(interface, Outcome.WAITING, rules.UNATTACHED)

    def _look(self, interface: Interface) -> Interface | None:
        found = self._vpc.interfaces_by_id(interface.region, [interface.interface_id])
        return found[0] if found else None


def _next_name(candidates: Iterator[str], error: CloudError) -> str:
    name = next(candidates, "")
    if not name:
        raise error
    return name


def _as_known(interface: Interface, known: Interface) -> Interface:
    """The interface as the cloud knows it: a record may name another VPC than it is in."""
    attached = None if interface.attaching else known.attached
    return replace(known, attached=attached, attaching=interface.attaching, history=interface.history)
