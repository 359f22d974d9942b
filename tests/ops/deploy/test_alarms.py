"""Alarms as a part of the deployment: made for whom is named, changed, removed; and heard when something goes wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from localcloud import LocalCloud
from localcloud.core import faults as strike
from ops.deployment import alarm, preflight
from ops.deployment.assembly import plan_deployment
from ops.deployment.cloud import CLS, SCF, VPC
from ops.deployment.step import Verb
from ops.doctor.examine import examine
from ops.errors import OperatorError
from tests.support.deployed import deploy as deploy_whole
from tests.support.deployment import NAME, account_of, deploy, deployment_to, remove, verbs, writes
from tests.support.ear import Calls, listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ops.deployment.cloud import Cloud
    from ops.deployment.wanted import Deployment
    from ops.packaging.package import Package

HOOK = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=planted-key"
NAMES = [f"{NAME} {what}" for what in ("dead letters", "failures", "no sweep", "not covered")]
CALLS = ["CreateAlarmNotice", *["CreateAlarm"] * 4]


@pytest.fixture
def named(cloud: LocalCloud) -> Deployment:
    """Somebody is named to be called."""
    receivers = "group:27411, user:100000000002"
    return deployment_to(cloud, ENI_FLOWLOG_ALARM_RECEIVERS=receivers, ENI_FLOWLOG_ALARM_WEBHOOK=HOOK)


def alarms(account: Cloud) -> list[dict[str, Any]]:
    return list(account.pages(CLS, "DescribeAlarms", "Alarms"))


def test_they_are_made_for_whom_is_named(cloud: LocalCloud, account: Cloud, named: Deployment, small: Path) -> None:
    """One notice and four alarms on the function's own log; the plan says what and whom, and not the address's key."""
    [step] = [step for step in deploy(named, account, small) if step.kind == "alarm"]
    shown = {change.what: change.new for change in step.changes}
    assert shown["watches"] == "dead letters, not covered, failures, no sweep"
    assert shown["calls"].startswith("group:27411, user:100000000002, WeCom at qyapi.weixin.qq.com (")
    assert "planted-key" not in shown["calls"]
    assert writes(cloud)[-5:] == CALLS
    made = alarms(account)
    assert sorted(each["Name"] for each in made) == NAMES
    topic = account.call(SCF, "GetFunction", {"FunctionName": NAME})["ClsTopicId"]
    assert {each["AlarmTargets"][0]["TopicId"] for each in made} == {topic}
    [notice] = account.call(CLS, "DescribeAlarmNotices")["AlarmNotices"]
    assert {each["AlarmNoticeIds"][0] for each in made} == {notice["AlarmNoticeId"]}
    assert [each["ReceiverType"] for each in notice["NoticeReceivers"]] == ["Group", "Uin"]
    assert notice["WebCallbacks"][0]["Url"] == HOOK
    assert verbs(plan_deployment(named, account, small).steps) == {Verb.NOTHING}


def test_nobody_named_makes_none_and_doctor_warns(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """Without a word of it in the plan."""
    assert "alarm" not in {step.kind for step in deploy(wanted, account, small)}
    assert "CreateAlarm" not in writes(cloud)
    [said] = [finding for finding in examine(wanted, account) if finding.check == "alarm"]
    assert (said.state.value, said.what) == ("warn", "no alarm calls anybody when the function stops")


def test_what_differs_is_named_and_changed(account: Cloud, named: Deployment, small: Path) -> None:
    """Another address, an alarm that is off, one that is gone, and one too many once the timer is off."""
    deploy(named, account, small)
    by_name = {each["Name"]: each["AlarmId"] for each in alarms(account)}
    account.call(CLS, "ModifyAlarm", {"AlarmId": by_name[NAMES[0]], "Status": False})
    account.call(CLS, "DeleteAlarm", {"AlarmId": by_name[NAMES[1]]})
    other = replace(named, alarm_webhook="https://oapi.dingtalk.com/robot/send?access_token=t")
    other = replace(other, timer=replace(other.timer, enabled=False))
    [step] = [step for step in deploy(other, account, small) if step.kind == "alarm"]
    assert [change.what for change in step.changes] == ["calls", *NAMES[:3]]
    assert "DingTalk at oapi.dingtalk.com" in step.changes[0].new
    assert step.changes[1].old == "switched off"
    assert sorted(each["Name"] for each in alarms(account)) == [*NAMES[:2], NAMES[3]]
    assert verbs(plan_deployment(other, account, small).steps) == {Verb.NOTHING}


@pytest.mark.parametrize("skip", range(5))
def test_a_run_that_broke_off_is_completed_by_the_next(
    cloud: LocalCloud, account: Cloud, named: Deployment, small: Path, skip: int
) -> None:
    """Each call in turn is refused."""
    action = CALLS[skip]
    fault = cloud.faults.add(action, strike.error("LimitExceeded.Test", "No more"), skip=max(0, skip - 1))
    with pytest.raises(OperatorError, match=r"alarm eni-flowlog: LimitExceeded.Test"):
        deploy(named, account, small)
    fault.off()
    deploy(named, account, small)
    assert sorted(each["Name"] for each in alarms(account)) == NAMES


def test_remove_takes_them_even_when_nobody_is_named_any_more(
    account: Cloud, named: Deployment, wanted: Deployment, small: Path
) -> None:
    """The alarms first, then the notice that they used; what somebody else called alike stays."""
    deploy(named, account, small)
    [first, *_] = remove(wanted, account)
    assert (first.kind, first.verb) == ("alarm", Verb.DELETE)
    assert alarms(account) == []
    assert account.call(CLS, "DescribeAlarmNotices")["AlarmNotices"] == []


def test_somebody_elses_of_the_same_name_are_a_conflict(account: Cloud, named: Deployment, small: Path) -> None:
    """Without our tag: nothing is done."""
    account.call(CLS, "CreateAlarmNotice", {"Name": NAME, "Type": "All"})
    with pytest.raises(OperatorError, match=r"Nothing was done. alarm eni-flowlog: .*eni-flowlog did not make"):
        deploy(named, account, small)


@pytest.mark.parametrize(
    ("variable", "value", "fault"),
    [
        ("ENI_FLOWLOG_ALARM_RECEIVERS", "27411", "must be group:ID or user:UIN, separated by commas, not '27411'"),
        ("ENI_FLOWLOG_ALARM_WEBHOOK", "qyapi.weixin.qq.com", "must be an address that begins with https://"),
    ],
)
def test_a_receiver_of_another_form_is_said_before_anything(
    cloud: LocalCloud, variable: str, value: str, fault: str
) -> None:
    """With the variable's name."""
    with pytest.raises(OperatorError, match=f"{variable} {fault}"):
        preflight.check(deployment_to(cloud, **{variable: value}))


