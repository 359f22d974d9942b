"""How the interfaces of a region stand: list interfaces and flow logs, and put each interface into one state."""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from handler.cloud.cvm import INSTANCES
from handler.cloud.many import chunks
from handler.commands import listing
from handler.cover import rules
from handler.cover.cure import MOST, RECREATE, Cure
from handler.cover.models import takes_none
from handler.cover.state import judge
from handler.errors import CloudError
from handler.model import MAX_REPORT_ITEMS, FlowLog, Interface, Outcome, Result, State, result_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from handler.cloud.vpc import Vpc
    from handler.cover.cure import Wish
    from handler.cover.state import Judgement
    from handler.settings import Settings

STATES = {
    Outcome.COVERED: (State.COVERED,),
    Outcome.IMPAIRED: (State.DIFFERS, State.BROKEN),
    Outcome.WAITING: (State.WAITING,),
    Outcome.SKIPPED: (State.UNSUPPORTED, State.EXCLUDED),
}
"""The states whose interfaces need no flow log to be made, by the outcome that they are counted under."""
IMPAIRED = STATES[Outcome.IMPAIRED]
"""The states of an interface whose flow log logs nothing or not as the settings say."""
WIDER = ("VPC", "SUBNET")
"""What flow logs could once be made of beside interfaces; those that stand may still collect."""
NO_FLOW_LOGS = "is a model that takes no flow logs"
_ORDER = list(State)
_SET_ASIDE = {Outcome.WAITING: State.WAITING, Outcome.SKIPPED: State.EXCLUDED}


@dataclass(frozen=True, slots=True)
class Found:
    """One interface as a listing found it: its state, the reason for it, and its flow log's id, empty for none.

    `flow_log` is that flow log as it was listed, where whoever listed asked to be told of each.
    """

    interface: Interface
    state: State
    reason: str = ""
    flow_log_id: str = ""
    flow_log: FlowLog | None = None


@dataclass
class Wider:
    """An old flow log of a whole VPC or subnet: what has one of its own below it is collected, and billed, twice."""

    region: str
    flow_log_id: str
    resource_type: str
    resource_id: str
    interfaces: int = 0


@dataclass
class Inventory:
    """One region: what is missing, in order of interface id, and what else there is.

    Attributes:
        missing: interface id and VPC of what should have a flow log and has none; pairs, for there may be 100,000.
        coverage: for each VPC, how many interfaces there are, and how many are in which state.
        set_aside: by outcome, what waits or is excluded or impaired, with the reason, up to a bound.
        cures: what can be made good of them, where that was asked for, in order of interface id, up to a bound.
        cures_cut: how many more there are.
        mended: the interfaces whose flow log a repair has dealt with.
        impaired: how many interfaces there are for each thing that is wrong with their flow log.
        wider: old flow logs of a whole VPC or subnet that has interfaces.
        unpredicted: why it could not be asked for what is missing whether its model takes flow logs.
        malformed: how many rows were passed over, since they were not of their documented form.
    """

    region: str
    missing: list[tuple[str, str]] = field(default_factory=list)
    coverage: dict[str, Counter[str]] = field(default_factory=dict)
    set_aside: dict[Outcome, list[Result]] = field(default_factory=lambda: defaultdict(list))
    cures: list[Cure] = field(default_factory=list)
    cures_cut: int = 0
    mended: set[str] = field(default_factory=set)
    impaired: Counter[str] = field(default_factory=Counter)
    wider: list[Wider] = field(default_factory=list)
    unpredicted: str = ""
    malformed: int = 0

    def total(self, *states: State) -> int:
        """How many interfaces of the region are in one of some states."""
        return sum(counts[state.value] for counts in self.coverage.values() for state in states)

    def add(self, found: Found) -> None:
        """Count an interface under its state, and keep what its state asks for."""
        interface, state = found.interface, found.state
        counts = self.coverage.setdefault(interface.vpc_id, Counter())
        counts["interfaces"] += 1
        counts[state.value] += 1
        if state is State.MISSING:
            # Thousands share a VPC: its id is kept once.
            self.missing.append((interface.interface_id, sys.intern(interface.vpc_id)))
        elif state is not State.COVERED:
            self.impaired[found.reason] += state in IMPAIRED
            outcome = next(outcome for outcome, states in STATES.items() if state in states)
            if len(self.set_aside[outcome]) < MAX_REPORT_ITEMS:
                self.set_aside[outcome].append(result_of(interface, outcome, found.reason, found.flow_log_id, state))


@dataclass(frozen=True)
class Scope:
    """Which interfaces of a region are looked at, and who gets each.

    Attributes:
        vpc_ids: only the interfaces of these VPCs; none means all.
        after: only interfaces behind this id.
        tell: gets each interface as it is found, for whoever wants a line on each; called from several threads.
        models: the models of some instances. With it, what is missing and can have no flow log by its instance's
            model is told apart; without it, a try will tell.
        wish: what may be repaired; without it, nothing is.
        monotonic: the clock by which reads are paced.
    """

    vpc_ids: Sequence[str] = ()
    after: str = ""
    tell: Callable[[Found], None] | None = None
    models: Callable[[Sequence[str]], Mapping[str, str]] | None = None
    wish: Wish | None = None
    monotonic: Callable[[], float] = time.monotonic


def take(region: str, vpc: Vpc, settings: Settings, scope: Scope) -> Inventory:
    """List a region and say how each interface stands.

    What it guarantees: nothing is missing that was not listed as an interface. A flow log that was made while it lists
    may be missed: whoever creates then is told that there is one.

    Raises:
        CloudError: a page could not be read.
    """
    taking = _Taking(region, settings, scope)
    for log in listing.flow_logs(region, vpc, scope.monotonic):
        taking.add_flow_log(log)
    for interface in listing.interfaces(region, vpc, scope.vpc_ids, scope.monotonic):
        taking.add_interface(interface)
    taking.finish()
    taking.inventory.malformed = len(vpc.malformed)
    return taking.inventory


