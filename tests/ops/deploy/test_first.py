"""A first deployment at the command line: what is said before the question, and how to begin with less."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from localcloud import LocalCloud
from localcloud.core import faults as strike
from ops import config
from ops.deployment.cloud import SCF
from ops.errors import Exit
from tests.support.deployment import NAME, account_of, deploy, deployment_to, small_package, writes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.operator import Operator


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """An account with interfaces in three regions, in which nothing is deployed."""
    with LocalCloud(enforce_limits=False, time_scale=0.02) as running:
        running.seed_interfaces("ap-shanghai", 40)
        running.seed_interfaces("ap-hongkong", 2)
        yield running


@pytest.fixture
def small(operator: Operator, tmp_path: Path) -> Path:
    shutil.copyfile(config.FILE, operator.folder / "serverless.yml")
    return small_package(tmp_path)


def test_what_it_will_make_and_cover_is_said_before_the_question(operator: Operator, small: Path) -> None:
    """By region, with what is delivered abroad, and how to narrow it; nothing is done without an answer."""
    result = operator("deploy", "--package", str(small))
    assert result.exit_code == Exit.USAGE
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line.split()}
    assert " 41 " in lines["ap-shanghai"]
    assert "to another region" in lines["ap-shanghai"]
    assert "to another region, across a border" in lines["ap-hongkong"]
    assert "the first sweep makes up to 45 flow logs" in result.stderr
    assert "FLOWLOG_REGIONS or FLOWLOG_RULES" in result.stderr
    assert writes(operator.cloud) == []


def test_as_json_it_is_in_the_plan(operator: Operator, small: Path) -> None:
    """A program sees the same numbers."""
    planned = operator.json("deploy", "--package", str(small), "--dry-run")
    assert {each["name"]: each["to_come"] for each in planned["backlog"]} == {
        "ap-guangzhou": 1,
        "ap-hongkong": 3,
        "ap-shanghai": 41,
    }


def test_without_the_timer_only_what_is_new_is_covered(operator: Operator, small: Path) -> None:
    """The timer is made and left off, nothing is counted; the next deploy without the option switches it on."""
    first = operator("deploy", "--package", str(small), "--yes", "--without-timer")
    assert first.exit_code == Exit.OK, first.stderr
    assert "the first sweep" not in first.stderr
    account = account_of(operator.cloud)
    [timer] = account.call(SCF, "ListTriggers", {"FunctionName": NAME})["Triggers"]
    assert timer["Enable"] == 0
    again = operator("deploy", "--package", str(small), "--yes")
    assert "the first sweep makes up to 45 flow logs" in again.stderr
    [timer] = account.call(SCF, "ListTriggers", {"FunctionName": NAME})["Triggers"]
    assert timer["Enable"] == 1


def test_a_deployment_in_another_region_is_warned_of(operator: Operator, small: Path) -> None:
    """Before anything is made; where it could not be looked for, that is said."""
    cloud = operator.cloud
    deploy(replace(deployment_to(cloud), region="ap-shanghai"), account_of(cloud, region="ap-shanghai"), small)
    said = operator("deploy", "--package", str(small), "--dry-run").stderr
    assert f"There is a function {NAME} in ap-shanghai, whose sweep goes on there" in said
    assert "run `eni-flowlog remove --function-region ap-shanghai`" in said
    cloud.faults.add("DescribeRegions", strike.error("UnauthorizedOperation", "no permission"))
    said = operator("deploy", "--package", str(small), "--dry-run").stderr
    assert f"Whether {NAME} is deployed in another region could not be seen (UnauthorizedOperation)." in said
    assert "the regions could not be listed (UnauthorizedOperation): the interfaces there are not counted" in said


def test_a_runtime_that_scf_refuses_is_said_in_our_words(operator: Operator, small: Path) -> None:
    """With what to change: one value decides the runtime and what the package is built for."""
    message = "The runtime is not supported"
    operator.cloud.faults.add("CreateFunction", strike.error("InvalidParameterValue.Runtime", message))
    result = operator("deploy", "--package", str(small), "--yes")
    assert result.exit_code == Exit.FAILED
    assert "Set `runtime` of serverless.yml to one that SCF has" in result.stderr


@pytest.mark.parametrize(
    "action",
    ["DescribeTopics", "DescribeRegions", "DescribeNetworkInterfaces", "DescribeFlowLogs"],
)
def test_a_refused_look_around_stops_nothing(operator: Operator, small: Path, action: str) -> None:
    """Keys that may deploy and not look: what could not be seen is said, and the rest is done."""
    operator.cloud.faults.add(action, strike.error("UnauthorizedOperation", "no permission"))
    result = operator("deploy", "--package", str(small), "--yes")
    assert result.exit_code == Exit.OK, result.stderr
    assert "UnauthorizedOperation" in result.stdout + result.stderr
