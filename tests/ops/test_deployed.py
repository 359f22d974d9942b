"""Whose settings a command works with: the deployed function's, which one line says, and what of ours differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localcloud.core import faults
from ops.errors import Exit
from tests.support.client import Client
from tests.support.deployed import NAME, environment
from tests.support.platform_replies import code

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.operator import Operator

HOME, AWAY = "ap-guangzhou", "ap-shanghai"


def deploy(cloud: LocalCloud, region: str = HOME, **settings: str) -> None:
    """Make a function with these settings; nothing runs it."""
    variables = [{"Key": key, "Value": value} for key, value in environment(cloud, **settings).items()]
    Client(cloud)(
        "scf", "CreateFunction", region,
        FunctionName=NAME, Handler="index.main_handler", Runtime="Python3.10",
        Code=code(), Environment={"Variables": variables},
    )  # fmt: skip


def said(operator: Operator, *arguments: str, **changes: str) -> str:
    """What a command says besides its answer, on one line."""
    return " ".join(operator(*arguments, **changes).stderr.split())


def test_the_functions_settings_count(cloud: LocalCloud, operator: Operator) -> None:
    """From any folder and shell: a backfill creates as the sweep would, and says whose settings those are."""
    deploy(cloud, FLOWLOG_TRAFFIC_TYPE="REJECT")
    [interface_id] = cloud.seed_interfaces(HOME, 1)
    shown = said(operator, "backfill", "--yes", FLOWLOG_TRAFFIC_TYPE="ACCEPT")
    assert f"Settings: those of the function {NAME} in {HOME}." in shown
    assert "FLOWLOG_TRAFFIC_TYPE is REJECT in the function, and ACCEPT here." in shown
    assert [log.traffic_type for log in cloud.flow_logs_of(HOME, interface_id)] == ["REJECT"]


@pytest.mark.parametrize("command", [("status",), ("backfill", "--dry-run"), ("dlq", "list"), ("dlq", "redrive")])
def test_a_shell_without_settings_differs_in_nothing(
    cloud: LocalCloud, operator: Operator, command: tuple[str, ...]
) -> None:
    """What it does not say is no difference; nor is the address at which the cloud is reached."""
    deploy(cloud, FLOWLOG_TRAFFIC_TYPE="REJECT", FLOWLOG_API_ENDPOINT="http://127.0.0.1:9")
    result = operator(*command, FLOWLOG_TOPIC_ID="")
    assert result.exit_code in (Exit.OK, Exit.UNCOVERED), result.output
    assert "Settings: those of the function" in result.stderr
    assert " here." not in result.stderr


def test_a_serverless_yml_says_all(cloud: LocalCloud, operator: Operator) -> None:
    """With one, what it leaves out counts as its default; what deploy finds out by itself is no difference."""
    deploy(cloud, FLOWLOG_NAME_PREFIX="mine-", FLOWLOG_TOPIC_REGION=HOME)
    text = "inputs: {environment: {variables: {FLOWLOG_TRAFFIC_TYPE: ALL}}}"
    (operator.folder / "serverless.yml").write_text(text, "utf-8")
    shown = said(operator, "status")
    assert "FLOWLOG_NAME_PREFIX is mine- in the function, and auto- here." in shown
    assert "FLOWLOG_TOPIC_REGION" not in shown
    assert "FLOWLOG_TRAFFIC_TYPE" not in shown


def test_local_settings_on_request(cloud: LocalCloud, operator: Operator) -> None:
    """--settings local: the function is not looked at."""
    deploy(cloud, FLOWLOG_TRAFFIC_TYPE="REJECT")
    [interface_id] = cloud.seed_interfaces(HOME, 1)
    shown = said(operator, "backfill", "--yes", "--settings", "local")
    assert "Settings: serverless.yml, .env and the shell, as --settings local asks for." in shown
    assert cloud.calls.count("GetFunction") == 0
    assert [log.traffic_type for log in cloud.flow_logs_of(HOME, interface_id)] == ["ALL"]


def test_without_a_function(operator: Operator) -> None:
    """The local ones, and why."""
    assert f"Settings: serverless.yml, .env and the shell, because no function {NAME} is deployed" in said(
        operator, "status"
    )


def test_a_function_in_another_region(cloud: LocalCloud, operator: Operator) -> None:
    """It is looked for before anything is said, and its settings count, its region's queue included."""
    deploy(cloud, AWAY, FLOWLOG_TRAFFIC_TYPE="REJECT")
    [interface_id] = cloud.seed_interfaces(HOME, 1)
    shown = said(operator, "backfill", "--region", HOME, "--yes")
    assert f"Settings: those of the function {NAME} in {AWAY} (there is none in {HOME})." in shown
    assert [log.traffic_type for log in cloud.flow_logs_of(HOME, interface_id)] == ["REJECT"]
    operator("dlq", "list")
    assert cloud.calls.of("DescribeCmqQueueDetail")[-1].region == AWAY


def test_a_function_in_two_other_regions(cloud: LocalCloud, operator: Operator) -> None:
    """Nothing is guessed."""
    for region in (AWAY, "ap-beijing"):
        deploy(cloud, region)
    result = operator("status")
    assert result.exit_code == Exit.FAILED
    assert f"There is no function {NAME} in {HOME}, but in ap-beijing and in {AWAY}: say which one" in result.stderr


def test_where_the_regions_may_not_be_listed(cloud: LocalCloud, operator: Operator) -> None:
    """The function may then be elsewhere: that is said."""
    cloud.faults.add("DescribeRegions", faults.error("UnauthorizedOperation", "no"))
    assert f"is deployed in {HOME}; the other regions could not be listed (UnauthorizedOperation)." in (
        said(operator, "status")
    )


def test_refused_is_not_absent(cloud: LocalCloud, operator: Operator) -> None:
    """Keys that may not look at the function: said with the permission that they lack, and the local ones are taken."""
    deploy(cloud)
    cloud.faults.add("GetFunction", faults.error("UnauthorizedOperation", "not you"))
    shown = said(operator, "status")
    assert f"Those of the function {NAME} in {HOME} may not be read: UnauthorizedOperation: not you" in shown
    assert "is deployed" not in shown
