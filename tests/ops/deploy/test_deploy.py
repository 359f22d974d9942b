"""`eni-flowlog deploy`: idempotent, going on where it broke off."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from localcloud.core import faults as strike
from ops.deployment import documents
from ops.deployment.assembly import plan_deployment
from ops.deployment.cloud import CAM, EB, EB_REGION, SCF, TDMQ
from ops.deployment.function import digest
from ops.deployment.reply import digest_of, variables_of
from ops.deployment.rule import Rule, pattern, rule_of
from ops.deployment.step import Verb
from ops.errors import OperatorError
from tests.support.deployment import (
    NAME,
    NOTHING,
    QUEUE,
    REGION,
    WRITES,
    complete,
    deploy,
    deployment_to,
    small_package,
    state,
    verbs,
    without,
    writes,
)

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud import LocalCloud
    from ops.deployment.cloud import Cloud
    from ops.deployment.wanted import Deployment


def test_everything_is_made_in_order(cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path) -> None:
    """One run makes all seven parts, each by one call, the role first and the target last."""
    steps = deploy(wanted, account, small)
    assert [step.kind for step in steps] == ["role", "policy", "queue", "function", "timer", "rule", "target"]
    assert verbs(steps) == {Verb.CREATE}
    assert writes(cloud) == list(WRITES)
    assert state(account) == complete(cloud)


def test_what_is_made_is_as_serverless_yml_says(account: Cloud, wanted: Deployment, small: Path) -> None:
    """The function, its timer and its queue have the file's settings; the rule has the exact pattern, and is on."""
    deploy(wanted, account, small)
    role = account.call(CAM, "GetRole", {"RoleName": NAME})["RoleInfo"]
    assert json.loads(role["PolicyDocument"])["statement"] == [
        {"effect": "allow", "action": ["name/sts:AssumeRole"], "principal": {"service": ["scf.qcloud.com"]}}
    ]
    function = account.call(SCF, "GetFunction", {"FunctionName": NAME})
    assert function["Status"] == "Active"
    assert (function["Runtime"], function["Handler"], function["Role"]) == ("Python3.10", "index.main_handler", NAME)
    assert (function["MemorySize"], function["Timeout"], function["InitTimeout"]) == (64, 300, 30)
    assert (function["DeadLetterConfig"]["Type"], function["DeadLetterConfig"]["Name"]) == ("CMQ-QUEUE", QUEUE)
    assert variables_of(function) == {**wanted.variables, "FLOWLOG_TOPIC_REGION": REGION}
    assert digest_of(function) == digest(small)
    [timer] = account.call(SCF, "ListTriggers", {"FunctionName": NAME})["Triggers"]
    assert (json.loads(timer["TriggerDesc"]), timer["Enable"]) == ({"cron": "17 23 * * * * *"}, 1)
    [queue] = account.call(TDMQ, "DescribeCmqQueues")["QueueList"]
    assert queue["MsgRetentionSeconds"] == 43_200
    rule = Rule(wanted, account).find()
    assert rule is not None
    assert rule["Enable"] is True
    assert json.loads(rule["EventPattern"]) == pattern()


@pytest.mark.parametrize(("timeout", "visibility"), [(900, 900), (61, 61), (3, 60)])
def test_the_queue_hides_a_record_as_long_as_the_function_runs(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path, *, timeout: int, visibility: int
) -> None:
    """Another `timeout` changes the queue with the function: a redrive's handles never go stale while it runs."""
    deploy(wanted, account, small)
    longer = replace(wanted, timeout=timeout)
    cloud.calls.clear()
    changes = {step.kind: [(each.what, each.new) for each in step.changes] for step in deploy(longer, account, small)}
    assert changes["queue"] == [("VisibilityTimeout", str(visibility))]
    assert writes(cloud) == ["ModifyCmqQueueAttribute", "UpdateFunctionConfiguration"]
    [queue] = account.call(TDMQ, "DescribeCmqQueues")["QueueList"]
    assert queue["VisibilityTimeout"] == visibility
    assert verbs(plan_deployment(longer, account, small).steps) == {Verb.NOTHING}


