"""What is wrong with a flow log and can be made good, by switching it on or by making it anew; and doing it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from handler.cover import ensure
from handler.cover.state import judge
from handler.errors import NotFound, attempted, failed
from handler.model import Failure, Interface, Outcome, Result, State, result_of

if TYPE_CHECKING:
    from handler.cloud.vpc import Vpc
    from handler.cover.state import Judgement
    from handler.model import FlowLog
    from handler.settings import Settings

OFF, ENABLE, RECREATE = MODES = ("off", "enable", "recreate")
"""How far a repair goes, each further than the one before."""
MOST = 5_000
"""So many cures of a region are kept and done at a time, the first by interface id: about what 300 s can do."""
ENOUGH_S = 8.0
"""A flow log is deleted only with so much time left, in seconds, that its create can be tried and tried again."""
_SAID = {ENABLE: "switched on", RECREATE: "deleted and made anew"}


@dataclass(frozen=True)
class Wish:
    """What may be repaired.

    Attributes:
        mode: `enable` or `recreate`.
        everybodys: also flow logs that are not our own.
    """

    mode: str
    everybodys: bool = False

    def cure(self, log: FlowLog, judgement: Judgement, region: str, settings: Settings) -> str:
        """How to make a flow log good, within the wish: ENABLE, RECREATE, or empty for not at all."""
        if judgement.state is State.COVERED or not (judgement.ours or self.everybodys):
            return ""
        if not log.enabled and judge(replace(log, enabled=True), region, settings).state is State.COVERED:
            return ENABLE
        if self.mode == RECREATE and (settings.storage != "cls" or settings.topic_for(region)):
            return RECREATE
        return "" if log.enabled else ENABLE


@dataclass(frozen=True, order=True, slots=True)
class Cure:
    """One flow log to be made good."""

    interface_id: str
    vpc_id: str
    flow_log_id: str
    how: str
    words: str
    state: State

    @property
    def said(self) -> str:
        """How, as a participle."""
        return _SAID[self.how]


class Repair:
    """Makes flow logs good, one at a time; safe to be killed at any call."""

    def __init__(self, vpc: Vpc) -> None:
        """Take what its calls are made with."""
        self._vpc = vpc

    def do(self, region: str, cure: Cure) -> Result | None:
        """Make one flow log good.

        Returns:
            None where there was no time to try; else repaired, or impaired as it was, with the reason and the failure.
            Any other result with a failure is of an interface that has no flow log any more.
        """
        interface = Interface(region, cure.interface_id, cure.vpc_id)
        if self._vpc.budget.left() < (ENOUGH_S if cure.how == RECREATE else 0.0):
            return None
        result = attempted(lambda: self._do(interface, cure))
        if not isinstance(result, Failure):
            return result
        reason = f"{cure.words}; not repaired: {result.code}: {result.message}"
        impaired = result_of(interface, Outcome.IMPAIRED, reason, cure.flow_log_id, cure.state)
        return None if result.unfinished else replace(impaired, failure=result)

    def of_event(self, interface: Interface, impaired: Result) -> Result:
        """What becomes of an interface that an event found impaired, as far as FLOWLOG_REPAIR goes.

        What cannot be repaired stays impaired and is no failure: the next sweep tries again.
        """
        region, settings, log = interface.region, self._vpc.settings, impaired.flow_log
        if settings.repair == OFF or log is None:
            return impaired
        judgement = judge(log, region, settings)
        how = Wish(settings.repair).cure(log, judgement, region, settings)
        if not how:
            return impaired
        cure = Cure(interface.interface_id, interface.vpc_id, log.flow_log_id, how, judgement.words, judgement.state)
        result = self.do(region, cure) or impaired
        return replace(result, failure=None) if result.outcome is Outcome.IMPAIRED else result

    def _do(self, interface: Interface, cure: Cure) -> Result:
        repaired = f"was {cure.words}: {cure.said}"
        if cure.how == ENABLE:
            self._vpc.enable_flow_log(interface.region, cure.flow_log_id)
            return result_of(interface, Outcome.REPAIRED, repaired, cure.flow_log_id, State.COVERED)
        with suppress(NotFound):  # somebody was faster, or the answer to a first call was lost
            self._vpc.delete_flow_log(interface.region, cure.vpc_id, cure.flow_log_id)
        result = attempted(lambda: ensure.create(interface, self._vpc))
        if isinstance(result, Failure):
            return failed(interface, replace(result, unfinished=False))
        if result.outcome is not Outcome.CREATED:
            return result
        return replace(result, outcome=Outcome.REPAIRED, reason=repaired, state=State.COVERED)
