"""Alarms: kept as asked for, evaluated on the cloud's clock, and heard at an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from localcloud.cls.model import Line, Logs
from localcloud.cls.watch import condition_of
from tests.support.ear import Calls, listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud import LocalCloud
    from tests.support.client import Client

LETTERS = "log-status:OK | select count(*) as n"


@pytest.fixture
def address() -> Iterator[tuple[str, Calls]]:
    yield from listening()


def alarm(cloud: LocalCloud, **changes: Any) -> dict[str, Any]:
    """CreateAlarm's parameters for an alarm on the seeded topic, every 15 minutes."""
    target = {
        "TopicId": cloud.topic_id,
        "LogsetId": "l",
        "Query": LETTERS,
        "Number": 1,
        "StartTimeOffset": -15,
        "EndTimeOffset": 0,
        "SyntaxRule": 1,
    }
    return {
        "Name": "dead letters",
        "AlarmTargets": [target],
        "MonitorTime": {"Type": "Period", "Time": 15},
        "TriggerCount": 1,
        "AlarmPeriod": 60,
        "Condition": "$1.n > 0",
        "AlarmLevel": 0,
        **changes,
    }


def notice(call: Client, url: str, kind: str = "Http") -> str:
    callback = {"CallbackType": kind, "Url": url, "Method": "POST"}
    made = call("cls", "CreateAlarmNotice", Name=f"to {kind}", Type="All", WebCallbacks=[callback])
    return str(made["AlarmNoticeId"])


def write(cloud: LocalCloud) -> None:
    kept = cloud.account.region(cloud.region).state(Logs).kept[cloud.topic_id]
    kept.append(Line(cloud.clock.now(), {"log-status": "OK"}))


def test_a_webhook_is_called_when_the_condition_holds(
    cloud: LocalCloud, call: Client, address: tuple[str, Calls]
) -> None:
    """Not before the period is over, and again only after AlarmPeriod."""
    url, heard = address
    made = call("cls", "CreateAlarm", **alarm(cloud, AlarmNoticeIds=[notice(call, url)]))
    write(cloud)
    cloud.clock.advance(600)
    assert heard.empty()
    cloud.clock.advance(300)
    path, said = heard.get(timeout=10)
    assert path == "/hook"
    assert (said["AlarmId"], said["Name"], said["Row"]) == (made["AlarmId"], "dead letters", {"n": 1})
    for _ in range(4):
        write(cloud)
        cloud.clock.advance(900)
    heard.get(timeout=10)
    first, second = cloud.alarms.fired
    assert second.time - first.time == pytest.approx(3600)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("WeCom", lambda said: said["text"]["content"]),
        ("DingTalk", lambda said: said["text"]["content"]),
        ("Lark", lambda said: said["content"]["text"]),
    ],
)
def test_each_messenger_is_called_in_its_own_form(
    cloud: LocalCloud, call: Client, address: tuple[str, Calls], kind: str, text: Any
) -> None:
    url, heard = address
    wanted = alarm(cloud, AlarmNoticeIds=[notice(call, url + "?key=k", kind)], Condition="$1.n == 0")
    call("cls", "CreateAlarm", **wanted)
    cloud.clock.advance(900)
    path, said = heard.get(timeout=10)
    assert (path, text(said).partition(":")[0]) == ("/hook?key=k", "dead letters")


def test_it_takes_as_many_periods_as_it_says(cloud: LocalCloud, call: Client, address: tuple[str, Calls]) -> None:
    """Also where nothing is found: an alarm on what did not happen."""
    url, heard = address
    wanted = alarm(cloud, AlarmNoticeIds=[notice(call, url)], Condition="$1.n == 0", TriggerCount=2)
    call("cls", "CreateAlarm", **wanted)
    quiet = call("cls", "CreateAlarm", **{**wanted, "Name": "off", "Status": False})
    cloud.clock.advance(901)
    assert heard.empty()
    cloud.clock.advance(900)
    assert heard.get(timeout=10)[1]["Row"] == {"n": 0}
    assert quiet["AlarmId"] not in {one.alarm_id for one in cloud.alarms.fired}


