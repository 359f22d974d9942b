"""`eni-flowlog doctor`: take one thing away, and it names exactly that; nothing stops it at the first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core import faults as strike
from ops.deployment import documents, grants
from ops.deployment.cloud import CAM, EB, EB_REGION, SCF, TDMQ, Cloud
from ops.deployment.function import Function
from ops.deployment.rule import Rule, rule_of
from ops.doctor.examine import examine
from ops.doctor.finding import Finding, State
from tests.support.deployment import NAME, QUEUE, account_of, without

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud import LocalCloud
    from ops.deployment.wanted import Deployment
    from ops.packaging.package import Package


def troubles(findings: list[Finding]) -> dict[str, str]:
    """What is wrong, by check, but for the alarms, which nobody has asked for here."""
    wrong = [finding for finding in findings if finding.state in (State.WARN, State.FAIL)]
    return {finding.check: finding.what for finding in wrong if finding.check != "alarm"}


def test_a_fresh_deployment_is_healthy(account: Cloud, deployed: Deployment, package: Package) -> None:
    """Every check is made, and each is fine: the real package answers, and reads its queue with its role's keys."""
    findings = examine(deployed, account, package.archive)
    assert troubles(findings) == {}
    assert [finding.check for finding in findings if finding.state is State.UNKNOWN] == ["events"]  # none was made yet
    assert [finding.check for finding in findings] == [
        "credentials",
        "role",
        "permission",
        "service role",
        "topic",
        "queue",
        "function",
        "code",
        "settings",
        "timer",
        "rule",
        "target",
        "events",
        "status",
        "queue access",
        "coverage",
        "alarm",
    ]


def test_nothing_deployed_is_all_named(account: Cloud, wanted: Deployment) -> None:
    """It does not stop at the first: each missing part has its finding, and each says what to do."""
    findings = examine(wanted, account)
    failed = [finding for finding in findings if finding.state is State.FAIL]
    assert {finding.check for finding in failed} == {"role", "queue", "function", "timer", "rule", "target"}
    assert all(finding.todo for finding in failed)


def test_it_changes_nothing(cloud: LocalCloud, account: Cloud, deployed: Deployment) -> None:
    """Only reads, and two invocations that read."""
    cloud.calls.clear()
    examine(deployed, account)
    own = [call.action for call in cloud.calls if call.caller is None or not call.caller.role]
    assert [action for action in own if not action.startswith(("Get", "List", "Describe"))] == ["Invoke", "Invoke"]


@pytest.mark.parametrize("action", ["vpc:CreateFlowLog", "scf:InvokeFunction"])
def test_one_permission_taken_away_is_named(account: Cloud, deployed: Deployment, action: str) -> None:
    """Exactly that one; the function itself does not notice before it needs it."""
    without(account, action, deployed)
    assert troubles(examine(deployed, account)) == {"permission": f"the role {NAME} may not {action} on *"}


def test_a_permission_that_status_needs_is_felt_by_the_function(account: Cloud, deployed: Deployment) -> None:
    """Besides the permission itself, the function's own answer says what was refused."""
    without(account, "vpc:DescribeFlowLogs", deployed)
    found = troubles(examine(deployed, account))
    assert set(found) == {"permission", "coverage"}
    assert found["permission"] == f"the role {NAME} may not vpc:DescribeFlowLogs on *"
    assert "UnauthorizedOperation" in found["coverage"]


def test_a_detached_policy_names_every_action(account: Cloud, deployed: Deployment) -> None:
    """A role without its policy: each permission is a finding of its own."""
    [policy] = account.call(CAM, "ListPolicies", {"Scope": "Local"})["List"]
    account.call(CAM, "DetachRolePolicy", {"PolicyId": policy["PolicyId"], "DetachRoleName": NAME})
    named = {finding.what for finding in examine(deployed, account) if finding.check == "permission"}
    needed = grants.grants(documents.role_policy(deployed, account.uin))
    assert {what.split(" on ")[0] for what in named} == {f"the role {NAME} may not {grant.action}" for grant in needed}


def delete_service_role(account: Cloud) -> None:
    account.call(CAM, "DeleteRole", {"RoleName": "FlowLogClsRole"})


def forget_sooner(account: Cloud) -> None:
    account.call(TDMQ, "ModifyCmqQueueAttribute", {"QueueName": QUEUE, "MsgRetentionSeconds": 3600})


