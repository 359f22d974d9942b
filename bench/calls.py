"""API calls, and the pace of a backfill under the documented limits."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from bench import payloads, process
from bench.programs.common import REGION
from bench.table import Row
from localcloud import LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.contenders import Field

OVER_FLOOR = 1.02
SHARE = 0.95
LIMIT = 20
"""CreateFlowLog, a second, region and sub-account (doc 215/35015)."""
LATENCIES_S = (0.02, 0.15, 0.5)
SLOW_S = 0.1
"""Where a plain loop is slower than the limit, fewer of its creates tell as much."""
_PAGE = 100
_CREATE = "CreateFlowLog"


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
            work = {"events": [event]}
            process.run(contestants.python, contestants.ours, work, process.cloud_settings(cloud))
            calls = len(cloud.calls)
            peer = f"floor: {floor}; plain way: {floor + 1}"
            yield Row(
                f"API calls, event {name}", str(calls), peer, f"{calls / floor:.2f}", f"≤ {floor}", calls <= floor
            )


def of_backfill(contestants: Field, number: int) -> Iterator[Row]:
    """Calls of a backfill, a quarter of it covered, beside the floor and the plain way, each on a cloud of its own."""
    covered = number // 4
    with ExitStack() as stack:
        clouds = [stack.enter_context(LocalCloud(enforce_limits=False)) for _ in range(2)]
        for cloud in clouds:
            cloud.seed_interfaces(REGION, number - 1, flow_logs=covered)  # and the instance's own
        settings = [process.cloud_settings(cloud) for cloud in clouds]
        fast = {"events": [{"command": "backfill", "regions": [REGION]}], "reads_unpaced": True}
        process.run(contestants.python, contestants.ours, fast, {**settings[0], "FLOWLOG_CREATE_RATE": "100000"})
        process.run(contestants.python, contestants.with_vendor("plain"), {"asks": True}, settings[1])
        calls, plain = (len(cloud.calls) for cloud in clouds)
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
    with ThreadPoolExecutor(len(LATENCIES_S)) as pool:
        ours = [pool.submit(of_ours, contestants, latency, number) for latency in LATENCIES_S]
    with ThreadPoolExecutor(len(LATENCIES_S)) as pool:
        plain = [
            pool.submit(_plain, contestants, latency, number // 2 if latency < SLOW_S else number // 8)
            for latency in LATENCIES_S
        ]
    for latency, mine, theirs in zip(LATENCIES_S, ours, plain, strict=True):
        (share, throttled), (peer, peer_throttled) = mine.result(), theirs.result()
        yield Row(
            f"pace at {latency * 1e3:.0f} ms latency, share of the limit",
            f"{share:.3f}, {throttled} throttled",
            f"plain loop: {peer:.2f}, {peer_throttled} throttled",
            f"{share / peer:.2f}",
            f"≥ {SHARE}, none throttled",
            round(share, 2) >= SHARE and not throttled,
        )


def of_ours(contestants: Field, latency: float, number: int, enter: Sequence[str] = ()) -> tuple[float, int]:
    """The creates of a backfill: their share of the limit, and how many were throttled."""
    with LocalCloud(latency_s=latency) as cloud:
        cloud.seed_interfaces(REGION, number - 1)
        work = {"events": [{"command": "backfill", "regions": [REGION]}]}
        process.run(contestants.python, contestants.ours, work, process.cloud_settings(cloud), enter)
        return _share(cloud)


def _plain(contestants: Field, latency: float, number: int) -> tuple[float, int]:
    with LocalCloud(latency_s=latency) as cloud:
        ids = cloud.seed_interfaces(REGION, number)
        work: dict[str, Any] = {"asks": False, "interfaces": [(each, cloud.network_of(REGION)[0]) for each in ids]}
        process.run(contestants.python, contestants.with_vendor("plain"), work, process.cloud_settings(cloud))
        return _share(cloud)


def _share(cloud: LocalCloud) -> tuple[float, int]:
    """The creates that were made, a second, over the limit; and how many were throttled."""
    creates = cloud.calls.of(_CREATE)
    made = [call.time for call in creates if call.code is None]
    return (len(made) - 1) / (made[-1] - made[0]) / LIMIT, len(creates) - len(made)
