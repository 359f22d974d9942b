"""Cold start and memory: a process for each measurement, the contenders in turn."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bench import payloads, process
from bench.endpoint import listening
from bench.programs.common import INTERFACE_ID
from bench.table import Row, beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.contenders import Contender, Field
    from bench.endpoint import Endpoint

EVENT = payloads.created(INTERFACE_ID, "vpc-pq9vxykj")
OVER_VENDOR, OVER_FLOOR = 0.23, 1.10
MEMORY_MB, MEMORY_GROWTH = 40.0, 1.05
MANY_EVENTS = 1_000
SOME_EVENTS = 100
"""For the vendor's way, which takes 20 ms and more for each."""


@dataclass
class Times:
    """From the process's start to its first request's arrival: seconds of wall and of CPU time, run by run."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def starts(contestants: Field, runs: int) -> Iterator[Row]:
    """Cold start, beside each peer."""
    times = measure((contestants.ours, *contestants.peers), runs)
    ours = times[contestants.ours.name]
    targets = (OVER_VENDOR, None, OVER_FLOOR, None)
    for peer, target in zip(contestants.peers, targets, strict=True):
        yield _row("cold start, ms", ours.wall, peer.name, times[peer.name].wall, target)
    for peer in contestants.peers:
        yield _row("  of it CPU, ms", ours.cpu, peer.name, times[peer.name].cpu)


def measure(contenders: Sequence[Contender], runs: int, enter: Sequence[str] = ()) -> dict[str, Times]:
    """The times of the contenders, in turn, so often; `enter` begins their command, see `process.run`."""
    times = {each.name: Times() for each in contenders}
    with listening() as endpoint:
        for number in range(-1, runs):  # the first round only warms the page cache
            for contender in contenders:
                said = process.run(contender, {"event": EVENT}, endpoint.settings, enter, endpoint.watch)
                arrived, cpu = endpoint.arrival()
                if number >= 0:
                    times[contender.name].wall.append(arrived - said["started_s"])
                    times[contender.name].cpu.append(cpu)
    return times


def _row(figure: str, ours: Sequence[float], name: str, peers: Sequence[float], target: float | None = None) -> Row:
    """A ratio is taken pair by pair, with its quartiles: what disturbs the machine disturbs both of a pair."""
    ratios = [mine / theirs for mine, theirs in zip(ours, peers, strict=True)]
    low, ratio, high = statistics.quantiles(ratios, n=4)
    return replace(
        beside(figure, statistics.median(ours) * 1e3, name, statistics.median(peers) * 1e3, digits=0),
        ratio=f"{ratio:.2f} ({low:.2f}-{high:.2f})",
        target=f"≤ {target:.2f}" if target else "",
        met=ratio <= target if target else None,
    )


def memory(contestants: Field, runs: int) -> Iterator[Row]:
    """Peak memory after one event and after a thousand, beside each peer."""
    with listening() as endpoint:
        one = {
            each.name: statistics.median(_peak(each, endpoint, 1) for _ in range(runs))
            for each in (contestants.ours, *contestants.peers)
        }
        most = _peak(contestants.ours, endpoint, MANY_EVENTS)
        bytecode, floor = contestants.peers[1:3]
        some = _peak(bytecode, endpoint, SOME_EVENTS)
        floors = _peak(floor, endpoint, MANY_EVENTS)
    least = one[contestants.ours.name]
    rows = [beside("peak memory after 1 event, MB", least, each.name, one[each.name]) for each in contestants.peers]
    yield replace(rows[0], target=f"≤ {MEMORY_MB:.0f} MB", met=least <= MEMORY_MB)
    yield from rows[1:]
    yield beside(f"peak memory after {MANY_EVENTS:,} ({SOME_EVENTS} of the peer), MB", most, bytecode.name, some)
    yield beside(f"peak memory after {MANY_EVENTS:,}, MB", most, floor.name, floors)
    growth = most / least
    yield Row(
        f"peak memory after {MANY_EVENTS:,} over after 1",
        f"{most:.1f} MB",
        f"after 1: {least:.1f} MB",
        f"{growth:.3f}",
        f"≤ {MEMORY_GROWTH}",
        growth <= MEMORY_GROWTH,
    )


def _peak(contender: Contender, endpoint: Endpoint, events: int) -> float:
    """In MB of 1,024 kB, as SCF's sizes are."""
    said = process.run(contender, {"event": EVENT, "times": events}, endpoint.settings)
    return float(said["peak_kb"]) / 1024
