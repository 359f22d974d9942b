"""Timers of a function."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.support.deployed import wait_until
from tests.support.platform_replies import code
from tests.support.probe import NAMED, make, settled

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client

TRIGGER = {**NAMED, "TriggerName": "t", "Type": "timer"}


def test_a_timer_fires_when_it_is_due_with_its_message(cloud: LocalCloud, call: Client) -> None:
    """The event is the documented one; its time is the one that the expression names, in UTC."""
    cloud.behaviour.time_scale = 1.0
    call("scf", "CreateFunction", **NAMED, Code=code(), Runtime="Python3.10")
    made = call("scf", "CreateTrigger", **TRIGGER, TriggerDesc="0 30 2 * * * *", CustomArgument="hello")["TriggerInfo"]
    assert (made["TriggerDesc"], made["Enable"]) == ('{"cron":"0 30 2 * * * *"}', 1)
    cloud.clock.advance(24 * 3600)
    wait_until(lambda: len(cloud.scf.invocations) == 1)
    event = json.loads(cloud.scf.invocations[0].event)
    assert event.pop("Time").endswith("T18:30:00Z")
    assert event == {"Type": "Timer", "TriggerName": "t", "Message": "hello"}
    cloud.clock.advance(24 * 3600)
    wait_until(lambda: len(cloud.scf.invocations) == 2)


def test_a_timer_keeps_up_with_a_clock_that_jumps(cloud: LocalCloud, call: Client) -> None:
    """Three hours at once are three times due; the fourth comes at its own hour, not an hour after the jump."""
    cloud.behaviour.time_scale = 1.0
    call("scf", "CreateFunction", **NAMED, Code=code(), Runtime="Python3.10")
    call("scf", "CreateTrigger", **TRIGGER, TriggerDesc="0 0 * * * * *")
    cloud.clock.advance(3 * 3600)
    wait_until(lambda: len(cloud.scf.invocations) == 3)
    now = cloud.clock.now()
    cloud.clock.advance(3600 - now % 3600)
    wait_until(lambda: len(cloud.scf.invocations) == 4)
    due = sorted(datetime.fromisoformat(json.loads(one.event)["Time"][:-1]) for one in cloud.scf.invocations)
    assert {later - earlier for earlier, later in pairwise(due)} == {timedelta(hours=1)}


def test_the_time_scale_shortens_a_timer_s_waits(cloud: LocalCloud, call: Client) -> None:
    """Every hour, a thousand times faster; the events' times are whole hours apart all the same."""
    cloud.behaviour.time_scale = 0.0001
    make(call)
    call("scf", "CreateTrigger", **TRIGGER, TriggerDesc='{"cron": "0 0 * * * * *"}', Enable="OPEN")
    wait_until(lambda: len(cloud.scf.invocations) >= 3)
    times = [json.loads(one.event)["Time"] for one in cloud.scf.invocations]
    assert len(set(times)) == len(times)
    assert all(moment.endswith(":00:00Z") for moment in times)


def test_a_timer_that_is_off_or_gone_does_not_fire(cloud: LocalCloud, call: Client) -> None:
    cloud.behaviour.time_scale = 1.0
    call("scf", "CreateFunction", **NAMED, Code=code(), Runtime="Python3.10")
    call("scf", "CreateTrigger", **TRIGGER, TriggerDesc="0 * * * * * *")
    call("scf", "UpdateTriggerStatus", **TRIGGER, Enable="CLOSE")
    call("scf", "CreateTrigger", **{**TRIGGER, "TriggerName": "u"}, TriggerDesc="0 * * * * * *", Enable="CLOSE")
    call("scf", "CreateTrigger", **{**TRIGGER, "TriggerName": "v"}, TriggerDesc="0 0 * * * * *", CustomArgument="v")
    call("scf", "CreateTrigger", **{**TRIGGER, "TriggerName": "w"}, TriggerDesc="0 * * * * * *")
    call("scf", "DeleteTrigger", **{**TRIGGER, "TriggerName": "w"})
    cloud.clock.advance(3600)
    wait_until(lambda: bool(cloud.scf.invocations))
    settled(cloud)
    assert {json.loads(one.event)["Message"] for one in cloud.scf.invocations} == {"v"}


@pytest.mark.parametrize(
    ("params", "code_", "message"),
    [
        (
            {"TriggerDesc": "0 99 * * * * *"},
            "InvalidParameterValue.TriggerDesc",
            "The trigger description is wrong: [0 99 * * * * *] is not acceptable, out of range.",
        ),
        (
            {"TriggerDesc": "{}"},
            "InvalidParameterValue.TriggerDesc",
            "The trigger description is not JSON with `cron`.",
        ),
        (
            {"Type": "cos"},
            "InvalidParameterValue.Type",
            "The trigger type `cos` is not timer, the only one here.",
        ),
        ({"Enable": "yes"}, "InvalidParameterValue.Enable", "Enable is `yes`, neither OPEN nor CLOSE."),
        ({"TriggerName": "a b"}, "InvalidParameterValue.TriggerName", "The trigger name `a b` is not valid."),
        (
            {"CustomArgument": "x" * 4097},
            "InvalidParameterValue.CustomArgument",
            "The custom argument has more than 4096 bytes.",
        ),
    ],
)
def test_a_wrong_trigger_is_refused(call: Client, params: dict[str, str], code_: str, message: str) -> None:
    make(call)
    given = {**TRIGGER, "TriggerDesc": "0 0 0 1 1 * *", **params}
    assert call.refused("scf", "CreateTrigger", **given) == (code_, message)


def test_triggers_are_listed_changed_and_deleted(call: Client) -> None:
    make(call)
    call("scf", "CreateTrigger", **TRIGGER, TriggerDesc="0 0 0 1 1 * *")
    assert call.refused("scf", "CreateTrigger", **TRIGGER, TriggerDesc="0 0 0 1 1 * *") == (
        "ResourceInUse.TriggerName",
        "The trigger `t` exists already.",
    )
    call("scf", "UpdateTrigger", **TRIGGER, TriggerDesc="0 0 0 2 1 * *", CustomArgument="m", Enable="CLOSE")
    (shown,) = call("scf", "ListTriggers", **NAMED)["Triggers"]
    assert (shown["TriggerDesc"], shown["CustomArgument"], shown["Enable"]) == ('{"cron":"0 0 0 2 1 * *"}', "m", 0)
    assert [one["TriggerName"] for one in call("scf", "GetFunction", **NAMED)["Triggers"]] == ["t"]
    call("scf", "DeleteTrigger", **TRIGGER)
    assert call("scf", "ListTriggers", **NAMED)["TotalCount"] == 0
    assert call.refused("scf", "DeleteTrigger", **TRIGGER) == (
        "ResourceNotFound.Trigger",
        "The trigger `t` does not exist.",
    )
