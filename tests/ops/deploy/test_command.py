"""`deploy`, `doctor` and `remove` as commands: what they print, ask and answer; the keys never show."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from localcloud.core import faults as strike
from ops import config
from ops.deployment.cloud import TDMQ
from ops.errors import Exit
from tests.support.deployment import NAME, QUEUE, REGION, account_of, flow_logs, small_package, state, writes

if TYPE_CHECKING:
    from pathlib import Path

    from ops.packaging.package import Package
    from tests.support.operator import Operator


@pytest.fixture
def small(operator: Operator, tmp_path: Path) -> str:
    """The project's serverless.yml in the operator's folder, and a package."""
    shutil.copyfile(config.FILE, operator.folder / "serverless.yml")
    return str(small_package(tmp_path))


def test_a_dry_run_shows_the_plan_and_does_nothing(operator: Operator, small: str) -> None:
    """Every part in its order, to be created."""
    result = operator("deploy", "--package", small, "--dry-run")
    assert result.exit_code == Exit.OK
    lines = [line.split() for line in result.stdout.splitlines() if "create" in line]
    assert [line[0] for line in lines] == ["role", "policy", "queue", "function", "timer", "rule", "target"]
    assert writes(operator.cloud) == []


def test_at_a_terminal_no_means_no(operator: Operator, small: str) -> None:
    """Declined: nothing is done, and the exit code is not 0."""
    with operator.terminal("deploy", "--package", small) as terminal:
        terminal.read_until("Do this in account 100000000001? [y/N]")
        terminal.type("n")
        assert terminal.end() == Exit.FAILED
    assert "Declined: nothing was done." in terminal.shown
    assert writes(operator.cloud) == []


def test_deploy_says_each_step_and_a_second_run_that_there_is_nothing_to_do(operator: Operator, small: str) -> None:
    """With --yes; afterwards all is as the file says."""
    first = operator("deploy", "--package", small, "--yes")
    assert first.exit_code == Exit.OK, first.stderr
    for kind in ("role", "policy", "queue", "function", "timer", "rule"):
        assert f"{kind} " in first.stderr
    assert f"function {NAME}: created" in first.stderr
    second = operator("deploy", "--package", small)
    assert second.exit_code == Exit.OK
    assert "Nothing to do: all is as serverless.yml says." in second.stderr


def test_what_deploy_cannot_change_is_said(operator: Operator, small: str) -> None:
    """A new tag: it does not say that all is as the file has it; doctor warns, too."""
    assert operator("deploy", "--package", small, "--yes").exit_code == Exit.OK
    file = operator.folder / "serverless.yml"
    file.write_text(file.read_text("utf-8") + "\n    team: network\n", "utf-8")
    result = operator("deploy", "--package", small)
    assert result.exit_code == Exit.OK
    assert f"function {NAME}: it lacks the tag team: network, and SCF sets tags only when" in result.stderr
    assert "all is as serverless.yml says" not in result.stderr
    [finding] = [each for each in operator.json("doctor")["findings"] if each["check"] == "function"]
    assert finding["state"] == "warn"
    assert finding["what"].startswith(f"{NAME}: it lacks the tag team: network,")


def test_as_json_the_plan_is_all_that_is_printed(operator: Operator, small: str) -> None:
    """One JSON document each time, whether it was applied or not."""
    planned = operator.json("deploy", "--package", small, "--dry-run")
    assert (planned["dry_run"], planned["applied"]) == (True, False)
    assert [step["plan"] for step in planned["steps"]] == ["found"] + ["create"] * 7
    done = operator.json("deploy", "--package", small, "--yes")
    assert (done["applied"], done["steps"][1]["kind"]) == (True, "role")
    changed = operator.json("deploy", "--package", small, "--dry-run", FLOWLOG_REGIONS="ap-shanghai")
    [step] = [step for step in changed["steps"] if step["plan"] == "change"]
    assert step["changes"] == [{"what": "variable FLOWLOG_REGIONS", "old": "", "new": "ap-shanghai"}]


def test_a_change_is_shown_old_and_new(operator: Operator, small: str) -> None:
    """What is added, what is taken away, and what becomes what."""
    operator("deploy", "--package", small, "--yes", FLOWLOG_TAGS='{"team":"a"}')
    account_of(operator.cloud).call(TDMQ, "ModifyCmqQueueAttribute", {"QueueName": QUEUE, "VisibilityTimeout": 30})
    shown = operator("deploy", "--package", small, "--dry-run", FLOWLOG_REGIONS="ap-shanghai").stdout
    assert "VisibilityTimeout: 30 → 300" in shown
    assert "variable FLOWLOG_REGIONS: + ap-shanghai" in shown
    assert 'variable FLOWLOG_TAGS: - {"team":"a"}' in shown


def test_a_conflict_is_shown_in_the_plan_and_ends_with_1(operator: Operator, small: str) -> None:
    """Nothing is done, not even what would be possible; the plan says which part it is."""
    account_of(operator.cloud).call(TDMQ, "CreateCmqQueue", {"QueueName": QUEUE})
    operator.cloud.calls.clear()
    result = operator("deploy", "--package", small, "--yes")
    assert result.exit_code == Exit.FAILED
    assert "conflict" in result.stdout
    assert f"Nothing was done. queue {QUEUE}: there is one that eni-flowlog did not make" in result.stderr
    assert writes(operator.cloud) == []


def test_what_cannot_be_finished_is_not_begun(operator: Operator, small: str) -> None:
    """Not even planned: a dry run says the same."""
    file = operator.folder / "serverless.yml"
    file.write_text(file.read_text("utf-8").replace("timeout: 300 ", "timeout: 3000 "), "utf-8")
    for argument in ("--dry-run", "--yes"):
        result = operator("deploy", "--package", str(file), argument)
        assert result.exit_code == Exit.FAILED
        assert "serverless.yml: timeout must be 1 to 900 (seconds), not 3000.\n" in result.stderr
        assert "serverless.yml is not a zip" in result.stderr
    assert small
    assert writes(operator.cloud) == []


@pytest.mark.parametrize("command", ["deploy", "doctor", "remove"])
def test_without_a_serverless_yml_it_says_so(operator: Operator, command: str) -> None:
    """The file is the single source; it is looked for where the command runs."""
    result = operator(command)
    assert result.exit_code == Exit.FAILED
    assert "There is no serverless.yml here: give --config FILE, or write one by `eni-flowlog init`." in result.stderr


def test_doctor_ends_with_0_when_all_is_well_and_1_when_not(operator: Operator, package: Package, small: str) -> None:
    """Before and after; a table for people, JSON for programs, and never a key."""
    sick = operator("doctor")
    assert sick.exit_code == Exit.FAILED
    assert f"there is no role {NAME}" in sick.stdout
    assert "Run `eni-flowlog deploy`." in sick.stdout
    assert small
    assert operator("deploy", "--package", str(package.archive), "--yes").exit_code == Exit.OK
    assert operator("backfill", "--yes").exit_code == Exit.OK  # the instance that was there before
    well = operator("doctor")
    assert well.exit_code == Exit.OK, well.stdout
    assert "No check failed: 1 warning, and 1 check without an answer." in well.stdout
    report = operator.json("doctor")
    assert report["healthy"] is True
    assert {finding["check"] for finding in report["findings"] if finding["state"] != "ok"} == {"events", "alarm"}
    assert operator.cloud.secret_key not in sick.stdout + well.stdout + well.stderr


def test_remove_takes_all_away_and_the_flow_logs_only_when_told(operator: Operator, small: str) -> None:
    """Ours, by their description, in the regions of the sweep; those of others stay."""
    cloud, account = operator.cloud, account_of(operator.cloud)
    operator("deploy", "--package", small, "--yes")
    ours = cloud.seed_flow_log(REGION, cloud.seed_interface(REGION), description="managed-by=eni-flowlog")
    other = cloud.seed_flow_log(REGION, cloud.seed_interface(REGION), description="by hand")
    planned = operator.json("remove", "--flow-logs", "--dry-run")
    assert [log["flow_log_id"] for log in planned["flow_logs"]] == [ours]
    assert operator("remove", "--yes").exit_code == Exit.OK
    assert {log["FlowLogId"] for log in flow_logs(account)} == {ours, other}
    result = operator("remove", "--flow-logs", "--yes")
    assert result.exit_code == Exit.OK, result.stderr
    assert [log["FlowLogId"] for log in flow_logs(account)] == [other]
    assert not any(state(account).values())
    assert "Nothing to remove." in operator("remove", "--flow-logs").stderr


@pytest.mark.parametrize("command", ["deploy", "doctor", "remove"])
def test_a_key_that_the_cloud_says_again_is_not_shown(operator: Operator, small: str, command: str) -> None:
    """An error's text is the cloud's: our own keys are taken out of whatever is printed."""
    assert small
    operator.cloud.faults.add("*", strike.error("InvalidParameter", f"Bad key {operator.cloud.secret_key}"))
    result = operator(command)
    assert result.exit_code == Exit.FAILED
    assert "Bad key " in result.stdout + result.stderr
    assert operator.cloud.secret_key not in result.stdout + result.stderr
