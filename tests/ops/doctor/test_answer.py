"""`eni-flowlog doctor` is green only where the answer is: all regions swept, all covered, what runs is what is here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from localcloud.core import faults as strike
from ops.config import FILE
from ops.deployment.cloud import SCF, VPC, Cloud
from ops.deployment.function import Function, digest
from ops.doctor.examine import examine
from ops.doctor.finding import Finding, State
from ops.errors import Exit
from tests.support.deployment import NAME, account_of, deploy, deployment_to, invoke, small_package

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud import LocalCloud
    from ops.deployment.wanted import Deployment
    from ops.packaging.package import Package
    from tests.support.operator import Operator


def of(findings: list[Finding], check: str) -> list[tuple[State, str]]:
    return [(finding.state, finding.what) for finding in findings if finding.check == check]


def test_what_is_not_covered_is_counted_by_what_is_wrong(
    cloud: LocalCloud, account: Cloud, deployed: Deployment
) -> None:
    """Missing, broken, with the commands that mend them; covered again, it is green."""
    [first] = cloud.seed_interfaces(cloud.region, 1)
    invoke(account, "backfill")
    [log] = account.call(VPC, "DescribeFlowLogs", {"ResourceId": first})["FlowLog"]
    account.call(VPC, "DisableFlowLogs", {"FlowLogIds": [log["FlowLogId"]]})
    refusal = cloud.faults.add("CreateFlowLog", strike.error("LimitExceeded"))  # the hourly sweep may come just now
    cloud.seed_interfaces(cloud.region, 2)
    [said] = [finding for finding in examine(deployed, account) if finding.check == "coverage"]
    assert (said.state, said.what) == (
        State.FAIL,
        "2 interfaces without a flow log, 1 interface whose flow log is broken",
    )
    assert said.todo == "See `eni-flowlog status`, then run `eni-flowlog backfill` and `eni-flowlog repair`."
    refusal.off()
    account.call(VPC, "EnableFlowLogs", {"FlowLogIds": [log["FlowLogId"]]})
    invoke(account, "backfill")
    assert of(examine(deployed, account), "coverage") == [(State.OK, "4 interfaces in 1 region, all covered")]


def test_a_region_that_is_not_swept_and_holds_interfaces_is_named(
    cloud: LocalCloud, account: Cloud, package: Package
) -> None:
    """FLOWLOG_REGIONS leaves it out: it is never green."""
    wanted = deployment_to(cloud, FLOWLOG_REGIONS=cloud.region)
    deploy(wanted, account, package.archive)
    invoke(account, "backfill")
    cloud.seed_interfaces("ap-beijing", 2)
    held = account.call(VPC, "DescribeNetworkInterfaces", region="ap-beijing")["TotalCount"]
    assert of(examine(wanted, account), "coverage") == [
        (State.FAIL, f"{held} interfaces in ap-beijing are not looked at: FLOWLOG_REGIONS leaves it out")
    ]


def test_regions_that_cannot_be_listed_are_no_green(cloud: LocalCloud, account: Cloud, deployed: Deployment) -> None:
    """Neither by the operator's keys, who might find another deployment, nor by the function's."""
    cloud.faults.add("DescribeRegions", strike.error("UnauthorizedOperation", "no permission"))
    findings = examine(deployed, account)
    [(state, what), *_] = of(findings, "coverage")
    assert state is State.FAIL
    assert "the account's regions could not be asked for (UnauthorizedOperation" in what
    assert (
        State.UNKNOWN,
        f"whether {NAME} is deployed in another region could not be seen (UnauthorizedOperation)",
    ) in (of(findings, "function"))


def test_a_deployment_in_another_region_is_found(
    cloud: LocalCloud, account: Cloud, deployed: Deployment, tmp_path: Path
) -> None:
    """Beside ours it sweeps as well; without ours it is probably what is meant."""
    there = account_of(cloud, region="ap-shanghai")
    deploy(replace(deployed, region="ap-shanghai"), there, small_package(tmp_path))
    two = f"there is a function {NAME} in ap-shanghai, whose sweep goes on there by its own settings"
    said = of(examine(deployed, account), "function")
    assert (State.FAIL, two) in said
    account.call(SCF, "DeleteFunction", {"FunctionName": NAME})
    [_, other] = examine(deployed, account)  # the keys work, and nothing else is worth a word
    assert other.what == two
    assert "give --function-region ap-shanghai; if it is one too many, run `eni-flowlog remove" in other.todo


def test_other_settings_than_here_are_named_one_by_one(account: Cloud, deployed: Deployment) -> None:
    """What deploy fills in itself is no difference."""
    variables = {**deployed.variables, "FLOWLOG_TRAFFIC_TYPE": "REJECT", "FLOWLOG_TOPIC_REGION": "ap-guangzhou"}
    pairs = [{"Key": key, "Value": value} for key, value in variables.items()]
    account.call(SCF, "UpdateFunctionConfiguration", {"FunctionName": NAME, "Environment": {"Variables": pairs}})
    Function(deployed, account).settle()
    assert of(examine(deployed, account), "settings") == [
        (State.WARN, "FLOWLOG_TRAFFIC_TYPE is REJECT in the function, and ALL here.")
    ]


def test_other_code_than_this_checkout_makes_is_a_warning(
    account: Cloud, deployed: Deployment, package: Package, tmp_path: Path
) -> None:
    """By the digest that deploy has left; where the package could not be made here, it cannot be told."""
    other = small_package(tmp_path)
    [(state, what)] = of(examine(deployed, account, other), "code")
    assert (state, what) == (
        State.WARN,
        f"it runs the package {package.sha256[:12]}, and this checkout makes {digest(other)[:12]}",
    )
    assert of(examine(deployed, account, "no Python"), "code") == [
        (State.UNKNOWN, "whether it is this checkout's could not be told: no Python")
    ]


def test_a_warning_is_not_green(operator: Operator, package: Package) -> None:
    """It does not fail either: the last line says how many there are."""
    cloud = operator.cloud
    account = account_of(cloud)
    deploy(deployment_to(cloud, FLOWLOG_TRAFFIC_TYPE="ALL"), account, package.archive)
    (operator.folder / "serverless.yml").write_text(
        FILE.read_text("utf-8").replace("memorySize: 64", "memorySize: 128"), "utf-8"
    )
    invoke(account, "backfill")
    result = operator("doctor")
    assert result.exit_code == Exit.OK, result.stdout
    assert "memory 64, not 128" in result.stdout
    assert "Nothing is wrong" not in result.stdout
    assert "No check failed: " in result.stdout