_Judged = tuple["Judgement", str, "FlowLog | None", str]
"""How a flow log was judged, its id, the flow log for whoever is told of each, and how it is made good."""
_Slim = tuple[str, str, str]
"""What is needed of an interface that is missing: its id, VPC and instance; what many share is kept once."""


class _Taking:
    """The listing of one region. There may be 100,000 of each kind: it keeps no more of them than it needs."""

    def __init__(self, region: str, settings: Settings, scope: Scope) -> None:
        self.inventory = Inventory(region)
        self._settings = settings
        self._scope = scope
        # By interface, its flow log as judged; None once the interface has been seen.
        self._logs: dict[str, _Judged | None] = {}
        self._same: dict[Judgement, Judgement] = {}
        self._wider: dict[str, Wider] = {}
        self._missing: list[Found | _Slim] = []

    def add_flow_log(self, log: FlowLog) -> None:
        """Judge a flow log; where an interface has two, that counts which makes the best of it."""
        if log.resource_type in WIDER:
            self._wider[log.interface_id] = Wider(
                self.inventory.region, log.flow_log_id, log.resource_type, log.interface_id
            )
        if log.resource_type != "NETWORKINTERFACE":
            return
        judgement = judge(log, self.inventory.region, self._settings)
        judgement = self._same.setdefault(judgement, judgement)
        known = self._logs.get(log.interface_id)
        if known is None or _ORDER.index(judgement.state) < _ORDER.index(known[0].state):
            wish, region = self._scope.wish, self.inventory.region
            how = wish.cure(log, judgement, region, self._settings) if wish else ""
            self._logs[log.interface_id] = judgement, log.flow_log_id, log if self._scope.tell else None, how

    def add_interface(self, interface: Interface) -> None:
        """Put an interface into its state, once: it may stand on two pages."""
        ident = interface.interface_id
        known = self._logs.get(ident)
        if ident <= self._scope.after or (known is None and ident in self._logs):
            return
        self._logs[ident] = None
        for place in (interface.vpc_id, interface.subnet_id):
            if place in self._wider:
                self._wider[place].interfaces += 1
        found = _found(interface, known, self._settings)
        if known and known[3] and found.state in IMPAIRED:
            self._keep_cure(found, known[3])
        if found.state is State.MISSING and self._scope.models:
            self._missing.append(found if self._scope.tell else _slim(interface))
        else:
            self._tell(found)

    def finish(self) -> None:
        """Tell what is missing from what can have no flow log, and put all in order."""
        self._logs.clear()
        self._cut_cures(MOST)
        unsupported = self._unsupported()
        for found in map(self._whole, self._missing):
            model = unsupported.get(found.interface.instance_id)
            self._tell(replace(found, state=State.UNSUPPORTED, reason=f"{model} {NO_FLOW_LOGS}") if model else found)
        self._missing.clear()
        self.inventory.missing.sort()
        self.inventory.wider = [each for each in self._wider.values() if each.interfaces]

    def _keep_cure(self, found: Found, how: str) -> None:
        """Keep how an impaired interface's flow log is made good. Without an instance nothing could be made anew."""
        if how == RECREATE and not found.interface.attached:
            return
        ident, vpc_id = found.interface.interface_id, sys.intern(found.interface.vpc_id)
        self.inventory.cures.append(Cure(ident, vpc_id, found.flow_log_id, how, found.reason, found.state))
        if len(self.inventory.cures) >= 2 * MOST:
            self._cut_cures(MOST)

    def _cut_cures(self, most: int) -> None:
        self.inventory.cures.sort()
        self.inventory.cures_cut += len(self.inventory.cures[most:])
        del self.inventory.cures[most:]

    def _unsupported(self) -> dict[str, str]:
        """The models of those instances that can have none."""
        models = self._scope.models
        if not models:
            return {}
        all_ids = (each.interface.instance_id if isinstance(each, Found) else each[2] for each in self._missing)
        ids = [ident for ident in dict.fromkeys(all_ids) if ident]
        unsupported: dict[str, str] = {}
        with ThreadPoolExecutor(listing.READERS) as pool:
            try:
                for answer in pool.map(models, chunks(ids, INSTANCES)):
                    unsupported |= {ident: model for ident, model in answer.items() if takes_none(model)}
            except CloudError as error:
                self.inventory.unpredicted = f"whether its model takes flow logs could not be asked for ({error.code})"
        return unsupported

    def _whole(self, missing: Found | _Slim) -> Found:
        if isinstance(missing, Found):
            return missing
        interface_id, vpc_id, instance_id = missing
        interface = Interface(self.inventory.region, interface_id, vpc_id, instance_id=instance_id)
        return Found(interface, State.MISSING)

    def _tell(self, found: Found) -> None:
        self.inventory.add(found)
        if self._scope.tell:
            self._scope.tell(found)


def _found(interface: Interface, known: _Judged | None, settings: Settings) -> Found:
    outcome, reason = rules.decide(interface, settings)
    if known and (outcome is not Outcome.SKIPPED or known[0].state is State.COVERED):
        return Found(interface, known[0].state, known[0].words, known[1], known[2])
    return Found(interface, _SET_ASIDE.get(outcome, State.MISSING), reason, *(known[1:3] if known else ()))


def _slim(interface: Interface) -> _Slim:
    return interface.interface_id, sys.intern(interface.vpc_id), sys.intern(interface.instance_id)
