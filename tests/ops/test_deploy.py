"""`eni-flowlog deploy` and `remove`: idempotent, going on where they broke off, touching only what is ours."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from handler.errors import Refused
from localcloud import LocalCloud
from localcloud.core import faults as strike
from ops.commands.deploy import deploy, plan
from ops.commands.remove import delete_flow_logs, our_flow_logs, plan_removal, regions_of, remove
from ops.deployment import documents
from ops.deployment.cloud import CAM, EB, EB_REGION, SCF, TDMQ
from ops.deployment.function import Zip, digest_of, variables_of
from ops.deployment.part import Verb
from ops.deployment.parts import all_parts
from ops.deployment.rule import Rule, pattern, rule_of
from ops.errors import OperatorError
from tests.support.deployment import (
    NAME,
    QUEUE,
    REGION,
    deployment_to,
    flow_logs,
    small_package,
    state,
    writes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ops.config import Deployment
    from ops.deployment.cloud import Cloud
    from ops.deployment.part import Step

# What one deployment calls to write, in order: the same list is where the runs below break off.
WRITES = (
    "CreateRole",
    "CreatePolicy",
    "AttachRolePolicy",
    "CreateCmqQueue",
    "CreateFunction",
    "CreateTrigger",
    "CreateRule",
    "CreateTarget",
)
REMOVALS = (
    "DeleteTarget",
    "DeleteRule",
    "DeleteTrigger",
    "DeleteFunction",
    "DeleteCmqQueue",
    "DetachRolePolicy",
    "DeletePolicy",
    "DeleteRole",
)
NOTHING: dict[str, Any] = {
    "role": False,
    "attached": [],
    "policies": [],
    "queues": [],
    "functions": [],
    "timers": [],
    "rules": [],
    "targets": [],
}


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """A fresh local cloud in which nothing is deployed."""
    with LocalCloud(enforce_limits=False, time_scale=0.02) as running:
        yield running


@pytest.fixture
def small(tmp_path: Path) -> Zip:
    return small_package(tmp_path)


def verbs(steps: list[Step]) -> set[Verb]:
    return {step.verb for step in steps}


def complete(cloud: LocalCloud) -> dict[str, Any]:
    """What a deployment leaves behind when it is whole."""
    target = f"qcs::scf:{REGION}:uin/{cloud.uin}:namespace/default/function/{NAME}/$DEFAULT"
    return {
        "role": True,
        "attached": [NAME],
        "policies": [NAME],
        "queues": [QUEUE],
        "functions": [NAME],
        "timers": ["sweep"],
        "rules": [NAME],
        "targets": [target],
    }


def test_everything_is_made_in_order(cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip) -> None:
    """One run makes all seven parts, each by one call, the role first and the target last."""
    steps = deploy(wanted, account, small)
    assert [step.kind for step in steps] == ["role", "policy", "queue", "function", "timer", "rule", "target"]
    assert verbs(steps) == {Verb.CREATE}
    assert writes(cloud) == list(WRITES)
    assert state(account) == complete(cloud)


def test_what_is_made_is_as_serverless_yml_says(account: Cloud, wanted: Deployment, small: Zip) -> None:
    """The function, its timer and its queue have the file's settings; the rule has the exact pattern, and is on."""
    deploy(wanted, account, small)
    function = account.call(SCF, "GetFunction", {"FunctionName": NAME})
    assert function["Status"] == "Active"
    assert (function["Runtime"], function["Handler"], function["Role"]) == ("Python3.10", "index.main_handler", NAME)
    assert (function["MemorySize"], function["Timeout"], function["InitTimeout"]) == (64, 300, 30)
    assert (function["DeadLetterConfig"]["Type"], function["DeadLetterConfig"]["Name"]) == ("CMQ-QUEUE", QUEUE)
    assert variables_of(function) == wanted.variables
    assert digest_of(function) == small.sha256
    [timer] = account.call(SCF, "ListTriggers", {"FunctionName": NAME})["Triggers"]
    assert (json.loads(timer["TriggerDesc"]), timer["Enable"]) == ({"cron": "17 23 */6 * * * *"}, 1)
    [queue] = account.call(TDMQ, "DescribeCmqQueues")["QueueList"]
    assert queue["MsgRetentionSeconds"] == 43_200
    rule = Rule(wanted, account).find()
    assert rule is not None
    assert rule["Enable"] is True
    assert json.loads(rule["EventPattern"]) == pattern()


