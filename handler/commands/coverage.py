"""What there is and what is missing: list interfaces and flow logs, subtract.

One pass lists pages that may shift under it while interfaces come and go. What it guarantees: it never creates for an
interface that was not listed, and a second pass settles what the first has missed (docs/operations.md).
"""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from handler.cloud.pace import Pacer
from handler.cloud.vpc import FILTER_VALUES, PAGE, Vpc, chunks
from handler.cover import rules
from handler.model import MAX_REPORT_ITEMS, FlowLog, Interface, Outcome, Result, result_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from handler.settings import Settings

# Reads keep under their documented limits of 20 and 100 a second (docs 215/35012, 215/15817).
FLOW_LOG_READS_PER_S = 19.0
INTERFACE_READS_PER_S = 95.0
READERS = 8

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Drift:
    """A flow log that is not as the settings say: the report's line on it."""

    region: str
    interface_id: str
    flow_log_id: str
    drift: str


@dataclass
class Inventory:
    """One region: what is missing, in order of interface id, and what else there is.

    Attributes:
        missing: interface id and VPC of what should have a flow log and has none; pairs, for there may be 100,000.
        coverage: for each VPC, how many interfaces are in which state.
        set_aside: what waits or is skipped, with the reason, up to a bound.
        drift: flow logs that are not as the settings say, up to a bound.
    """

    region: str
    missing: list[tuple[str, str]] = field(default_factory=list)
    coverage: dict[str, Counter[str]] = field(default_factory=dict)
    set_aside: list[Result] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)

    def total(self, state: str) -> int:
        """How many interfaces of the region are in a state."""
        return sum(counts[state] for counts in self.coverage.values())

    def count(self, interface: Interface, state: str) -> None:
        """Count one interface as covered, missing, waiting or skipped."""
        counts = self.coverage.setdefault(interface.vpc_id, Counter())
        counts["interfaces"] += 1
        counts[state] += 1


def take(region: str, vpc: Vpc, settings: Settings, vpc_ids: Sequence[str] = (), after: str = "") -> Inventory:
    """List a region and subtract what is covered.

    Args:
        region: which.
        vpc: the API.
        settings: the rules, and what a flow log should look like.
        vpc_ids: only the interfaces of these VPCs; none means all.
        after: only interfaces behind this id.

    Raises:
        CloudError: a page could not be read.
    """
    inventory = Inventory(region)
    covered: set[str] = set()
    drifted: dict[str, Drift] = {}
    for log in _flow_logs(region, vpc):
        covered.add(log.interface_id)
        drift = drift_of(log, region, settings)
        if drift:
            drifted[log.interface_id] = Drift(region, log.interface_id, log.flow_log_id, drift)
    seen: set[str] = set()
    for interface in _interfaces(region, vpc, vpc_ids):
        if interface.interface_id > after and interface.interface_id not in seen:
            seen.add(interface.interface_id)
            _sort_in(inventory, interface, settings, covered, drifted)
    inventory.missing.sort()
    return inventory


def drift_of(log: FlowLog, region: str, settings: Settings) -> str:
    """How a flow log differs from the settings; empty when it does not."""
    if not log.enabled:
        return "disabled"
    if log.topic_state == "DELETED":
        return "topic deleted"
    if log.storage != settings.storage or (log.storage == "cls" and log.topic_id != settings.topic_for(region)):
        return "another topic"
    return "another traffic type" if log.traffic_type != settings.traffic_type else ""


def _sort_in(
    inventory: Inventory, interface: Interface, settings: Settings, covered: set[str], drifted: dict[str, Drift]
) -> None:
    if interface.interface_id in covered:
        inventory.count(interface, "covered")
        drift = drifted.get(interface.interface_id)
        if drift:
            inventory.coverage[interface.vpc_id]["drift"] += 1
            if len(inventory.drift) < MAX_REPORT_ITEMS:
                inventory.drift.append(drift)
        return
    outcome, reason = rules.decide(interface, settings)
    if outcome is Outcome.PLANNED:
        inventory.count(interface, "missing")
        # Thousands share a VPC: its id is kept once.
        inventory.missing.append((interface.interface_id, sys.intern(interface.vpc_id)))
        return
    inventory.count(interface, outcome.value)
    if len(inventory.set_aside) < MAX_REPORT_ITEMS:
        inventory.set_aside.append(result_of(interface, outcome, reason))


def _flow_logs(region: str, vpc: Vpc) -> Iterator[FlowLog]:
    pacer = Pacer(FLOW_LOG_READS_PER_S)
    return _all_pages(lambda offset: vpc.flow_log_page(region, offset, pacer))


def _interfaces(region: str, vpc: Vpc, vpc_ids: Sequence[str]) -> Iterator[Interface]:
    pacer = Pacer(INTERFACE_READS_PER_S)
    for group in list(chunks(vpc_ids, FILTER_VALUES)) or [()]:
        yield from _all_pages(lambda offset, group=group: vpc.interface_page(region, offset, group, pacer))  # type: ignore[misc]


def _all_pages(read: Callable[[int], tuple[list[Entry], int]]) -> Iterator[Entry]:
    """Every entry, reading no more pages than the total asks for, several at a time.

    A total that is less than what came with it says nothing: then it is read on until a page is not full.
    """
    first, total = read(0)
    yield from first
    if total < len(first):
        yield from _to_the_end(read, len(first))
        return
    offsets = range(PAGE, total, PAGE)
    if not offsets:
        return
    with ThreadPoolExecutor(min(READERS, len(offsets))) as pool:
        # A window of pages, not all of them: what has been read waits in memory until it is used.
        for start in range(0, len(offsets), READERS * 2):
            for entries, _ in pool.map(read, offsets[start : start + READERS * 2]):
                yield from entries


def _to_the_end(read: Callable[[int], tuple[list[Entry], int]], offset: int) -> Iterator[Entry]:
    while offset % PAGE == 0:
        entries, _ = read(offset)
        yield from entries
        if not entries:
            return
        offset += len(entries)