def test_a_second_run_changes_nothing(cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path) -> None:
    """Deploy twice: the second plan has nothing to do, and makes no write call."""
    deploy(wanted, account, small)
    cloud.calls.clear()
    assert verbs(deploy(wanted, account, small)) == {Verb.NOTHING}
    assert writes(cloud) == []


def test_a_plan_alone_changes_nothing(cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path) -> None:
    """A dry run looks, and writes nothing."""
    steps = plan_deployment(wanted, account, small).steps
    assert verbs(steps) == {Verb.CREATE}
    assert writes(cloud) == []
    assert state(account) == NOTHING


@pytest.mark.parametrize("action", WRITES)
def test_a_run_that_broke_off_is_completed_by_the_next(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path, action: str
) -> None:
    """Each call in turn is refused: the run says where it stopped, and the next makes the rest and no part twice."""
    fault = cloud.faults.add(action, strike.error("LimitExceeded.Test", "No more of these"))
    with pytest.raises(OperatorError, match=r"LimitExceeded.Test: No more of these(.|\n)*goes on from there"):
        deploy(wanted, account, small)
    fault.off()
    before = writes(cloud)
    deploy(wanted, account, small)
    done_before = before[: before.index(action)]
    assert not set(done_before) & set(writes(cloud)[len(before) :])
    assert state(account) == complete(cloud)
    assert verbs(plan_deployment(wanted, account, small).steps) == {Verb.NOTHING}


@pytest.mark.parametrize("action", WRITES)
def test_a_lost_answer_makes_nothing_twice(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path, action: str
) -> None:
    """The call takes effect and the connection drops: the same run looks, and goes on."""
    cloud.faults.add(action, strike.drop_after_effect(), times=1)
    deploy(wanted, account, small)
    assert state(account) == complete(cloud)
    assert verbs(plan_deployment(wanted, account, small).steps) == {Verb.NOTHING}


def test_drift_is_shown_and_undone(cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path) -> None:
    """What somebody changed is named, old and new, and brought back; nothing else is touched."""
    deploy(wanted, account, small)
    rule = Rule(wanted, account).find()
    assert rule is not None
    account.call(EB, "UpdateRule", {**rule_of(rule), "Enable": False}, EB_REGION)
    account.call(TDMQ, "ModifyCmqQueueAttribute", {"QueueName": QUEUE, "MsgRetentionSeconds": 3600})
    account.call(
        SCF, "UpdateTrigger", {"FunctionName": NAME, "TriggerName": "sweep", "Type": "timer", "Enable": "CLOSE"}
    )
    cloud.calls.clear()
    steps = deploy(wanted, account, small)
    changes = {step.kind: [(each.what, each.old, each.new) for each in step.changes] for step in steps if step.changes}
    assert changes == {
        "queue": [("MsgRetentionSeconds", "3600", "43200")],
        "timer": [("enabled", "no", "yes")],
        "rule": [("enabled", "no", "yes")],
    }
    assert writes(cloud) == ["ModifyCmqQueueAttribute", "UpdateTrigger", "UpdateRule"]
    assert verbs(plan_deployment(wanted, account, small).steps) == {Verb.NOTHING}


def test_a_permission_taken_away_is_put_back(account: Cloud, wanted: Deployment, small: Path) -> None:
    """The plan names the one permission; the policy is updated, not made anew."""
    deploy(wanted, account, small)
    without(account, "vpc:CreateFlowLog", wanted)
    steps = deploy(wanted, account, small)
    [step] = [step for step in steps if step.changes]
    assert (step.kind, [(each.old, each.new) for each in step.changes]) == ("policy", [("", "vpc:CreateFlowLog on *")])
    assert verbs(plan_deployment(wanted, account, small).steps) == {Verb.NOTHING}


