"""Deployed, an interface that anybody makes gets its flow log by itself: on a local cloud, or on a real account.

The real account is opt-in (`-m real_cloud`), and needs besides the operator's keys and settings:

    ENI_FLOWLOG_REAL_INSTANCE=ins-…    a running instance to which one more interface can be attached
    ENI_FLOWLOG_REAL_SUBNET=subnet-…   a subnet in its VPC and zone

all in TENCENTCLOUD_REGION, where nothing called eni-flowlog is deployed. What the test made it takes away again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from localcloud import LocalCloud
from ops.config import FILE
from ops.deployment.assembly import open_deployment, plan_deployment
from ops.deployment.cloud import VPC, Cloud
from ops.deployment.step import Verb
from ops.doctor.examine import examine
from ops.doctor.finding import State
from tests.support.deployed import wait_until
from tests.support.deployment import deploy, remove, shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ops.deployment.wanted import Deployment
    from ops.packaging.package import Package

INSTANCE, SUBNET = "ENI_FLOWLOG_REAL_INSTANCE", "ENI_FLOWLOG_REAL_SUBNET"


@dataclass(frozen=True)
class Place:
    """Where the test runs, and how long it waits there for what happens by itself, in seconds."""

    deployment: Deployment
    account: Cloud
    instance: str
    subnet: str
    patience_s: float

    def wait(self, look: Callable[[], list[dict[str, Any]]]) -> None:
        """Look for something again and again until it is there."""
        wait_until(lambda: bool(look()), self.patience_s, pause_s=self.patience_s / 200)


def local() -> Iterator[Place]:
    with LocalCloud(time_scale=0.1) as cloud:
        yield Place(*open_deployment(FILE, shell=shell(cloud)), cloud.instance_id, cloud.subnet_id, patience_s=20.0)


def real() -> Iterator[Place]:
    if not (os.environ.get(INSTANCE) and os.environ.get(SUBNET)):
        pytest.skip(f"opt-in: set {INSTANCE} and {SUBNET} (and keys) to run it on a real account")
    yield Place(*open_deployment(FILE), os.environ[INSTANCE], os.environ[SUBNET], patience_s=120.0)


@pytest.fixture(
    params=[
        pytest.param(local, id="local"),
        pytest.param(real, id="real", marks=[pytest.mark.real_cloud, pytest.mark.timeout(900)]),
    ]
)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    yield from request.param()


def test_an_interface_gets_its_flow_log_by_itself(place: Place, package: Package) -> None:
    """Deploy, make an interface by an API call, and do nothing else; then doctor is content, and remove takes all."""
    wanted, account = place.deployment, place.account
    try:
        assert {step.verb for step in deploy(wanted, account, package.archive)} == {Verb.CREATE}
        assert {step.verb for step in plan_deployment(wanted, account, package.archive).steps} == {Verb.NOTHING}
        interface = attach_interface(place)
        try:
            place.wait(lambda: flow_logs_of(account, interface))
            assert [log["FlowLogName"] for log in flow_logs_of(account, interface)] == [f"auto-{interface}"]
            troubles = [finding for finding in examine(wanted, account) if finding.state is State.FAIL]
            # What was there before is for the sweep, or for a backfill, and not this test's to cover.
            assert [finding for finding in troubles if finding.check != "coverage"] == []
        finally:
            delete_interface(place, interface)
    finally:
        remove(wanted, account)
    assert {step.verb for step in plan_deployment(wanted, account, package.archive).steps} == {Verb.CREATE}


def attach_interface(place: Place) -> str:
    """Make an interface on the instance."""
    [vpc] = {subnet["VpcId"] for subnet in subnets(place)}
    params = {
        "VpcId": vpc,
        "SubnetId": place.subnet,
        "InstanceId": place.instance,
        "NetworkInterfaceName": "eni-flowlog-test",
    }
    reply = place.account.change(VPC, "CreateAndAttachNetworkInterface", params)
    return str(reply["NetworkInterface"]["NetworkInterfaceId"])


def subnets(place: Place) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = place.account.call(VPC, "DescribeSubnets", {"SubnetIds": [place.subnet]})["SubnetSet"]
    return found


def flow_logs_of(account: Cloud, interface: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = account.call(VPC, "DescribeFlowLogs", {"ResourceId": interface})["FlowLog"]
    return found


def delete_interface(place: Place, interface: str) -> None:
    """Take the interface and its flow log away again."""
    account = place.account
    for log in flow_logs_of(account, interface):
        account.delete(VPC, "DeleteFlowLog", {"VpcId": log["VpcId"], "FlowLogId": log["FlowLogId"]})
    which = {"NetworkInterfaceId": interface}
    place.wait(lambda: settled(account, interface, attached=True))
    account.call(VPC, "DetachNetworkInterface", {**which, "InstanceId": place.instance})
    place.wait(lambda: settled(account, interface, attached=False))
    account.call(VPC, "DeleteNetworkInterface", which)


def settled(account: Cloud, interface: str, *, attached: bool) -> list[dict[str, Any]]:
    """The interface, once it is no longer on its way to an instance or from it."""
    reply = account.call(VPC, "DescribeNetworkInterfaces", {"NetworkInterfaceIds": [interface]})
    return [
        entry
        for entry in reply["NetworkInterfaceSet"]
        if entry["State"] == "AVAILABLE" and bool((entry.get("Attachment") or {}).get("InstanceId")) is attached
    ]