def test_an_alarm_is_changed_and_deleted(cloud: LocalCloud, call: Client) -> None:
    notice_id = notice(call, "http://127.0.0.1:9/")
    alarm_id = call("cls", "CreateAlarm", **alarm(cloud, AlarmNoticeIds=[notice_id]))["AlarmId"]
    call("cls", "ModifyAlarm", AlarmId=alarm_id, Condition="$1.n > 5")
    call("cls", "ModifyAlarmNotice", AlarmNoticeId=notice_id, Name="other")
    for key, value in (("alarmId", alarm_id), ("name", "dead")):
        found = call("cls", "DescribeAlarms", Filters=[{"Key": key, "Values": [value]}])
        assert [(one["AlarmId"], one["Condition"]) for one in found["Alarms"]] == [(alarm_id, "$1.n > 5")]
    assert call("cls", "DescribeAlarms", Filters=[{"Key": "name", "Values": ["x"]}])["TotalCount"] == 0
    (shown,) = call("cls", "DescribeAlarmNotices", Filters=[{"Key": "name", "Values": ["other"]}])["AlarmNotices"]
    assert shown["AlarmNoticeId"] == notice_id
    assert call.refused("cls", "DeleteAlarmNotice", AlarmNoticeId=notice_id)[0] == "OperationDenied.NoticeHasAlarm"
    call("cls", "DeleteAlarm", AlarmId=alarm_id)
    call("cls", "DeleteAlarmNotice", AlarmNoticeId=notice_id)
    assert call.refused("cls", "DeleteAlarm", AlarmId=alarm_id)[0] == "ResourceNotFound.AlarmNotExist"
    assert call.refused("cls", "ModifyAlarmNotice", AlarmNoticeId=notice_id)[0] == (
        "ResourceNotFound.AlarmNoticeNotExist"
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Condition": "n > 0"}, "InvalidParameterValue"),
        ({"Condition": "$1.n > 0 && $1.n < 9"}, "InvalidParameterValue"),
        ({"Condition": None}, "InvalidParameterValue"),
        ({"MultiConditions": [{"Condition": "$1.n > 0", "AlarmLevel": 0}]}, "InvalidParameterValue"),
        ({"MonitorTime": {"Type": "Cron", "CronExpression": "* * * * *"}}, "InvalidParameterValue"),
        ({"AlarmNoticeIds": ["notice-1"]}, "ResourceNotFound.AlarmNoticeNotExist"),
        ({"start": -1441}, "InvalidParameterValue"),
        ({"topic": "nope"}, "ResourceNotFound.TopicNotExist"),
        ({"Name": "taken"}, "InvalidParameter.AlarmConflict"),
    ],
)
def test_an_alarm_that_cannot_be_is_refused(cloud: LocalCloud, call: Client, change: dict[str, Any], code: str) -> None:
    call("cls", "CreateAlarm", **alarm(cloud, Name="taken"))
    wanted = {**alarm(cloud), **{name: value for name, value in change.items() if name[0].isupper()}}
    wanted["AlarmTargets"][0] |= {"StartTimeOffset": change.get("start", -15)}
    wanted["AlarmTargets"][0] |= {"TopicId": change.get("topic", cloud.topic_id)}
    assert call.refused("cls", "CreateAlarm", **wanted)[0] == code


@pytest.mark.parametrize(
    ("condition", "held"),
    [
        ("$1.n > 0", {"n": 3}),
        ("$1.n>=3", {"n": 3}),
        ("$1.n > 3", None),
        ("$2.n > 3", {"n": 4}),
        ("$3.n > 0", None),
        ("$1.name > 0", None),
        ("$1.n < 1", {"n": 0, "name": "x"}),
        ("$2.n != 4", None),
    ],
)
def test_a_condition_holds_for_a_row(condition: str, held: dict[str, Any] | None) -> None:
    holds = condition_of({"Condition": condition})
    assert holds([[{"n": 3}, {"n": 0, "name": "x"}], [{"n": 4}]]) == held
