"""What deploy says before it makes anything: topics, the queue's region, what parts are made with, the backlog."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core import faults as strike
from ops.deployment import backlog, preflight
from ops.deployment.assembly import plan_deployment
from ops.deployment.cloud import CLS, SCF, TDMQ
from ops.deployment.function import Function
from ops.deployment.reply import variables_of
from ops.deployment.step import Verb
from ops.errors import OperatorError
from tests.support.deployment import NAME, QUEUE, REGION, account_of, deploy, deployment_to, remove, verbs, writes

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud import LocalCloud
    from ops.deployment.cloud import Cloud
    from ops.deployment.step import Step
    from ops.deployment.wanted import Deployment


def topic_in(account: Cloud, region: str) -> str:
    """Make a topic in a region."""
    logset = account.call(CLS, "CreateLogset", {"LogsetName": "flow"}, region)["LogsetId"]
    topic = account.call(CLS, "CreateTopic", {"TopicName": "flow", "LogsetId": logset}, region)
    return str(topic["TopicId"])


def made_with(steps: list[Step], kind: str) -> dict[str, str]:
    [step] = [step for step in steps if step.kind == kind]
    return {change.what: change.new for change in step.changes}


# Topics have regions --------------------------------------------------------------------------------------------------


def test_the_topics_region_is_found_and_set(cloud: LocalCloud, account: Cloud, small: Path) -> None:
    """One topic for all, in another region than the function's: the plan says where, and the function is told."""
    elsewhere = topic_in(account, "ap-shanghai")
    wanted = deployment_to(cloud, FLOWLOG_TOPIC_ID=elsewhere)
    plan = plan_deployment(wanted, account, small)
    assert [(line.kind, line.verb, line.detail) for line in plan.found] == [("topic", Verb.FOUND, "in ap-shanghai")]
    deploy(wanted, account, small)
    function = account.call(SCF, "GetFunction", {"FunctionName": NAME})
    assert variables_of(function)["FLOWLOG_TOPIC_REGION"] == "ap-shanghai"
    assert verbs(plan_deployment(wanted, account, small).steps) == {Verb.NOTHING}


def test_of_an_object_the_keys_are_the_regions_and_only_the_default_is_looked_for(
    cloud: LocalCloud, account: Cloud, small: Path
) -> None:
    """Each topic is found, or is a conflict with its region."""
    there, elsewhere = topic_in(account, "ap-beijing"), topic_in(account, "ap-shanghai")
    topics = {"ap-beijing": there, "default": elsewhere}
    plan = plan_deployment(deployment_to(cloud, FLOWLOG_TOPIC_ID=json.dumps(topics)), account, small)
    assert {line.name: line.detail for line in plan.found} == {there: "in ap-beijing", elsewhere: "in ap-shanghai"}
    assert plan.deployment.variables["FLOWLOG_TOPIC_REGION"] == "ap-shanghai"


@pytest.mark.parametrize(
    ("topic_id", "region", "where"),
    [
        ("nowhere", "", "in any region of the account"),
        ("nowhere", "ap-shanghai", "in ap-shanghai"),
        ('{"ap-beijing": "nowhere"}', "", "in ap-beijing"),
    ],
)
def test_a_topic_that_is_nowhere_is_refused(
    cloud: LocalCloud, account: Cloud, small: Path, *, topic_id: str, region: str, where: str
) -> None:
    """Nothing is made: every flow log would fail."""
    wanted = deployment_to(cloud, FLOWLOG_TOPIC_ID=topic_id, FLOWLOG_TOPIC_REGION=region)
    with pytest.raises(OperatorError, match=f"Nothing was done. topic nowhere: there is no such topic {where}: create"):
        deploy(wanted, account, small)
    assert writes(cloud) == []


