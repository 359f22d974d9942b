"""The very package in the local cloud, from the user's API call to the flow log: nothing of ours is called directly.

FLOWLOG_BURST sets how many events the burst has (200; the platform's daily cap is 2,000).
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from localcloud import LocalCloud
from localcloud.core import faults
from localcloud.scf.invoker import EVENT_BUS
from localcloud.vpc.model import Network
from ops.config import FILE
from ops.deployment.assembly import open_deployment
from ops.doctor.examine import examine
from ops.doctor.finding import State
from tests.support import deployment, records
from tests.support.client import Client
from tests.support.deployed import NAME, QUEUE, Deployed, deploy, environment, wait_until
from tests.support.deployment import shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.packaging.package import Package

BURST = int(os.environ.get("FLOWLOG_BURST", "200"))
REGIONS = ("ap-guangzhou", "ap-shanghai")
PASSWORD = "Planted-Password-0123"  # what a test must not find again


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """A cloud at the platform's own pace."""
    with LocalCloud() as running:
        yield running


@pytest.fixture
def quick() -> Iterator[LocalCloud]:
    """A cloud whose waits are a hundredth of the platform's: one minute is 0.6 seconds."""
    with LocalCloud(time_scale=0.01) as running:
        yield running


def settled(deployed: Deployed, seconds: float = 30.0) -> None:
    """Wait until all that is under way has ended."""
    assert deployed.cloud.background.wait_until_idle(seconds)


def invoke(deployed: Deployed, command: dict[str, Any]) -> dict[str, Any]:
    """Run the function by hand and return its report."""
    reply = deployed.call("scf", "Invoke", FunctionName=NAME, ClientContext=json.dumps(command))["Result"]
    assert reply["ErrMsg"] == ""
    report: dict[str, Any] = json.loads(reply["RetMsg"])
    return report


def run_instances(deployed: Deployed, region: str) -> str:
    """Start an instance, with a password, and return its primary interface."""
    vpc_id, subnet_id = deployed.cloud.network_of(region)
    reply = deployed.call(
        "cvm",
        "RunInstances",
        region,
        Placement={"Zone": f"{region}-3"},
        ImageId="img-1",
        VirtualPrivateCloud={"VpcId": vpc_id, "SubnetId": subnet_id},
        LoginSettings={"Password": PASSWORD},
    )
    return deployed.cloud.primary_interface_of(region, reply["InstanceIdSet"][0])


def test_a_new_interface_has_its_flow_log_by_itself(cloud: LocalCloud, package: Package) -> None:
    """In any region, from the end of the call, cold start and delivery included, with no other step.

    It takes about one; ten leave room for a machine that is busy with other tests.
    """
    deployed = deploy(cloud, package)
    for region in REGIONS:
        interface = deployed.attached_interface(region)
        wait_until(lambda r=region, i=interface: deployed.covered(r, i), 10.0, f"the flow log in {region}")  # type: ignore[misc]
    settled(deployed)
    assert [run.result["outcomes"]["created"] for run in deployed.invocations()] == [1, 1]
    assert [run.cold for run in deployed.invocations()] == [True, False]
    assert deployed.letters() == []


def test_an_interface_made_loose_has_its_flow_log_once_it_is_attached(cloud: LocalCloud, package: Package) -> None:
    """The first event finds it without an instance and waits; the second, which names no VPC, brings the flow log."""
    deployed = deploy(cloud, package)
    made = deployed.call(
        "vpc",
        "CreateNetworkInterface",
        NetworkInterfaceName="loose",
        VpcId=cloud.vpc_id,
        SubnetId=cloud.subnet_id,
    )
    interface = made["NetworkInterface"]["NetworkInterfaceId"]
    settled(deployed)
    assert [run.result["outcomes"]["waiting"] for run in deployed.invocations()] == [1]
    deployed.call("vpc", "AttachNetworkInterface", NetworkInterfaceId=interface, InstanceId=cloud.instance_id)
    wait_until(lambda: deployed.covered(cloud.region, interface), 2.0, "the flow log")


def test_a_new_instance_is_covered_within_its_boot_and_five_seconds(cloud: LocalCloud, package: Package) -> None:
    """The event names no interface, which is not even visible yet; and the password in it goes nowhere."""
    cloud.behaviour.boot_delay_s = 2.0
    deployed = deploy(cloud, package)
    interface = run_instances(deployed, "ap-shanghai")
    wait_until(lambda: deployed.covered("ap-shanghai", interface), 2.0 + 5.0, "the flow log")
    settled(deployed)
    (run,) = deployed.invocations()
    assert PASSWORD in run.event
    assert PASSWORD not in f"{run.result_json}{run.log}"