def delete_timer(account: Cloud) -> None:
    account.call(SCF, "DeleteTrigger", {"FunctionName": NAME, "TriggerName": "sweep", "Type": "timer"})


def the_rule(account: Cloud) -> dict[str, Any]:
    [bus] = account.pages(EB, "ListEventBuses", "EventBuses", region=EB_REGION)
    [rule] = account.pages(EB, "ListRules", "Rules", {"EventBusId": bus["EventBusId"]}, EB_REGION)
    return rule_of(rule)


def narrow_rule(account: Cloud) -> None:
    described = account.call(EB, "GetRule", the_rule(account), EB_REGION)
    pattern = json.loads(described["EventPattern"])
    pattern["data"]["eventName"].remove("RunInstances")
    account.call(EB, "UpdateRule", {**the_rule(account), "EventPattern": json.dumps(pattern)}, EB_REGION)


def delete_target(account: Cloud) -> None:
    rule = the_rule(account)
    [target] = account.call(EB, "ListTargets", rule, EB_REGION)["Targets"]
    account.call(EB, "DeleteTarget", {**rule, "TargetId": target["TargetId"]}, EB_REGION)


def test_dead_letters_are_named(cloud: LocalCloud, account: Cloud, deployed: Deployment) -> None:
    cloud.seed_messages(QUEUE, "{}")
    assert troubles(examine(deployed, account)) == {"queue": f"{QUEUE} holds 1 dead letter"}


@pytest.mark.parametrize(
    ("break_it", "check", "what"),
    [
        (
            delete_service_role,
            "service role",
            "there is no role FlowLogClsRole, with which VPC writes flow logs to CLS",
        ),
        (forget_sooner, "queue", f"{QUEUE}: MsgRetentionSeconds 3600, not 43200"),
        (delete_timer, "timer", "there is no timer sweep"),
        (narrow_rule, "rule", f"{NAME}: lets through all but RunInstances, not all five actions"),
    ],
)
def test_one_thing_broken_is_named(
    account: Cloud, deployed: Deployment, break_it: Callable[[Cloud], None], check: str, what: str
) -> None:
    """Exactly that one, in the words of the plan that would mend it (deploy/test_deploy.py)."""
    break_it(account)
    assert troubles(examine(deployed, account)) == {check: what}


def test_a_missing_target_is_named(account: Cloud, deployed: Deployment) -> None:
    """The rule is there, and calls nobody."""
    delete_target(account)
    found = troubles(examine(deployed, account))
    assert set(found) == {"target"}
    assert found["target"].startswith("there is no target qcs::scf:ap-guangzhou:uin/")


def test_a_missing_rule_is_named(account: Cloud, deployed: Deployment) -> None:
    """Without the rule there is no target either."""
    delete_target(account)
    account.call(EB, "DeleteRule", the_rule(account), EB_REGION)
    assert Rule(deployed, account).find() is None
    found = troubles(examine(deployed, account))
    assert set(found) == {"rule", "target"}
    assert found["rule"] == f"there is no rule {NAME}"


def test_a_missing_queue_is_named(account: Cloud, deployed: Deployment) -> None:
    """And the function, asked to read it, says so, too."""
    account.call(TDMQ, "DeleteCmqQueue", {"QueueName": QUEUE})
    found = troubles(examine(deployed, account))
    assert set(found) == {"queue", "queue access"}
    assert found["queue"] == f"there is no queue {QUEUE} in ap-guangzhou"
    assert f"the queue {QUEUE} could not be read" in found["queue access"]


def test_what_somebody_else_made_is_named(account: Cloud, wanted: Deployment) -> None:
    """By its name: deploy would do nothing at all."""
    account.call(TDMQ, "CreateCmqQueue", {"QueueName": QUEUE})
    found = troubles(examine(wanted, account))
    assert found["queue"].startswith(f"{QUEUE}: there is one that eni-flowlog did not make: ")


def test_a_missing_topic_is_named(cloud: LocalCloud, account: Cloud, deployed: Deployment) -> None:
    """With the region where it is missing."""
    cloud.delete_topic(cloud.topic_id)
    assert troubles(examine(deployed, account)) == {
        "topic": f"there is no topic {cloud.topic_id} in ap-guangzhou",
        "coverage": "1 interface whose flow log is broken",
    }


