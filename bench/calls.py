"""API calls, and the pace of a backfill under the documented limits."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from bench import payloads, process
from bench.programs.common import REGION
from bench.table import Row
from localcloud import LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.contenders import Contender, Field

OVER_FLOOR = 1.02
SHARE = 0.95
LIMIT = 20
"""CreateFlowLog, a second, region and sub-account (doc 215/35015)."""
LATENCIES_S = (0.02, 0.15, 0.5)
SLOW_S = 0.1
"""Where a plain loop is slower than the limit, fewer of its creates tell as much."""
BACKFILL = {"event": {"command": "backfill", "regions": [REGION]}}
_PAGE = 100


def of_events(contestants: Field) -> Iterator[Row]:
    """Calls of one event, beside the fewest there can be and beside the plain way, which asks before it creates."""
    with LocalCloud(enforce_limits=False) as cloud:
        instance = cloud.seed_instance(REGION)
        named, loose = (cloud.seed_interface(REGION, instance_id=instance) for _ in range(2))
        events = {
            "that names its VPC": (payloads.created(named, cloud.network_of(REGION)[0]), 1),
            "of an attach": (payloads.attached(loose, instance), 2),
        }
        for name, (event, floor) in events.items():
            cloud.calls.clear()
            process.in_cloud(cloud, contestants.ours, {"event": event})
            calls = len(cloud.calls)
            peer = f"floor: {floor}; plain way: {floor + 1}"
            yield Row(
                f"API calls, event {name}", str(calls), peer, f"{calls / floor:.2f}", f"≤ {floor}", calls <= floor
            )


def of_backfill(contestants: Field, number: int) -> Iterator[Row]:
    """Calls of a backfill, a quarter of it covered, beside the floor and the plain way, each on a cloud of its own."""
    covered = number // 4

    def calls_of(contender: Contender, work: Mapping[str, Any]) -> int:
        with LocalCloud(enforce_limits=False) as cloud:
            cloud.seed_interfaces(REGION, number - 1, flow_logs=covered)  # and the instance's own
            process.in_cloud(cloud, contender, work, FLOWLOG_CREATE_RATE="100000")
            return len(cloud.calls)

    calls = calls_of(contestants.ours, {**BACKFILL, "reads_unpaced": True})
    plain = calls_of(contestants.with_vendor("plain"), {"asks": True})
    floor = number - covered + math.ceil(number / _PAGE) + math.ceil(covered / _PAGE)
    yield Row(
        f"API calls, backfill of {number}, {covered} covered",
        str(calls),
        f"floor: {floor}; plain way: {plain}",
        f"{calls / floor:.3f}",
        f"≤ {OVER_FLOOR}",
        calls <= floor * OVER_FLOOR,
    )


def pace(contestants: Field, number: int) -> Iterator[Row]:
    """Creates a second as a share of the limit at several latencies, side by side; then a plain loop's."""
    fewer = [number // 2 if latency < SLOW_S else number // 8 for latency in LATENCIES_S]
    with ThreadPoolExecutor() as pool:
        ours = list(pool.map(lambda latency: of_creates(contestants.ours, BACKFILL, latency, number), LATENCIES_S))
        loop = contestants.with_vendor("plain")
        plain = list(pool.map(lambda *each: of_creates(loop, {"asks": False}, *each), LATENCIES_S, fewer))
    for latency, (share, throttled), (peer, peer_throttled) in zip(LATENCIES_S, ours, plain, strict=True):
        yield Row(
            f"pace at {latency * 1e3:.0f} ms latency, share of the limit",
            f"{share:.3f}, {throttled} throttled",
            f"plain loop: {peer:.2f}, {peer_throttled} throttled",
            f"{share / peer:.2f}",
            f"≥ {SHARE}, none throttled",
            round(share, 2) >= SHARE and not throttled,
        )


def of_creates(
    contender: Contender, work: Mapping[str, Any], latency: float, number: int, enter: Sequence[str] = ()
) -> tuple[float, int]:
    """The creates of so many flow logs: how many were made a second, over the limit, and how many were throttled."""
    with LocalCloud(latency_s=latency) as cloud:
        cloud.seed_interfaces(REGION, number - 1)  # and the instance's own
        process.in_cloud(cloud, contender, work, enter)
        creates = cloud.calls.of("CreateFlowLog")
    made = [call.time for call in creates if call.code is None]
    return (len(made) - 1) / (made[-1] - made[0]) / LIMIT, len(creates) - len(made)