def test_outside_of_guangzhou_a_dead_letter_arrives(quick: LocalCloud, package: Package) -> None:
    """Deployed by the operator's command, in a region that is not the event bus's: the role may use its own queue."""
    wanted, account = open_deployment(FILE, shell=shell(quick, TENCENTCLOUD_REGION="ap-shanghai"))
    deployment.deploy(wanted, account, package.archive)
    failed = [finding.check for finding in examine(wanted, account) if finding.state is State.FAIL]
    assert failed == ["coverage"]  # of the instance that was there before
    quick.faults.add("CreateFlowLog", faults.error("LimitExceeded"))
    interface = Deployed(quick, Client(quick), wanted).attached_interface("ap-shanghai")
    wait_until(lambda: bool(quick.messages(QUEUE, "ap-shanghai")), what="the dead letter")
    assert quick.background.wait_until_idle(60)
    (letter,) = [json.loads(body) for body in quick.messages(QUEUE, "ap-shanghai")]
    assert (letter["interface"]["interface_id"], letter["error"]["code"]) == (interface, "LimitExceeded")
    assert [run.region for run in quick.scf.invocations if run.source == EVENT_BUS] == ["ap-shanghai"]


def test_what_the_function_cannot_keep_the_platform_keeps_and_redrive_heals(
    quick: LocalCloud, package: Package
) -> None:
    """No permission and no queue: it raises, is retried twice and is in SCF's form on the queue; then made good."""
    deployed = deploy(quick, package, without=("CreateFlowLog",), FLOWLOG_DLQ_QUEUE="no-such-queue")
    interface = deployed.attached_interface("ap-shanghai")
    settled(deployed)
    runs = deployed.invocations()
    assert [run.attempt for run in runs] == [1, 2, 3]
    assert len({run.request_id for run in runs}) == 1
    assert [run.error and run.error["statusCode"] for run in runs] == [430, 430, 430]
    (letter,) = deployed.letters()
    assert json.loads(letter["Body"]["ClientContext"]) == json.loads(runs[0].event)
    assert (letter["ErrorCode"], letter["Body"]["RetryNum"], letter["RequestId"]) == (-1, 2, runs[0].request_id)
    assert "InvocationFailed" in letter["ErrorMessage"]

    deployed.permit_all()
    variables = [{"Key": key, "Value": value} for key, value in environment(quick).items()]
    deployed.call("scf", "UpdateFunctionConfiguration", FunctionName=NAME, Environment={"Variables": variables})
    report = invoke(deployed, {"command": "redrive"})
    assert report["outcomes"]["created"] == 1
    assert deployed.covered("ap-shanghai", interface)
    assert deployed.letters() == []


def test_a_role_that_scf_may_not_take_keeps_the_event_waiting(quick: LocalCloud, package: Package) -> None:
    """A system error is retried each minute; once the role's trust is right again, nothing was lost."""
    deployed = deploy(quick, package)
    other = {"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": ["cvm.qcloud.com"]}}
    wrong = json.dumps({"version": "2.0", "statement": [other]})
    right = deployed.call("cam", "GetRole", RoleName=NAME)["RoleInfo"]["PolicyDocument"]
    deployed.call("cam", "UpdateAssumeRolePolicy", RoleName=NAME, PolicyDocument=wrong)
    interface = deployed.attached_interface(quick.region)
    wait_until(lambda: any(run.error for run in deployed.invocations()), what="the refused run")
    deployed.call("cam", "UpdateAssumeRolePolicy", RoleName=NAME, PolicyDocument=right)
    wait_until(lambda: deployed.covered(quick.region, interface), what="the flow log")


def test_what_is_over_the_daily_cap_is_made_good_by_the_sweep(quick: LocalCloud, package: Package) -> None:
    """EventBridge drops what is over a target's daily cap; the timer's sweep finds it."""
    quick.eventbridge.switches.daily_cap = 2
    deployed = deploy(quick, package, sweep=True)
    interfaces = [deployed.attached_interface(quick.region) for _ in range(4)]
    settled(deployed)
    assert sum(deployed.covered(quick.region, interface) for interface in interfaces) == 2
    assert [one.outcome for one in quick.eventbridge.deliveries].count("over the daily cap") == 2
    quick.clock.advance(6 * 3600)
    wait_until(lambda: all(deployed.covered(quick.region, interface) for interface in interfaces), what="the sweep")


def test_a_burst_over_many_instances_makes_each_flow_log_once(package: Package) -> None:
    """Under the documented call limits, with 20 instances that know nothing of each other."""
    with LocalCloud(time_scale=0.01) as cloud:
        deployed = deploy(cloud, package)
        for number in range(BURST):
            region = REGIONS[number % len(REGIONS)]
            instance_id = cloud.seed_instance(region)
            interface, (vpc_id, _) = cloud.seed_interface(region, instance_id=instance_id), cloud.network_of(region)
            record = records.created(interface, vpc_id, region, instance_id=instance_id)
            cloud.eventbridge.put(records.cloud_event(record, id=f"burst-{interface}"))
        settled(deployed, 30.0 + BURST / 10)
        runs, letters = deployed.invocations(), deployed.letters()
        networks = [cloud.account.region(region).state(Network) for region in REGIONS]
        covered = [log.resource_id for network in networks for log in network.flow_logs]
    assert letters == []
    assert len(covered) == len(set(covered)) == BURST
    assert len(runs) == BURST
    assert 1 < len({run.instance_id for run in runs}) <= 20
    assert max(run.memory_mb for run in runs) < 64
