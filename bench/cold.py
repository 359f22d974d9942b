"""Cold start and memory: a process for each measurement, the contenders in turn."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bench import payloads, process
from bench.endpoint import Endpoint
from bench.programs.common import INTERFACE_ID
from bench.table import Ratio, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.contenders import Contender, Field

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
    contenders = (contestants.ours, *contestants.peers)
    times = measure(contestants, contenders, runs)
    ours = times[contestants.ours.name]
    targets = (OVER_VENDOR, None, OVER_FLOOR, None)
    for peer, target in zip(contestants.peers, targets, strict=True):
        yield _row("cold start, ms", ours.wall, peer.name, times[peer.name].wall, target)
    for peer in contestants.peers:
        yield _row("  of it CPU, ms", ours.cpu, peer.name, times[peer.name].cpu)


def measure(
    contestants: Field, contenders: Sequence[Contender], runs: int, enter: Sequence[str] = ()
) -> dict[str, Times]:
    """The times of the contenders, in turn, so often; `enter` begins their command, see `process.start`."""
    times = {each.name: Times() for each in contenders}
    with Endpoint() as endpoint:
        for number in range(-1, runs):  # the first round only warms the page cache
            for contender in contenders:
                wall, cpu = _once(contestants, contender, endpoint, enter)
                if number >= 0:
                    times[contender.name].wall.append(wall)
                    times[contender.name].cpu.append(cpu)
    return times


def _once(contestants: Field, contender: Contender, endpoint: Endpoint, enter: Sequence[str]) -> tuple[float, float]:
    settings = {"FLOWLOG_API_ENDPOINT": endpoint.url}
    with process.start(contestants.python, contender, {"event": EVENT, "times": 1}, settings, enter) as started:
        endpoint.watch(started.process.pid)
        arrived, cpu = endpoint.arrival()
        started.finish()
    return arrived - started.started, cpu


def _row(figure: str, ours: Sequence[float], name: str, peers: Sequence[float], target: float | None = None) -> Row:
    ratio = Ratio.of(ours, peers)
    return Row(
        figure,
        f"{statistics.median(ours) * 1e3:.0f}",
        f"{name}: {statistics.median(peers) * 1e3:.0f}",
        str(ratio),
        f"≤ {target:.2f}" if target else "",
        ratio.median <= target if target else None,
    )


def memory(contestants: Field, runs: int) -> Iterator[Row]:
    """Peak memory after one event and after a thousand, beside each peer."""
    with Endpoint() as endpoint:
        one = {
            each.name: statistics.median(_peak(contestants, each, endpoint, 1) for _ in range(runs))
            for each in (contestants.ours, *contestants.peers)
        }
        many = {
            each.name: _peak(contestants, each, endpoint, events)
            for each, events in (
                (contestants.ours, MANY_EVENTS),
                (contestants.peers[1], SOME_EVENTS),
                (contestants.peers[2], MANY_EVENTS),
            )
        }
    ours = contestants.ours.name
    rows = [_memory_row("peak memory after 1 event, MB", one[ours], each.name, one) for each in contestants.peers]
    yield replace(rows[0], target=f"≤ {MEMORY_MB:.0f} MB", met=one[ours] <= MEMORY_MB)
    yield from rows[1:]
    for peer, events in zip(contestants.peers[1:3], (f" ({SOME_EVENTS} of the peer)", ""), strict=True):
        yield _memory_row(f"peak memory after {MANY_EVENTS:,}{events}, MB", many[ours], peer.name, many)
    growth = many[ours] / one[ours]
    yield Row(
        f"peak memory after {MANY_EVENTS:,} over after 1",
        f"{many[ours]:.1f} MB",
        f"after 1: {one[ours]:.1f} MB",
        f"{growth:.3f}",
        f"≤ {MEMORY_GROWTH}",
        growth <= MEMORY_GROWTH,
    )


def _peak(contestants: Field, contender: Contender, endpoint: Endpoint, events: int) -> float:
    """In MB of 1,024 kB, as SCF's sizes are."""
    work = {"event": EVENT, "times": events}
    said = process.run(contestants.python, contender, work, {"FLOWLOG_API_ENDPOINT": endpoint.url})
    return float(said["peak_kb"]) / 1024


def _memory_row(figure: str, ours: float, peer: str, peaks: Mapping[str, float]) -> Row:
    return Row(figure, f"{ours:.1f}", f"{peer}: {peaks[peer]:.1f}", f"{ours / peaks[peer]:.2f}")