def test_a_permission_too_many_is_taken_away(account: Cloud, wanted: Deployment, small: Path) -> None:
    """Least privilege holds both ways: what somebody added to our policy goes, and the plan names it."""
    deploy(wanted, account, small)
    document = documents.role_policy(wanted, account.uin)
    document["statement"][0]["action"].append("name/vpc:DeleteVpc")
    [policy] = account.call(CAM, "ListPolicies", {"Scope": "Local"})["List"]
    account.call(CAM, "UpdatePolicy", {"PolicyId": policy["PolicyId"], "PolicyDocument": json.dumps(document)})
    [step] = [step for step in deploy(wanted, account, small) if step.changes]
    assert (step.kind, [(each.old, each.new) for each in step.changes]) == ("policy", [("vpc:DeleteVpc on *", "")])
    reply = account.call(CAM, "GetPolicy", {"PolicyId": policy["PolicyId"]})
    assert "DeleteVpc" not in reply["PolicyDocument"]


def test_another_handler_is_uploaded_with_the_code(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """The handler goes with UpdateFunctionCode, though the package is the same."""
    deploy(replace(wanted, handler="index.other_handler"), account, small)
    cloud.calls.clear()
    [step] = [step for step in deploy(wanted, account, small) if step.changes]
    assert [(each.what, each.old, each.new) for each in step.changes] == [
        ("handler", "index.other_handler", "index.main_handler")
    ]
    assert writes(cloud) == ["UpdateFunctionCode"]
    assert account.call(SCF, "GetFunction", {"FunctionName": NAME})["Handler"] == "index.main_handler"


def test_the_timers_message_reaches_the_function_as_it_is(account: Cloud, wanted: Deployment, small: Path) -> None:
    """`argument` of serverless.yml is what the function gets as Message: set, changed, and taken away again."""
    for message in ('{"command":"sweep"}', '{"command":"status"}', ""):
        deploy(replace(wanted, timer=replace(wanted.timer, argument=message)), account, small)
        [timer] = account.call(SCF, "ListTriggers", {"FunctionName": NAME})["Triggers"]
        assert timer["CustomArgument"] == message


def test_another_package_is_uploaded_and_nothing_else(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path, tmp_path: Path
) -> None:
    """Only code that differs is uploaded; its digest is written after it, so a run that broke off uploads it again."""
    deploy(wanted, account, small)
    (tmp_path / "new").mkdir()
    new = small_package(tmp_path / "new", "def main_handler(event, context): return {'new': True}\n")
    cloud.calls.clear()
    fault = cloud.faults.add("UpdateFunctionConfiguration", strike.error("FailedOperation.Test", "not now"))
    with pytest.raises(OperatorError, match=r"FailedOperation.Test"):
        deploy(wanted, account, new)
    fault.off()
    steps = deploy(wanted, account, new)
    [step] = [step for step in steps if step.changes]
    assert [(each.what, each.old, each.new) for each in step.changes] == [
        ("package", digest(small)[:12], digest(new)[:12])
    ]
    assert writes(cloud) == ["UpdateFunctionCode", "UpdateFunctionConfiguration"] * 2
    assert verbs(plan_deployment(wanted, account, new).steps) == {Verb.NOTHING}


def test_a_changed_setting_needs_no_upload(cloud: LocalCloud, account: Cloud, small: Path) -> None:
    """A variable that is added, changed or taken away is named; only the configuration is set."""
    deploy(deployment_to(cloud, FLOWLOG_TAGS='{"team":"a"}'), account, small)
    cloud.calls.clear()
    steps = deploy(deployment_to(cloud, FLOWLOG_REGIONS="ap-shanghai"), account, small)
    [step] = [step for step in steps if step.changes]
    assert [(each.what, each.old, each.new) for each in step.changes] == [
        ("variable FLOWLOG_REGIONS", "", "ap-shanghai"),
        ("variable FLOWLOG_TAGS", '{"team":"a"}', ""),
    ]
    assert writes(cloud) == ["UpdateFunctionConfiguration"]


def test_another_qualifier_moves_the_timer_too(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """No call moves a timer: it is made anew, and events and the sweep run the same version."""
    deploy(wanted, account, small)
    moved = replace(wanted, timer=replace(wanted.timer, qualifier="$LATEST"))
    cloud.calls.clear()
    steps = deploy(moved, account, small)
    [timer] = [step for step in steps if step.kind == "timer"]
    assert [(each.what, each.old, each.new) for each in timer.changes] == [("qualifier", "$DEFAULT", "$LATEST")]
    assert writes(cloud) == ["DeleteTrigger", "CreateTrigger", "CreateTarget", "DeleteTarget"]
    [there] = account.call(SCF, "ListTriggers", {"FunctionName": NAME})["Triggers"]
    assert (there["TriggerName"], there["Qualifier"]) == ("sweep", "$LATEST")
    assert verbs(plan_deployment(moved, account, small).steps) == {Verb.NOTHING}


@pytest.mark.parametrize("action", ["DeleteTrigger", "CreateTrigger"])
def test_a_lost_answer_while_a_timer_is_moved(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path, action: str
) -> None:
    """The same run goes on; there is one timer in the end."""
    deploy(wanted, account, small)
    moved = replace(wanted, timer=replace(wanted.timer, qualifier="$LATEST"))
    cloud.faults.add(action, strike.drop_after_effect(), times=1)
    deploy(moved, account, small)
    assert state(account)["timers"] == ["sweep"]
    assert verbs(plan_deployment(moved, account, small).steps) == {Verb.NOTHING}


def test_a_renamed_timer_is_made_and_the_old_one_named(account: Cloud, wanted: Deployment, small: Path) -> None:
    """Whether the other timer is ours or somebody's cannot be seen: it is not deleted, and never passed over."""
    deploy(wanted, account, small)
    renamed = replace(wanted, timer=replace(wanted.timer, name="nightly"))
    said = "the function has another timer, sweep ($DEFAULT): delete it, or it runs besides"
    for verb in (Verb.CREATE, Verb.NOTHING):
        [timer] = [step for step in deploy(renamed, account, small) if step.kind == "timer"]
        assert (timer.verb, timer.note) == (verb, said)
    assert sorted(state(account)["timers"]) == ["nightly", "sweep"]


def test_a_tag_that_cannot_be_set_is_named(account: Cloud, wanted: Deployment, small: Path) -> None:
    """SCF takes a function's tags when it makes it, and in no other call."""
    deploy(replace(wanted, tags={**wanted.tags, "team": "a"}), account, small)
    changed = replace(wanted, tags={**wanted.tags, "team": "b", "cost": "1"})
    [function] = [step for step in plan_deployment(changed, account, small).steps if step.kind == "function"]
    assert function.verb is Verb.NOTHING
    assert function.note.startswith("it lacks the tag team: b, cost: 1, and SCF sets tags only when it makes a func")


def test_a_target_that_calls_another_function_is_replaced(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """UpdateTarget cannot change whom a target calls: the right one is made before the wrong one goes."""
    deploy(wanted, account, small)
    rule = Rule(wanted, account).find()
    assert rule is not None
    [target] = account.call(EB, "ListTargets", rule_of(rule), EB_REGION)["Targets"]
    other = target["TargetDescription"]["ResourceDescription"].replace("$DEFAULT", "$LATEST")
    account.call(EB, "DeleteTarget", {**rule_of(rule), "TargetId": target["TargetId"]}, EB_REGION)
    description = {"TargetDescription": {"ResourceDescription": other}, "Type": "scf"}
    account.call(EB, "CreateTarget", {**rule_of(rule), **description}, EB_REGION)
    cloud.calls.clear()
    deploy(wanted, account, small)
    assert writes(cloud) == ["CreateTarget", "DeleteTarget"]
    assert state(account) == complete(cloud)