def test_a_function_without_a_log_topic_is_said(
    cloud: LocalCloud, account: Cloud, named: Deployment, small: Path
) -> None:
    """There is nothing to watch then."""
    deploy(replace(named, alarm_receivers="", alarm_webhook=""), account, small)
    body = {**account.call(SCF, "GetFunction", {"FunctionName": NAME}), "ClsTopicId": ""}
    cloud.faults.add("GetFunction", strike.garbled_body(json.dumps({"Response": body}).encode()))
    with pytest.raises(OperatorError, match=r"The function eni-flowlog has no log topic to watch: choose one"):
        deploy(named, account, small)


# Heard ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def address() -> Iterator[tuple[str, Calls]]:
    yield from listening()


def wrong_event(place: Any) -> None:
    place.call("scf", "Invoke", FunctionName=NAME, ClientContext='{"command":"nonsense"}')


def broken_flow_log(place: Any) -> None:
    cloud = place.cloud
    log = cloud.seed_flow_log(cloud.region, cloud.seed_interfaces(cloud.region, 1)[0])
    account_of(cloud).call(VPC, "DisableFlowLogs", {"FlowLogIds": [log]})
    place.call("scf", "Invoke", FunctionName=NAME, ClientContext='{"command":"sweep"}')


def bad_settings(place: Any) -> None:
    variables = [{"Key": "FLOWLOG_TRAFFIC_TYPE", "Value": "SOME"}]
    place.call("scf", "UpdateFunctionConfiguration", FunctionName=NAME, Environment={"Variables": variables})
    place.call("scf", "Invoke", FunctionName=NAME, ClientContext='{"command":"status"}')


def nothing_runs(place: Any) -> None:
    for _ in range(alarm.NO_SWEEP_MIN // alarm.PERIOD_MIN):
        place.cloud.clock.advance(alarm.PERIOD_MIN * 60)


@pytest.mark.parametrize(
    ("happens", "what"),
    [
        (wrong_event, "dead letters"),
        (broken_flow_log, "not covered"),
        (bad_settings, "failures"),
        (nothing_runs, "no sweep"),
    ],
)
def test_somebody_is_called(package: Package, address: tuple[str, Calls], *, happens: Any, what: str) -> None:
    """The whole way, from what goes wrong through the function's log and the alarm to the call."""
    url, heard = address
    with LocalCloud(enforce_limits=False) as cloud:
        cloud.behaviour.function_ready_s = 0.0
        place = deploy_whole(cloud, package, sweep=what == "no sweep", alarm_webhook=url)
        if what == "no sweep":  # the timer is there, and somebody has switched it off
            which = {"FunctionName": NAME, "TriggerName": "sweep", "Type": "timer"}
            place.call("scf", "UpdateTriggerStatus", **which, Enable="CLOSE", TriggerDesc=place.wanted.timer.cron)
        happens(place)
        cloud.clock.advance(alarm.PERIOD_MIN * 60 + 1)
        names = {heard.get(timeout=20)[1]["Name"]}
        while not heard.empty():
            names.add(heard.get()[1]["Name"])
        assert f"{NAME} {what}" in names