@pytest.mark.parametrize(("timeout", "visibility"), [(900, 900), (61, 61), (3, 60)])
def test_the_queue_hides_a_record_as_long_as_the_function_runs(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip, *, timeout: int, visibility: int
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
    assert verbs(plan(longer, account, small)[1]) == {Verb.NOTHING}


def test_a_second_run_changes_nothing(cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip) -> None:
    """Deploy twice: the second plan has nothing to do, and makes no write call."""
    deploy(wanted, account, small)
    cloud.calls.clear()
    assert verbs(deploy(wanted, account, small)) == {Verb.NOTHING}
    assert writes(cloud) == []


def test_a_plan_alone_changes_nothing(cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip) -> None:
    """A dry run looks, and writes nothing."""
    _, steps = plan(wanted, account, small)
    assert verbs(steps) == {Verb.CREATE}
    assert writes(cloud) == []
    assert state(account) == NOTHING


@pytest.mark.parametrize("action", WRITES)
def test_a_run_that_broke_off_is_completed_by_the_next(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip, action: str
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
    assert verbs(plan(wanted, account, small)[1]) == {Verb.NOTHING}


@pytest.mark.parametrize("action", WRITES)
def test_a_lost_answer_makes_nothing_twice(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip, action: str
) -> None:
    """The call takes effect and the connection drops: the same run looks, and goes on."""
    cloud.faults.add(action, strike.drop_after_effect(), times=1)
    deploy(wanted, account, small)
    assert state(account) == complete(cloud)
    assert verbs(plan(wanted, account, small)[1]) == {Verb.NOTHING}


def test_drift_is_shown_and_undone(cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip) -> None:
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
    assert verbs(plan(wanted, account, small)[1]) == {Verb.NOTHING}


def test_a_permission_taken_away_is_put_back(account: Cloud, wanted: Deployment, small: Zip) -> None:
    """The plan names the one permission; the policy is updated, not made anew."""
    deploy(wanted, account, small)
    without(account, "vpc:CreateFlowLog", wanted)
    steps = deploy(wanted, account, small)
    [step] = [step for step in steps if step.changes]
    assert (step.kind, [(each.old, each.new) for each in step.changes]) == ("policy", [("", "vpc:CreateFlowLog on *")])
    assert verbs(plan(wanted, account, small)[1]) == {Verb.NOTHING}


def without(account: Cloud, action: str, wanted: Deployment) -> None:
    """Take an action out of the role's policy."""
    document = documents.role_policy(wanted, account.uin)
    for statement in document["statement"]:
        statement["action"] = [name for name in statement["action"] if name != f"name/{action}"]
    document["statement"] = [statement for statement in document["statement"] if statement["action"]]
    [policy] = account.call(CAM, "ListPolicies", {"Scope": "Local"})["List"]
    account.call(CAM, "UpdatePolicy", {"PolicyId": policy["PolicyId"], "PolicyDocument": json.dumps(document)})


def test_another_package_is_uploaded_and_nothing_else(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip, tmp_path: Path
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
        ("package", small.sha256[:12], new.sha256[:12])
    ]
    assert writes(cloud) == ["UpdateFunctionCode", "UpdateFunctionConfiguration"] * 2
    assert verbs(plan(wanted, account, new)[1]) == {Verb.NOTHING}


def test_a_changed_setting_needs_no_upload(cloud: LocalCloud, account: Cloud, small: Zip) -> None:
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
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip
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
    assert verbs(plan(moved, account, small)[1]) == {Verb.NOTHING}


@pytest.mark.parametrize("action", ["DeleteTrigger", "CreateTrigger"])
def test_a_lost_answer_while_a_timer_is_moved(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip, action: str
) -> None:
    """The same run goes on; there is one timer in the end."""
    deploy(wanted, account, small)
    moved = replace(wanted, timer=replace(wanted.timer, qualifier="$LATEST"))
    cloud.faults.add(action, strike.drop_after_effect(), times=1)
    deploy(moved, account, small)
    assert state(account)["timers"] == ["sweep"]
    assert verbs(plan(moved, account, small)[1]) == {Verb.NOTHING}


def test_a_renamed_timer_is_made_and_the_old_one_named(account: Cloud, wanted: Deployment, small: Zip) -> None:
    """Whether the other timer is ours or somebody's cannot be seen: it is not deleted, and never passed over."""
    deploy(wanted, account, small)
    renamed = replace(wanted, timer=replace(wanted.timer, name="nightly"))
    said = "the function has another timer, sweep ($DEFAULT): delete it, or it runs besides"
    for verb in (Verb.CREATE, Verb.NOTHING):
        [timer] = [step for step in deploy(renamed, account, small) if step.kind == "timer"]
        assert (timer.verb, timer.note) == (verb, said)
    assert sorted(state(account)["timers"]) == ["nightly", "sweep"]


def test_a_tag_that_cannot_be_set_is_named(account: Cloud, wanted: Deployment, small: Zip) -> None:
    """SCF takes a function's tags when it makes it, and in no other call."""
    deploy(replace(wanted, tags={**wanted.tags, "team": "a"}), account, small)
    changed = replace(wanted, tags={**wanted.tags, "team": "b", "cost": "1"})
    [function] = [step for step in plan(changed, account, small)[1] if step.kind == "function"]
    assert function.verb is Verb.NOTHING
    assert function.note.startswith("it lacks the tag team: b, cost: 1, and SCF sets tags only when it makes a func")


def test_a_target_that_calls_another_function_is_replaced(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip
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


# Somebody else's ------------------------------------------------------------------------------------------------------

FOREIGN: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "role": (CAM, "CreateRole", {"RoleName": NAME, "PolicyDocument": json.dumps(documents.trust())}),
    "policy": (
        CAM,
        "CreatePolicy",
        {
            "PolicyName": NAME,
            "PolicyDocument": '{"version":"2.0","statement":[{"effect":"allow","action":"vpc:*","resource":"*"}]}',
        },
    ),
    "queue": (TDMQ, "CreateCmqQueue", {"QueueName": QUEUE}),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_somebody_else_made_is_neither_changed_nor_removed(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip, kind: str
) -> None:
    """One of the same name without our mark: deploy does nothing at all and says why; remove leaves it."""
    service, action, params = FOREIGN[kind]
    account.call(service, action, params)
    cloud.calls.clear()
    with pytest.raises(OperatorError, match=rf"Nothing was done. {kind} .*eni-flowlog did not make"):
        deploy(wanted, account, small)
    [kept] = [step for step in remove(wanted, account) if step.verb is Verb.KEEP]
    assert kept.kind == kind
    assert writes(cloud) == []


def test_a_runtime_that_cannot_be_changed_is_a_conflict(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip
) -> None:
    """SCF cannot change a function's runtime: deploy says so before it touches anything."""
    deploy(replace(wanted, runtime="Python3.9"), account, small)
    cloud.calls.clear()
    with pytest.raises(OperatorError, match=r"Runtime is Python3.9, not Python3.10, and SCF cannot change that"):
        deploy(wanted, account, small)
    assert writes(cloud) == []


# Remove ---------------------------------------------------------------------------------------------------------------


def test_remove_takes_all_in_reverse(cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip) -> None:
    """What deploy made goes, the events first and the role last; a second run finds nothing."""
    deploy(wanted, account, small)
    cloud.calls.clear()
    assert verbs(remove(wanted, account)) == {Verb.DELETE}
    assert writes(cloud) == list(REMOVALS)
    assert state(account) == NOTHING
    assert verbs(remove(wanted, account)) == {Verb.NOTHING}


@pytest.mark.parametrize("action", REMOVALS)
def test_a_removal_that_broke_off_is_completed_by_the_next(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip, action: str
) -> None:
    """Each call in turn is refused, and the next run takes the rest."""
    deploy(wanted, account, small)
    fault = cloud.faults.add(action, strike.error("FailedOperation.Test", "Not now"))
    with pytest.raises(OperatorError, match=r"FailedOperation.Test: Not now"):
        remove(wanted, account)
    fault.off()
    remove(wanted, account)
    assert state(account) == NOTHING


def test_a_lost_answer_to_a_removal_is_no_failure(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip
) -> None:
    """What is gone is gone, however it is said."""
    deploy(wanted, account, small)
    for action in REMOVALS:
        cloud.faults.add(action, strike.drop_after_effect(), times=1)
    remove(wanted, account)
    assert state(account) == NOTHING


def test_dead_letters_that_would_be_lost_are_counted(account: Cloud, wanted: Deployment, small: Zip) -> None:
    """The plan says what goes with the queue."""
    deploy(wanted, account, small)
    for _ in range(2):
        params = {"QueueName": QUEUE, "MsgContent": "{}", "DelaySeconds": 0}
        account.call(TDMQ, "SendCmqMsg", params)
    [queue] = [step for step in plan_removal(wanted, account)[1] if step.kind == "queue"]
    assert queue.note == "holds 2 dead letters, which would be lost"


def test_only_our_own_flow_logs_are_found_and_none_are_removed_unasked(
    cloud: LocalCloud, account: Cloud, small: Zip
) -> None:
    """Ours are those with our description, in every region of the sweep; remove alone leaves all."""
    wanted = deployment_to(cloud, FLOWLOG_REGIONS=f"{REGION}, ap-shanghai")
    deploy(wanted, account, small)
    mine = {
        region: cloud.seed_flow_log(region, cloud.seed_interface(region), description="managed-by=eni-flowlog")
        for region in (REGION, "ap-shanghai")
    }
    others = cloud.seed_flow_log(REGION, cloud.seed_interface(REGION), description="by hand")
    assert {log.region: log.flow_log_id for log in our_flow_logs(wanted, account)} == mine
    remove(wanted, account)
    assert {log["FlowLogId"] for log in flow_logs(account)} == {mine[REGION], others}


@pytest.mark.parametrize("given", ["ap-guangzhou,,", f" , {REGION},{REGION}", ",", ""])
def test_no_flow_log_is_counted_twice(cloud: LocalCloud, account: Cloud, given: str) -> None:
    """An empty or repeated entry of FLOWLOG_REGIONS is no region more."""
    wanted = deployment_to(cloud, FLOWLOG_REGIONS=given)
    cloud.seed_flow_log(REGION, cloud.seed_interface(REGION), description="managed-by=eni-flowlog")
    assert regions_of(wanted) == [REGION]
    assert len(our_flow_logs(wanted, account)) == 1


def test_each_part_says_what_it_is(wanted: Deployment, account: Cloud) -> None:
    """Kinds are unique: plans and findings name parts by them."""
    kinds = [part.kind for part in all_parts(wanted, account)]
    assert len(set(kinds)) == len(kinds)


def test_without_eventbridge_the_rule_says_how_to_get_it(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip
) -> None:
    """An account whose service bus is not there yet: the run stops at the rule and says what to do."""
    cloud.faults.add("ListEventBuses", strike.garbled_body(b'{"Response":{"EventBuses":[],"TotalCount":0}}'))
    with pytest.raises(OperatorError, match=r"no service event bus: open EventBridge once in the console"):
        deploy(wanted, account, small)


def test_an_account_that_cannot_be_looked_at_stops_the_plan(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip
) -> None:
    """A refusal is not taken for absence: nothing is made on a guess."""
    cloud.faults.add("GetRole", strike.error("UnauthorizedOperation", "no permission"))
    with pytest.raises(Refused, match=r"UnauthorizedOperation: no permission"):
        deploy(wanted, account, small)
    assert writes(cloud) == []


# When the platform itself is in trouble -------------------------------------------------------------------------------


def described(status: str, **more: Any) -> bytes:
    """What GetFunction says of a function in trouble."""
    tags = [{"Key": "managed-by", "Value": "eni-flowlog"}]
    return json.dumps({"Response": {"Status": status, "Tags": tags, "RequestId": "r", **more}}).encode()


def test_a_function_whose_making_failed_is_made_anew(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip
) -> None:
    """SCF keeps a function in CreateFailed, which can only be deleted (doc 583/37883)."""
    deploy(wanted, account, small)
    cloud.calls.clear()
    # The plan looks once, and the step that carries it out looks again.
    cloud.faults.add("GetFunction", strike.garbled_body(described("CreateFailed")), times=2)
    steps = deploy(wanted, account, small)
    assert ("status", "CreateFailed", "Active") in [
        (each.what, each.old, each.new) for step in steps for each in step.changes
    ]
    assert [action for action in writes(cloud) if "Function" in action] == ["DeleteFunction", "CreateFunction"]
    assert state(account)["functions"] == [NAME]


def test_a_function_that_fails_to_update_says_why(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Zip
) -> None:
    """The API's own reasons are in the error."""
    reasons = [{"ErrorCode": "InsufficientResources", "ErrorMessage": "no capacity"}]
    cloud.faults.add("GetFunction", strike.garbled_body(described("UpdateFailed", StatusReasons=reasons)), skip=2)
    with pytest.raises(OperatorError, match=r"eni-flowlog is UpdateFailed: InsufficientResources: no capacity"):
        deploy(wanted, account, small)


def test_a_flow_log_that_cannot_be_deleted_does_not_stop_the_rest(cloud: LocalCloud, account: Cloud) -> None:
    """The rest goes; the error counts, and says what the first was refused for."""
    wanted = deployment_to(cloud)
    for _ in range(3):
        cloud.seed_flow_log(REGION, cloud.seed_interface(REGION), description="managed-by=eni-flowlog")
    logs = our_flow_logs(wanted, account)
    cloud.faults.add("DeleteFlowLog", strike.error("UnauthorizedOperation", "no permission"), times=1)
    with pytest.raises(OperatorError, match=r"1 of 3 flow logs could not be deleted. .*UnauthorizedOperation: no perm"):
        delete_flow_logs(account, logs)
    assert len(our_flow_logs(wanted, account)) == 1


def test_a_flow_log_that_went_meanwhile_is_no_failure(cloud: LocalCloud, account: Cloud) -> None:
    """Deleting an interface deletes its flow log, so that it may be gone before its turn comes."""
    wanted = deployment_to(cloud)
    cloud.seed_flow_log(REGION, cloud.seed_interface(REGION), description="managed-by=eni-flowlog")
    logs = our_flow_logs(wanted, account)
    delete_flow_logs(account, logs)
    delete_flow_logs(account, logs)
    assert our_flow_logs(wanted, account) == []


def test_a_package_too_big_for_the_api_is_not_sent(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, tmp_path: Path
) -> None:
    """A signed request takes 10 MB: nothing at all is made."""
    big = small_package(tmp_path, "# " + "x" * 8 * 1024 * 1024)
    with pytest.raises(
        OperatorError, match=r"function.zip is too big to be uploaded by the API: 1118\d{4} bytes in ba"
    ):
        deploy(wanted, account, big)
    assert writes(cloud) == []


def test_a_role_that_trusts_somebody_else_is_brought_back(account: Cloud, wanted: Deployment, small: Zip) -> None:
    """The plan names who is trusted, and who should be."""
    deploy(wanted, account, small)
    document = json.dumps(documents.trust()).replace("scf.qcloud.com", "cvm.qcloud.com")
    account.call(CAM, "UpdateAssumeRolePolicy", {"RoleName": NAME, "PolicyDocument": document})
    [step] = [step for step in deploy(wanted, account, small) if step.changes]
    assert [(each.what, each.old, each.new) for each in step.changes] == [
        ("trusts", "cvm.qcloud.com", "scf.qcloud.com")
    ]
    assert verbs(plan(wanted, account, small)[1]) == {Verb.NOTHING}


def test_a_detached_policy_is_attached_again(account: Cloud, wanted: Deployment, small: Zip) -> None:
    """The document is as it should be, and is not set anew."""
    deploy(wanted, account, small)
    [policy] = account.call(CAM, "ListPolicies", {"Scope": "Local"})["List"]
    account.call(CAM, "DetachRolePolicy", {"PolicyId": policy["PolicyId"], "DetachRoleName": NAME})
    [step] = [step for step in deploy(wanted, account, small) if step.changes]
    assert [(each.what, each.old, each.new) for each in step.changes] == [("attached to the role", "no", "yes")]
    assert state(account)["attached"] == [NAME]


def test_what_is_behind_the_first_page_is_found(account: Cloud, wanted: Deployment, small: Zip) -> None:
    """An account with many rules and policies of its own: ours are found among them, and not made twice."""
    deploy(wanted, account, small)
    rule = Rule(wanted, account).find()
    assert rule is not None
    for number in range(101):
        other = {"EventBusId": rule["EventBusId"], "RuleName": f"other-{number}", "EventPattern": '{"source":["a"]}'}
        account.call(EB, "CreateRule", other, EB_REGION)
    assert verbs(plan(wanted, account, small)[1]) == {Verb.NOTHING}
