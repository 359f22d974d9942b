"""The warm event, and a batch of them."""

from __future__ import annotations

import statistics
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bench import payloads, process
from bench.endpoint import listening
from bench.programs.common import INTERFACE_ID, REGION
from bench.table import Row, beside
from localcloud import LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.contenders import Field

MORE_CPU_MS = 2.0
BATCH = 1_000
_CLOCKS = ("CPU", "wall")


def events(contestants: Field, number: int) -> Iterator[Row]:
    """CPU and wall time of an event over that of a bare signed request, p50 and p99."""
    work: dict[str, Any] = {
        "event": payloads.created(INTERFACE_ID, "vpc-pq9vxykj"),
        "times": number,
        "params": {
            "FlowLogName": f"auto-{INTERFACE_ID}",
            "ResourceType": "NETWORKINTERFACE",
            "ResourceId": INTERFACE_ID,
            "TrafficType": "ALL",
            "VpcId": "vpc-pq9vxykj",
            "CloudLogId": "dfb8f1a2-8522-47c1-8571-67905167ab3f",
        },
    }
    with listening() as endpoint:
        said = process.run(contestants.with_ours("warm"), work, endpoint.settings)
        fewer = {**work, "times": max(20, number // 10)}
        vendor = process.run(contestants.with_vendor("vendor"), fewer, endpoint.settings)
    for clock, name in enumerate(_CLOCKS):
        ours, bare, theirs = ([each[clock] * 1e3 for each in of] for of in (said["ours"], said["bare"], vendor["runs"]))
        middle = statistics.median(ours)
        over = _over(f"warm event, {name} p50, ms", middle, statistics.median(bare))
        if name == "CPU":
            met = middle - statistics.median(bare) <= MORE_CPU_MS
            over = replace(over, target=f"≤ +{MORE_CPU_MS:.1f} ms", met=met)
        yield over
        yield _over(f"warm event, {name} p99, ms", _p99(ours), _p99(bare))
        yield beside(f"warm event, {name} p50, ms", middle, "(b)", statistics.median(theirs), digits=2)


def _over(figure: str, ours: float, bare: float) -> Row:
    return Row(figure, f"{ours:.2f}", f"bare signed request: {bare:.2f}", f"{ours - bare:+.2f} ms")


def _p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[-1]


def batch(contestants: Field, runs: int) -> Iterator[Row]:
    """Events a second for an EventList of interfaces that all have a flow log, against the local cloud, limits off."""
    with LocalCloud(enforce_limits=False) as cloud:
        ids = cloud.seed_interfaces(REGION, BATCH, flow_logs=BATCH)
        vpc_id, _ = cloud.network_of(REGION)
        event = {"EventList": [payloads.created(each, vpc_id) for each in ids]}
        said = process.in_cloud(cloud, contestants.ours, {"event": event, "times": runs})
        assert said["outcomes"]["covered"] == BATCH, said
        plain = process.in_cloud(cloud, contestants.with_vendor("plain"), {"asks": False})
    cpu_s, wall_s = (statistics.median(seconds) for seconds in zip(*said["runs"], strict=True))
    figure = f"batch of {BATCH:,} covered, events/s ({cpu_s / BATCH * 1e3:.1f} ms CPU each)"
    yield beside(figure, BATCH / wall_s, "typed client, one by one", plain["interfaces"] / plain["wall_s"], digits=0)
