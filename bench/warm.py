"""The warm event, and a batch of them."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from bench import payloads, process
from bench.endpoint import Endpoint
from bench.programs.common import REGION
from bench.table import Row, percentile
from localcloud import LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.contenders import Field

MORE_CPU_MS = 2.0
BATCH = 1_000
PLAIN = 300
"""So many of them are enough to tell how fast the plain way is."""
_CLOCKS = ("CPU", "wall")


def events(contestants: Field, number: int) -> Iterator[Row]:
    """CPU and wall time of an event over that of a bare signed request, p50 and p99."""
    names = [f"eni-{index:08d}" for index in range(number)]
    work: dict[str, Any] = {
        "events": [payloads.created(name, "vpc-pq9vxykj") for name in names],
        "params": {
            "FlowLogName": "auto-eni-78ysaex1",
            "ResourceType": "NETWORKINTERFACE",
            "ResourceId": "eni-78ysaex1",
            "TrafficType": "ALL",
            "VpcId": "vpc-pq9vxykj",
            "CloudLogId": "dfb8f1a2-8522-47c1-8571-67905167ab3f",
        },
    }
    with Endpoint() as endpoint:
        settings = {"FLOWLOG_API_ENDPOINT": endpoint.url}
        said = process.run(contestants.python, contestants.with_ours("warm"), work, settings)
        vendors = {**work, "events": work["events"][: max(20, number // 10)]}
        vendor = process.run(contestants.python, contestants.with_vendor("vendor"), vendors, settings)["runs"]
    for clock, name in enumerate(_CLOCKS):
        ours, bare = ([each[clock] * 1e3 for each in of] for of in (said["ours"], said["bare"]))
        theirs = [each[f"{name.lower()}_s"] * 1e3 for each in vendor]
        for part, label in ((0.5, "p50"), (0.99, "p99")):
            mine, least = percentile(ours, part), percentile(bare, part)
            targeted = (name, label) == ("CPU", "p50")
            yield Row(
                f"warm event, {name} {label}, ms",
                f"{mine:.2f}",
                f"bare signed request: {least:.2f}",
                f"{mine - least:+.2f} ms",
                f"≤ +{MORE_CPU_MS:.1f} ms" if targeted else "",
                mine - least <= MORE_CPU_MS if targeted else None,
            )
        middle = statistics.median(theirs)
        ratio = percentile(ours, 0.5) / middle
        yield Row(f"warm event, {name} p50, ms", f"{percentile(ours, 0.5):.2f}", f"(b): {middle:.2f}", f"{ratio:.2f}")


def batch(contestants: Field, runs: int) -> Iterator[Row]:
    """Events a second for an EventList of interfaces that all have a flow log, against the local cloud, limits off."""
    with LocalCloud(enforce_limits=False) as cloud:
        ids = cloud.seed_interfaces(REGION, BATCH, flow_logs=BATCH)
        vpc_id, _ = cloud.network_of(REGION)
        event = {"EventList": [payloads.created(each, vpc_id) for each in ids]}
        settings = process.cloud_settings(cloud)
        said = process.run(contestants.python, contestants.ours, {"events": [event] * runs}, settings)
        outcomes = [run["outcomes"]["covered"] for run in said["runs"]]
        assert outcomes == [BATCH] * runs, outcomes
        work = {"asks": False, "interfaces": [(each, vpc_id) for each in ids[:PLAIN]]}
        plain = process.run(contestants.python, contestants.with_vendor("plain"), work, settings)
    ours = BATCH / statistics.median(run["wall_s"] for run in said["runs"])
    cpu = statistics.median(run["cpu_s"] for run in said["runs"]) / BATCH * 1e3
    peer = PLAIN / plain["wall_s"]
    yield Row(
        f"batch of {BATCH:,} covered, events/s ({cpu:.1f} ms CPU each)",
        f"{ours:.0f}",
        f"typed client, one by one: {peer:.0f}",
        f"{ours / peer:.1f}",
    )
