"""`eni-flowlog repair`: the plan, the question, what is done, and what is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localcloud.core import faults
from ops.errors import Exit
from tests.support.deployment import writes
from tests.support.function import QUEUE, valid
from tests.support.operator import words

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.operator import Operator

HOME = "ap-guangzhou"
OURS = {"description": "managed-by=eni-flowlog"}


@pytest.fixture
def interfaces(cloud: LocalCloud) -> dict[str, str]:
    """Interfaces by what is wrong with their flow logs; that of the seeded instance is covered."""
    cloud.seed_flow_log(HOME, cloud.primary_interface_of(HOME, cloud.instance_id), **OURS)
    disabled, elsewhere, foreign = cloud.seed_interfaces(HOME, 3)
    cloud.seed_flow_log(HOME, disabled, enabled=False, **OURS)
    cloud.seed_flow_log(HOME, elsewhere, topic_id=cloud.add_topic(), **OURS)
    cloud.seed_flow_log(HOME, foreign, enabled=False, description="somebody else's")
    return {"disabled": disabled, "elsewhere": elsewhere, "foreign": foreign}


def test_by_default_it_switches_on_what_is_ours(
    cloud: LocalCloud, operator: Operator, interfaces: dict[str, str]
) -> None:
    """The plan first; what differs and what is somebody else's stays, and is said: exit code 3."""
    result = operator("repair", "--yes")
    assert result.exit_code == Exit.UNCOVERED, result.output
    assert f"{HOME} disabled switched on 1" in words(result.stdout)
    assert "1 repaired" in result.stdout
    assert writes(cloud) == ["EnableFlowLogs"]
    [log] = cloud.flow_logs_of(HOME, interfaces["disabled"])
    assert log.enabled
    again = operator("repair", "--yes")
    assert "Nothing to repair within --mode enable; 2 flow logs are left as they are" in words(again.stdout)


def test_dry_run_names_what_the_real_run_repairs(
    cloud: LocalCloud, operator: Operator, interfaces: dict[str, str]
) -> None:
    """The same interfaces; a dry run changes nothing and ends with 0; both reports are valid."""
    dry = valid("report", operator.json("repair", "--mode", "recreate", "--dry-run"))
    assert writes(cloud) == []
    real = valid("report", operator.json("repair", "--mode", "recreate", "--yes"))

    def named(report: dict[str, list[dict[str, str]]], outcome: str) -> set[str]:
        return {item["interface_id"] for item in report["items"] if item["outcome"] == outcome}

    assert named(dry, "planned") == named(real, "repaired") == {interfaces["disabled"], interfaces["elsewhere"]}
    [log] = cloud.flow_logs_of(HOME, interfaces["elsewhere"])
    assert log.topic_id == cloud.topic_id


def test_all_means_everybodys(cloud: LocalCloud, operator: Operator, interfaces: dict[str, str]) -> None:
    """Then nothing is left: exit code 0."""
    result = operator("repair", "--mode", "recreate", "--all", "--yes")
    assert result.exit_code == Exit.OK, result.output
    assert cloud.flow_logs_of(HOME, interfaces["foreign"])[0].enabled
    assert operator("status").exit_code == Exit.OK


def test_it_asks(cloud: LocalCloud, operator: Operator, interfaces: dict[str, str]) -> None:
    """What it is about to do, with numbers; declined, nothing is done."""
    assert interfaces
    with operator.terminal("repair", "--mode", "recreate") as terminal:
        terminal.read_until("Switch on 1 flow log and delete 1 flow log and make them anew? [y/N]")
        terminal.type("n")
        assert terminal.end() == Exit.FAILED
    assert writes(cloud) == []


def test_the_mode_is_the_functions(cloud: LocalCloud, operator: Operator, interfaces: dict[str, str]) -> None:
    """Without --mode: FLOWLOG_REPAIR."""
    assert interfaces
    operator("repair", "--yes", FLOWLOG_REPAIR="recreate")
    assert sorted(writes(cloud)) == ["CreateFlowLog", "DeleteFlowLog", "EnableFlowLogs"]


def test_nothing_to_repair(operator: Operator, cloud: LocalCloud) -> None:
    """No question, exit code 0; what is missing is no repair's work."""
    cloud.seed_interfaces(HOME, 1)
    result = operator("repair")
    assert result.exit_code == Exit.OK, result.output
    assert "Nothing to repair: every flow log logs as the settings say." in result.stdout


def test_a_refusal(cloud: LocalCloud, operator: Operator, interfaces: dict[str, str]) -> None:
    """The flow log stands as it was, and why is shown: exit code 3."""
    cloud.faults.add("EnableFlowLogs", faults.error("UnauthorizedOperation", "not you"))
    result = operator("repair", "--yes")
    assert result.exit_code == Exit.UNCOVERED
    assert f"{interfaces['disabled']}" in result.stdout
    assert "not repaired: UnauthorizedOperation: not you" in words(result.stdout)


def test_a_create_that_fails_is_on_the_queue(cloud: LocalCloud, operator: Operator, interfaces: dict[str, str]) -> None:
    """What was deleted and could not be made anew: a dead letter, and no more is deleted."""
    assert interfaces
    cloud.faults.add("CreateFlowLog", faults.error("UnauthorizedOperation", "not you"))
    result = operator("repair", "--mode", "recreate", "--yes")
    assert result.exit_code == Exit.FAILED
    assert "was deleted and could not be made anew" in words(result.stderr)
    assert len(cloud.messages(QUEUE)) == 1