def set_variables(account: Cloud, deployed: Deployment, **changes: str) -> None:
    variables = [{"Key": key, "Value": value} for key, value in {**deployed.variables, **changes}.items()]
    account.call(SCF, "UpdateFunctionConfiguration", {"FunctionName": NAME, "Environment": {"Variables": variables}})
    Function(deployed, account).settle()


def test_topics_are_looked_for_in_every_region_of_the_sweep(
    cloud: LocalCloud, account: Cloud, deployed: Deployment
) -> None:
    """A region without a topic, and one whose topic is not there, each by name."""
    topics = json.dumps({"ap-guangzhou": cloud.topic_id, "ap-beijing": "not-there"})
    set_variables(account, deployed, FLOWLOG_TOPIC_ID=topics, FLOWLOG_REGIONS="ap-guangzhou,ap-shanghai")
    said = [finding.what for finding in examine(deployed, account) if finding.check == "topic" and finding.todo]
    assert said == ["there is no topic not-there in ap-beijing", "no topic is set for ap-shanghai, and no default"]


def test_a_topic_that_may_not_be_looked_for_is_a_warning(
    cloud: LocalCloud, account: Cloud, deployed: Deployment
) -> None:
    """The operator's keys are not the function's: what they may not see may be right all the same."""
    cloud.faults.add("DescribeTopics", strike.error("UnauthorizedOperation", "no permission"))
    found = examine(deployed, account)
    assert set(troubles(found)) == {"topic"}
    [said] = [finding for finding in found if finding.check == "topic"]
    assert said.state is State.WARN
    assert "could not be looked for: UnauthorizedOperation: no permission" in said.what


def test_wrong_settings_as_deployed_are_named(account: Cloud, deployed: Deployment) -> None:
    """What stands in the function counts, not what the shell says now; the function itself answers the same."""
    set_variables(account, deployed, FLOWLOG_TRAFFIC_TYPE="SOME")
    found = troubles(examine(deployed, account))
    assert "FLOWLOG_TRAFFIC_TYPE must be one of ACCEPT, REJECT or ALL" in found.pop("settings")
    assert set(found) == {"status", "queue access"}
    assert "FLOWLOG_TRAFFIC_TYPE must be one of ACCEPT, REJECT or ALL" in found["status"]


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        (
            {"FLOWLOG_REGION": "ap-shanghai"},
            "FLOWLOG_REGION is no setting of the function: did you mean FLOWLOG_REGIONS?",
        ),
        (
            {"FLOWLOG_RULES": '{"exclude":{"tags":{"flowlog":"off"},"until":"2020-12-31"}}'},
            "the rule exclude ended on 2020-12-31: take it out of FLOWLOG_RULES, or give it another day",
        ),
    ],
)
def test_a_setting_as_deployed_without_effect_is_named(
    account: Cloud, deployed: Deployment, variables: dict[str, str], what: str
) -> None:
    """The function reads only what it knows, and a rule only until its last day: a warning."""
    set_variables(account, deployed, **variables)
    said = [finding for finding in examine(deployed, account) if finding.check == "settings"]
    assert (State.WARN, what) in [(finding.state, finding.what) for finding in said]


def test_a_check_that_is_refused_does_not_stop_the_rest(
    cloud: LocalCloud, account: Cloud, deployed: Deployment
) -> None:
    """Keys that may not look at CAM: three checks could not be made, and say so; all others are made."""
    for action in ("GetRole", "ListAttachedRolePolicies"):
        cloud.faults.add(action, strike.error("UnauthorizedOperation", "you are not authorized"))
    found = troubles(examine(deployed, account))
    refused = "could not be looked at: UnauthorizedOperation: you are not authorized"
    assert found == {"role": refused, "permission": refused, "service role": refused}


def test_wrong_keys_are_the_one_finding(cloud: LocalCloud, wanted: Deployment) -> None:
    """Without keys that work there is nothing else to be said."""
    account = account_of(cloud, secret_key="wrong")
    [finding] = examine(wanted, account)
    assert (finding.check, finding.state) == ("credentials", State.FAIL)
    assert "AuthFailure.SignatureFailure" in finding.what
    assert finding.todo.startswith("Check the keys")
