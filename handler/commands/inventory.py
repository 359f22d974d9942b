"""The inventory of a region: how many of its interfaces are in which state, and what a command may have to do there."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from handler.model import MAX_REPORT_ITEMS, FlowLog, Interface, Outcome, Result, State, result_of

if TYPE_CHECKING:
    from handler.cover.cure import Cure

STATES = {
    Outcome.COVERED: (State.COVERED,),
    Outcome.IMPAIRED: (State.DIFFERS, State.BROKEN),
    Outcome.WAITING: (State.WAITING,),
    Outcome.SKIPPED: (State.UNSUPPORTED, State.EXCLUDED),
}
"""The states whose interfaces need no flow log to be made, by the outcome that they are counted under."""
IMPAIRED = STATES[Outcome.IMPAIRED]
"""The states of an interface whose flow log logs nothing or not as the settings say."""


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
