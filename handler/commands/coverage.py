"""How the interfaces of a region stand: list interfaces and flow logs, and put each interface into one state."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from handler.commands import listing
from handler.cover import rules
from handler.cover.state import best
from handler.model import MAX_REPORT_ITEMS, FlowLog, Interface, Outcome, Result, State, result_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from handler.cloud.vpc import Vpc
    from handler.cover.state import Judgement
    from handler.settings import Settings

IMPAIRED = (State.DIFFERS, State.BROKEN)
"""The states of an interface whose flow log logs nothing or not as the settings say."""
_SET_ASIDE = {Outcome.WAITING: State.WAITING, Outcome.SKIPPED: State.EXCLUDED}


@dataclass(frozen=True)
class Found:
    """One interface as a listing found it: its state, the reason for it, and its flow log where it has one."""

    interface: Interface
    state: State
    reason: str = ""
    flow_log: FlowLog | None = None


@dataclass(frozen=True)
class Drift:
    """A flow log that logs nothing or not as the settings say: the report's line on it."""

    region: str
    interface_id: str
    flow_log_id: str
    drift: str


@dataclass
class Inventory:
    """One region: what is missing, in order of interface id, and what else there is.

    Attributes:
        missing: interface id and VPC of what should have a flow log and has none; pairs, for there may be 100,000.
        coverage: for each VPC, how many interfaces there are, and how many are in which state.
        set_aside: what waits or is excluded or impaired, with the reason, up to a bound.
        drift: the flow logs of impaired interfaces, up to a bound.
    """

    region: str
    missing: list[tuple[str, str]] = field(default_factory=list)
    coverage: dict[str, Counter[str]] = field(default_factory=dict)
    set_aside: list[Result] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)

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
        elif state in IMPAIRED:
            self._keep_impaired(found)
        elif state is not State.COVERED:
            outcome = Outcome.WAITING if state is State.WAITING else Outcome.SKIPPED
            self._set_aside(result_of(interface, outcome, found.reason, state=state))

    def _keep_impaired(self, found: Found) -> None:
        flow_log_id = found.flow_log.flow_log_id if found.flow_log else ""
        self._set_aside(result_of(found.interface, Outcome.IMPAIRED, found.reason, flow_log_id, found.state))
        if len(self.drift) < MAX_REPORT_ITEMS:
            self.drift.append(Drift(self.region, found.interface.interface_id, flow_log_id, found.reason))

    def _set_aside(self, result: Result) -> None:
        if len(self.set_aside) < MAX_REPORT_ITEMS:
            self.set_aside.append(result)


@dataclass(frozen=True)
class Scope:
    """Which interfaces of a region are looked at, and who gets each.

    Attributes:
        vpc_ids: only the interfaces of these VPCs; none means all.
        after: only interfaces behind this id.
        tell: gets each interface as it is found, for whoever wants a line on each; called from several threads.
    """

    vpc_ids: Sequence[str] = ()
    after: str = ""
    tell: Callable[[Found], None] | None = None


def take(region: str, vpc: Vpc, settings: Settings, scope: Scope) -> Inventory:
    """List a region and say how each interface stands.

    What it guarantees: nothing is missing that was not listed as an interface. A flow log that was made while it lists
    may be missed: whoever creates then is told that there is one.

    Raises:
        CloudError: a page could not be read.
    """
    inventory = Inventory(region)
    logs = _judged(region, vpc, settings)
    seen: set[str] = set()
    for interface in listing.interfaces(region, vpc, scope.vpc_ids):
        if interface.interface_id > scope.after and interface.interface_id not in seen:
            seen.add(interface.interface_id)
            found = _found(interface, logs.get(interface.interface_id), settings)
            inventory.add(found)
            if scope.tell:
                scope.tell(found)
    inventory.missing.sort()
    return inventory


Judged = tuple[FlowLog, "Judgement"]


def _judged(region: str, vpc: Vpc, settings: Settings) -> dict[str, Judged]:
    """For each interface with a flow log, that which makes the best of it."""
    judged: dict[str, Judged] = {}
    for log in listing.flow_logs(region, vpc):
        known = judged.get(log.interface_id)
        chosen = best([known[0], log] if known else [log], region, settings)
        if chosen:
            judged[log.interface_id] = chosen
    return judged


def _found(interface: Interface, judged: Judged | None, settings: Settings) -> Found:
    outcome, reason = rules.decide(interface, settings)
    if judged and (outcome is not Outcome.SKIPPED or judged[1].state is State.COVERED):
        log, judgement = judged
        return Found(interface, judgement.state, judgement.words, log)
    return Found(interface, _SET_ASIDE.get(outcome, State.MISSING), reason, judged[0] if judged else None)
