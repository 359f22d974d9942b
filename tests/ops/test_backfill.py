"""`eni-flowlog backfill`: the plan first, a question, and then what the plan said, by the function's own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localcloud.core import faults
from ops.errors import Exit
from tests.support.function import QUEUE, valid

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.operator import Operator

HOME, AWAY = "ap-guangzhou", "ap-shanghai"
FAST = {"FLOWLOG_CREATE_RATE": "20"}


def flow_logs(cloud: LocalCloud, interface_ids: list[str], region: str = HOME) -> int:
    return sum(len(cloud.flow_logs_of(region, interface_id)) for interface_id in interface_ids)


def test_the_plan_comes_first(cloud: LocalCloud, operator: Operator) -> None:
    """With what is there, the number of calls and the time at the given rate; then progress and the result."""
    cloud.seed_interfaces(HOME, 39, flow_logs=0)
    cloud.seed_flow_log(HOME, cloud.primary_interface_of(HOME, cloud.instance_id))
    result = operator("backfill", "--dry-run", FLOWLOG_CREATE_RATE="0.5")
    assert result.exit_code == Exit.OK
    plan = "39 flow logs to create (ALL traffic, to CLS): 39 calls in 1 region, about 1 min 18 s at 0.5 a second"
    assert plan in " ".join(result.stdout.split())
    assert "1 covered, 39 planned" in result.stdout
    assert "… and 19 more; --json lists up to 1,000" in result.stdout


def test_without_a_terminal_it_needs_yes(cloud: LocalCloud, operator: Operator) -> None:
    """Wrong usage, and nothing done."""
    cloud.seed_interfaces(HOME, 1)
    result = operator("backfill")
    assert result.exit_code == Exit.USAGE
    assert "There is no terminal to ask at: give --yes to go on without a question." in result.stderr
    assert cloud.calls.count("CreateFlowLog") == 0


def test_nothing_to_do_needs_no_answer(cloud: LocalCloud, operator: Operator) -> None:
    """Where all is covered there is no question, and the exit code is 0."""
    cloud.seed_flow_log(HOME, cloud.primary_interface_of(HOME, cloud.instance_id))
    result = operator("backfill")
    assert result.exit_code == Exit.OK
    assert "Nothing to create: no interface that can have a flow log is without one." in result.stdout


def test_limit_after_and_vpc(cloud: LocalCloud, operator: Operator) -> None:
    """The first N behind an id, of one VPC."""
    vpc_id, subnet_id = cloud.seed_vpc(HOME)
    instance_id = cloud.seed_instance(HOME, subnet_id=subnet_id)
    inside = [*cloud.seed_interfaces(HOME, 5, instance_id=instance_id), cloud.primary_interface_of(HOME, instance_id)]
    inside.sort()
    cloud.seed_interfaces(HOME, 3)
    result = operator("backfill", "--vpc-id", vpc_id, "--after", inside[0], "--limit", "2", "--yes", **FAST)
    assert result.exit_code == Exit.OK, result.output
    assert sorted(call.params["ResourceId"] for call in cloud.calls.of("CreateFlowLog")) == inside[1:3]


def test_a_failure_goes_to_the_queue_and_does_not_stop_the_rest(cloud: LocalCloud, operator: Operator) -> None:
    """Exit code 3, the reason on the screen, the record on the queue."""
    interface_ids = cloud.seed_interfaces(HOME, 4)
    cloud.faults.add("CreateFlowLog", faults.error("UnauthorizedOperation", "not you"), times=1)
    result = operator("backfill", "--yes", **FAST)
    assert result.exit_code == Exit.UNCOVERED
    assert "4 created, 1 dead-lettered" in result.stdout
    assert "UnauthorizedOperation: not you" in result.stdout
    assert f"What failed is on the queue {QUEUE}: see `eni-flowlog dlq list`" in result.stderr
    assert len(cloud.messages(QUEUE)) == 1
    assert flow_logs(cloud, interface_ids) >= 3


def test_where_the_queue_fails_too_the_report_still_says_what_failed(cloud: LocalCloud, operator: Operator) -> None:
    """The report comes first, for people and as JSON, and the error names the first failure."""
    cloud.faults.add("CreateFlowLog", faults.error("UnauthorizedOperation", "not you"))
    away = {**FAST, "FLOWLOG_DLQ_QUEUE": "other"}
    report = valid("report", operator.json("backfill", "--yes", **away))
    assert [item["reason"] for item in report["items"]] == ["UnauthorizedOperation: not you"]
    result = operator("backfill", "--yes", **away)
    assert result.exit_code == Exit.FAILED
    assert "1 dead-lettered" in result.stdout
    assert "1 dead letter could not be put on the queue other" in result.stderr
    assert "the next `eni-flowlog backfill` finds what has no flow log" in result.stderr
    assert "The first failure: UnauthorizedOperation: not you" in result.stderr
    assert "is on the queue" not in result.stderr


def test_no_secret_is_shown(cloud: LocalCloud, operator: Operator) -> None:
    """A refusal that repeats what was sent: neither the report for people nor the JSON repeats it."""
    planted = f"key {cloud.secret_id} is refused, Token=PlantedToken123"
    cloud.faults.add("CreateFlowLog", faults.error("UnauthorizedOperation", planted))
    for arguments in ((), ("--json",)):
        result = operator("backfill", "--yes", *arguments, **FAST)
        assert "[redacted] is refused, Token=[redacted]" in " ".join(result.stdout.split())
        assert not any(secret in result.output for secret in (cloud.secret_id, "PlantedToken123"))


def test_drift_is_not_all_covered(cloud: LocalCloud, operator: Operator) -> None:
    """As `status` says: exit code 3, also where there was nothing to create. A dry run only tells."""
    cloud.seed_flow_log(HOME, cloud.primary_interface_of(HOME, cloud.instance_id), enabled=False)
    for argument, code in (("--dry-run", Exit.OK), ("--yes", Exit.UNCOVERED)):
        result = operator("backfill", argument)
        assert result.exit_code == code
        assert "1 flow log is not as the settings say: see `eni-flowlog status`." in result.stderr


def test_no_region_can_be_listed(cloud: LocalCloud, operator: Operator) -> None:
    """One sentence, exit code 1, and no dead letter: the person has been told."""
    cloud.faults.add("DescribeNetworkInterfaces", faults.error("UnauthorizedOperation", "not you"))
    result = operator("backfill", "--yes")
    assert result.exit_code == Exit.FAILED
    assert f"{HOME} could not be listed: UnauthorizedOperation: not you" in result.stderr
    assert cloud.messages(QUEUE) == []


@pytest.mark.parametrize(
    ("option", "value", "form"),
    [
        ("--region", "mars", "ap-guangzhou"),
        ("--vpc-id", "eni-12345678", "vpc-pq9vxykj"),
        ("--after", "x", "eni-78ysaex1"),
    ],
)
def test_ids_are_checked_for_their_form(operator: Operator, option: str, value: str, form: str) -> None:
    """Wrong usage, before any call."""
    result = operator("backfill", option, value)
    assert result.exit_code == Exit.USAGE
    assert f"'{value}' does not have the form of {form}" in " ".join(result.stderr.replace("│", " ").split())


def test_the_first_region_stands_in_for_the_functions(cloud: LocalCloud, operator: Operator) -> None:
    """Without TENCENTCLOUD_REGION, the region that is named is enough."""
    cloud.seed_interfaces(AWAY, 1)
    result = operator("backfill", "--region", AWAY, "--dry-run", TENCENTCLOUD_REGION="")
    assert result.exit_code == Exit.OK, result.output