def test_a_topic_that_may_not_be_looked_for_is_a_warning(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """Keys without cls:DescribeTopics can deploy; that it was not seen is said."""
    cloud.faults.add("DescribeTopics", strike.error("UnauthorizedOperation", "no permission"))
    plan = plan_deployment(wanted, account, small)
    assert [(line.verb, line.note[:46]) for line in plan.found] == [
        (Verb.UNKNOWN, "could not be looked for (UnauthorizedOperation")
    ]
    assert "FLOWLOG_TOPIC_REGION" not in plan.deployment.variables
    plan.refuse_conflicts()


@pytest.mark.parametrize(
    ("field", "said"), [("Index", "its index is off in ap-guangzhou"), ("Status", "its collection is off in ap-guang")]
)
def test_a_topic_that_cannot_be_searched_or_takes_nothing_is_a_warning(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path, *, field: str, said: str
) -> None:
    """Flow logs can be made for it, so it is no conflict."""
    reply = {"Topics": [{"TopicId": cloud.topic_id, field: False}], "TotalCount": 1, "RequestId": "r"}
    cloud.faults.add("DescribeTopics", strike.garbled_body(json.dumps({"Response": reply}).encode()))
    plan = plan_deployment(wanted, account, small)
    [line] = plan.found
    assert line.note.startswith(said)
    assert plan.remarks[0].startswith(f"topic {cloud.topic_id}: {said}")
    plan.refuse_conflicts()


# Queues have regions --------------------------------------------------------------------------------------------------


def test_a_region_without_queues_is_said_first(cloud: LocalCloud) -> None:
    """Seventeen regions have TDMQ-CMQ: what to set is named, before anything is looked at."""
    wanted = deployment_to(cloud, TENCENTCLOUD_REGION="ap-jakarta")
    with pytest.raises(OperatorError, match=r"there is no TDMQ-CMQ in ap-jakarta: set FLOWLOG_DLQ_REGION"):
        preflight.check(wanted)
    preflight.check(deployment_to(cloud, TENCENTCLOUD_REGION="ap-jakarta", FLOWLOG_DLQ_REGION="ap-singapore"))


def test_a_queue_in_another_region_has_the_permissions_and_scf_writes_to_none(
    cloud: LocalCloud, account: Cloud, small: Path
) -> None:
    """The plan says that SCF's own dead letters are left out; a second run finds nothing to do; remove finds it."""
    wanted = deployment_to(cloud, FLOWLOG_DLQ_REGION="ap-singapore")
    [queue] = [line for line in deploy(wanted, account, small) if line.kind == "queue"]
    assert queue.detail.startswith("in ap-singapore; SCF's own dead letters")
    assert not account.call(TDMQ, "DescribeCmqQueues")["QueueList"]
    [there] = account.call(TDMQ, "DescribeCmqQueues", region="ap-singapore")["QueueList"]
    assert there["QueueName"] == QUEUE
    assert not account.call(SCF, "GetFunction", {"FunctionName": NAME})["DeadLetterConfig"]["Name"]
    policy = [line for line in plan_deployment(wanted, account, small).steps if line.kind == "policy"]
    assert verbs(policy) == {Verb.NOTHING}
    assert verbs(plan_deployment(wanted, account, small).steps) == {Verb.NOTHING}
    remove(wanted, account)
    assert not account.call(TDMQ, "DescribeCmqQueues", region="ap-singapore")["QueueList"]


def test_scfs_own_dead_letters_end_when_the_queue_moves_away(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """And come back with it."""
    deploy(wanted, account, small)
    moved = deployment_to(cloud, FLOWLOG_DLQ_REGION="ap-singapore")
    deploy(moved, account, small)
    assert not account.call(SCF, "GetFunction", {"FunctionName": NAME})["DeadLetterConfig"]["Name"]
    deploy(wanted, account, small)
    assert account.call(SCF, "GetFunction", {"FunctionName": NAME})["DeadLetterConfig"]["Name"] == QUEUE


def test_a_queues_longest_message_is_set_to_what_all_documents_allow(
    account: Cloud, wanted: Deployment, small: Path
) -> None:
    """64 KB: the function cuts its letters below that."""
    deploy(wanted, account, small)
    assert account.call(TDMQ, "DescribeCmqQueues")["QueueList"][0]["MaxMsgSize"] == 65_536
    account.call(TDMQ, "ModifyCmqQueueAttribute", {"QueueName": QUEUE, "MaxMsgSize": 1024})
    [queue] = [step for step in deploy(wanted, account, small) if step.changes]
    assert [(each.what, each.old, each.new) for each in queue.changes] == [("MaxMsgSize", "1024", "65536")]


# What is shown before it is made --------------------------------------------------------------------------------------


def test_a_first_plan_shows_what_is_made(account: Cloud, wanted: Deployment, small: Path) -> None:
    """Permissions, memory, time limit, variables and schedule, before the question."""
    steps = list(plan_deployment(wanted, account, small).steps)
    permissions = [change.new for step in steps if step.kind == "policy" for change in step.changes]
    assert any(
        text.startswith("cvm:DescribeInstances, cvm:DescribeRegions, scf:InvokeFunction, vpc:CreateFlowLog, ")
        for text in permissions
    )
    function = made_with(steps, "function")
    assert (function["memory"], function["timeout"], function["runtime"]) == ("64 MB", "300 s", "Python3.10")
    assert function["variable FLOWLOG_TRAFFIC_TYPE"] == "ALL"
    assert made_with(steps, "timer") == {"cron": "17 23 * * * * *", "enabled": "yes"}


def test_a_function_of_ours_in_another_region_is_found(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """By its name and its tag, in every region that is open."""
    deploy(replace(wanted, region="ap-shanghai"), account_of(cloud, region="ap-shanghai"), small)
    assert Function(wanted, account).elsewhere() == ["ap-shanghai"]


# What the first sweep will cover --------------------------------------------------------------------------------------


def rows(found: backlog.Backlog) -> dict[str, Any]:
    return {each.name: (each.interfaces, each.flow_logs, each.to_come, each.remark) for each in found.regions}


def test_what_was_there_before_is_counted_by_region(cloud: LocalCloud, account: Cloud, small: Path) -> None:
    """With what is covered already, and each delivery to another region or across a border marked."""
    cloud.seed_interfaces("ap-shanghai", 3)
    cloud.seed_interfaces("na-ashburn", 2)
    first, *_ = cloud.seed_interfaces(REGION, 2)
    cloud.seed_flow_log(REGION, first)
    wanted = plan_deployment(deployment_to(cloud), account, small).deployment
    cloud.calls.clear()
    found = backlog.count(wanted, account)
    counted = rows(found)
    assert counted["ap-shanghai"][2:] == (counted["ap-shanghai"][0], "to another region")
    assert counted["na-ashburn"][3] == "to another region, across a border"
    assert counted[REGION][1:] == (1, counted[REGION][0] - 1, "")
    assert found.to_come == sum(row[2] for row in counted.values())
    assert cloud.calls.count("DescribeFlowLogs") == len(counted)


def test_only_the_regions_that_are_swept_are_counted(cloud: LocalCloud, account: Cloud) -> None:
    """FLOWLOG_REGIONS narrows it; a region with no topic is marked; one that cannot be looked into is said."""
    topics = json.dumps({REGION: cloud.topic_id})
    cloud.seed_interfaces("ap-shanghai", 1)
    cloud.faults.add("DescribeNetworkInterfaces", strike.error("UnauthorizedOperation", "no"), skip=2)
    regions = f"{REGION},ap-shanghai,ap-beijing"
    found = backlog.count(deployment_to(cloud, FLOWLOG_TOPIC_ID=topics, FLOWLOG_REGIONS=regions), account)
    assert len(found.unseen) == 1
    assert "could not be looked into (UnauthorizedOperation)" in found.unseen[0]
    assert set(rows(found)) < set(regions.split(","))
