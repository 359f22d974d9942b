"""A backfill that does not fit into the time limit, by the very package: it invokes itself until all is done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from localcloud import LocalCloud
from tests.support.deployed import NAME, deploy

if TYPE_CHECKING:
    from ops.packaging.package import Package

LIMIT_S = 8
INTERFACES = 500


def test_it_completes_over_its_hops(package: Package) -> None:
    """500 interfaces, a limit of 8 seconds and a pace that does 200 in it: each is made once, and the chain ends."""
    with LocalCloud(latency_s=0.05) as cloud:
        cloud.limits.set("CreateFlowLog", 40)
        deployed = deploy(cloud, package, timeout_s=LIMIT_S, FLOWLOG_CREATE_RATE="38")
        interfaces = cloud.seed_interfaces(cloud.region, INTERFACES - 1)
        deployed.call(
            "scf", "Invoke", FunctionName=NAME, InvocationType="Event", ClientContext='{"command":"backfill"}'
        )
        assert cloud.background.wait_until_idle(60)
        hops = deployed.invocations()
        assert [run.error for run in hops] == [None] * len(hops)
        assert 3 <= len(hops) <= 12  # how many depends on the machine, that it is several and ends does not
        assert [run.result["continued"] for run in hops] == [True] * (len(hops) - 1) + [False]
        assert {json.loads(run.event).get("hop", 0) for run in hops} == {0}  # each has made progress
        assert sum(run.result["outcomes"]["created"] for run in hops) == INTERFACES
        assert all(deployed.covered(cloud.region, each) for each in interfaces)
        assert max(run.duration_ms for run in hops) < LIMIT_S * 1_000
        assert deployed.letters() == []
