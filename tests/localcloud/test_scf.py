"""SCF: functions and their configuration, invocations with retries and dead letters, timers."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tencentcloud.common.credential import Credential

from localcloud import LocalCloud
from localcloud.scf.model import Ref
from localcloud.scf.runtimes import python_for
from tests.localcloud.conftest import Client
from tests.support.deployed import wait_until
from tests.support.platform_replies import ALLOW, TRUST, code, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMED = {"FunctionName": "probe"}
RAISES = "def main_handler(event, context):\n    raise ValueError('no good: %s' % event)\n"
SLEEPS = "import time\ndef main_handler(event, context):\n    time.sleep(event)\n    return event\n"
SHOWS = """
import os
def main_handler(event, context):
    print("line one")
    print("line two")
    return {"event": event, "context": context, "environ": dict(os.environ)}
"""
LETTER_BODY = (
    "AppId", "Uin", "SubAccountUin", "RequestSource", "FunctionName", "Namespace", "Qualifier", "InvocationType",
    "ClientContext", "LogType", "TimeStampForInvoker", "RequestId", "PushTime", "RetryNum", "Ttl",
)  # fmt: skip


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud(enforce_limits=False, time_scale=0.001) as running:
        yield running


def make(call: Client, source: str = SHOWS, **settings: Any) -> None:
    """Make the function and wait until it is Active."""
    call("scf", "CreateFunction", **{**NAMED, "Code": code(source), "Runtime": "Python3.10", **settings})
    wait_until(lambda: call("scf", "GetFunction", **NAMED)["Status"] == "Active")


def run(call: Client, event: Any, **params: Any) -> dict[str, Any]:
    result = call("scf", "Invoke", **NAMED, ClientContext=json.dumps(event), **params)["Result"]
    assert isinstance(result, dict)
    return result


def settled(cloud: LocalCloud) -> None:
    assert cloud.background.wait_until_idle(60)


# Configuration --------------------------------------------------------------------------------------------------------


def test_a_function_is_creating_and_then_active(cloud: LocalCloud, call: Client) -> None:
    """Until it is Active it can be neither changed nor run."""
    cloud.behaviour.time_scale = 1.0
    call("scf", "CreateFunction", **NAMED, Code=code(), Runtime="Python3.10")
    assert call("scf", "GetFunction", **NAMED)["Status"] == "Creating"
    busy = "The function `probe` is Creating"
    assert call.refused("scf", "Invoke", **NAMED) == ("FailedOperation.FunctionStatusError", f"{busy}.")
    assert call.refused("scf", "UpdateFunctionConfiguration", **NAMED, Timeout=9) == (
        "FailedOperation.UpdateFunctionConfiguration",
        f"{busy}; try again when it is Active.",
    )
    cloud.clock.advance(1)
    assert call("scf", "GetFunction", **NAMED)["Status"] == "Active"
    call("scf", "UpdateFunctionConfiguration", **NAMED, Timeout=9)
    assert call("scf", "GetFunction", **NAMED)["Status"] == "Updating"


def test_what_is_configured_is_what_is_shown(cloud: LocalCloud, call: Client) -> None:
    """Everything that CreateFunction takes and this project sets comes back from GetFunction."""
    cloud.account.add_role("role")
    variables = {"Variables": [{"Key": "A", "Value": "1"}, {"Key": "TZ", "Value": "UTC"}]}
    letter = {"Type": "CMQ-QUEUE", "Name": "q", "FilterType": ""}
    tags = [{"Key": "k", "Value": "v"}]
    settings: dict[str, Any] = {"MemorySize": 64, "Timeout": 300, "InitTimeout": 30, "Role": "role", "Tags": tags}
    settings["Description"] = "d"
    public = {"PublicNetStatus": "ENABLE", "EipConfig": {"EipStatus": "DISABLE"}}
    make(call, **settings, Environment=variables, DeadLetterConfig=letter, PublicNetConfig=public)
    shown = call("scf", "GetFunction", **NAMED)
    assert {name: shown[name] for name in settings} == settings
    assert (shown["Environment"], shown["DeadLetterConfig"]) == (variables, letter)
    assert shown["PublicNetConfig"]["PublicNetStatus"] == "ENABLE"
    assert shown["CodeSize"] == len(zipped(SHOWS))
    call("scf", "UpdateFunctionConfiguration", **NAMED, MemorySize=128)
    assert call("scf", "GetFunction", **NAMED)["MemorySize"] == 128
    assert call("scf", "GetFunction", **NAMED)["Timeout"] == 300


@pytest.mark.parametrize(
    ("params", "code_", "message"),
    [
        ({"FunctionName": "1x"}, "InvalidParameter.FunctionName", "The function name `1x` is not valid."),
        (
            {"MemorySize": 100},
            "InvalidParameterValue.MemorySize",
            "The memory size `100` is neither 64 nor a multiple of 128 up to 3072.",
        ),
        ({"Timeout": 901}, "InvalidParameterValue.Timeout", "The timeout `901` is not within 1-900."),
        (
            {"Runtime": "Python3.12"},
            "InvalidParameterValue.Runtime",
            "The runtime `Python3.12` is not one of Python2.7, Python3.10, Python3.6, Python3.7, Python3.9.",
        ),
        ({"Handler": "main"}, "InvalidParameterValue.Handler", "The handler `main` is not FILE.FUNCTION."),
        ({"Role": "nobody"}, "ResourceNotFound.Role", "The role `nobody` does not exist."),
        ({"Code": {"ZipFile": "UEs="}}, "InvalidParameterValue.ZipFile", "The code is not a standard zip file."),
        (
            {"Code": {"ZipFile": "%"}},
            "InvalidParameterValue.ZipFileBase64BinasciiError",
            "The zip file's base64 cannot be read: `Only base64 data is allowed`.",
        ),
        (
            {"Code": {"ZipFile": "zip→"}},
            "InvalidParameterValue.ZipFileBase64BinasciiError",
            "The zip file's base64 cannot be read: `string argument should contain only ASCII characters`.",
        ),
        (
            {"Environment": {"Variables": [{"Key": "SCF_X", "Value": "1"}]}},
            "InvalidParameterValue.EnvironmentSystemProtect",
            "The variable `SCF_X` belongs to the system.",
        ),
        (
            {"Environment": {"Variables": [{"Key": "A", "Value": "x" * 4096}]}},
            "InvalidParameterValue.EnvironmentExceededLimit",
            "The environment has 4097 bytes, more than 4096.",
        ),
        (
            {"DeadLetterConfig": {"Type": "SQS", "Name": "q"}},
            "InvalidParameterValue.DeadLetterConfig",
            "The dead letter type `SQS` does not exist.",
        ),
    ],
)
def test_a_wrong_configuration_is_refused(call: Client, params: dict[str, Any], code_: str, message: str) -> None:
    given = {**NAMED, "Code": code(), "Runtime": "Python3.10", **params}
    assert call.refused("scf", "CreateFunction", **given) == (code_, message)


def test_names_are_unique_and_unknown_ones_are_refused(call: Client) -> None:
    make(call)
    taken = call.refused("scf", "CreateFunction", **NAMED, Code=code(), Runtime="Python3.10")
    assert taken == ("ResourceInUse.FunctionName", "The function `probe` exists already.")
    call("scf", "DeleteFunction", **NAMED)
    gone = ("ResourceNotFound.Function", "The function `probe` does not exist.")
    for action in ("GetFunction", "DeleteFunction", "Invoke", "ListTriggers"):
        assert call.refused("scf", action, **NAMED) == gone
    assert call("scf", "ListFunctions")["TotalCount"] == 0


def test_functions_are_listed_by_name_status_and_tag(call: Client) -> None:
    make(call, Tags=[{"Key": "k", "Value": "v"}])
    for name, value, count in (("FunctionName", "probe", 1), ("tag-k", "v", 1), ("tag-k", "w", 0), ("Status", "x", 0)):
        found = call("scf", "ListFunctions", Filters=[{"Name": name, "Values": [value]}])
        assert found["TotalCount"] == len(found["Functions"]) == count
    assert call("scf", "ListFunctions", SearchKey="rob")["TotalCount"] == 1
    assert call("scf", "ListFunctions", "ap-shanghai")["TotalCount"] == 0


# Synchronous ----------------------------------------------------------------------------------------------------------


def test_the_reply_tells_what_came_of_it(call: Client) -> None:
    make(call)
    result = run(call, {"a": 1}, LogType="Tail")
    assert json.loads(result["RetMsg"])["event"] == {"a": 1}
    assert (result["ErrMsg"], result["InvokeResult"]) == ("", 0)
    assert result["Log"] == "line one\nline two\n"
    assert result["Duration"] > 0
    assert result["MemUsage"] > 1_000_000
    assert run(call, {})["Log"] == ""


def test_a_failure_is_described_and_not_retried(cloud: LocalCloud, call: Client) -> None:
    make(call, RAISES, DeadLetterConfig={"Type": "CMQ-QUEUE", "Name": "q"})
    cloud.seed_queue("q")
    result = run(call, 7)
    error = json.loads(result["ErrMsg"])
    assert (error["errorCode"], error["statusCode"]) == (-1, 430)
    assert error["errorMessage"] == "user code exception caught"
    assert "ValueError: no good: 7" in error["stackTrace"]
    assert (result["RetMsg"], result["InvokeResult"]) == ("", -1)
    settled(cloud)
    assert len(cloud.scf.invocations) == 1
    assert cloud.messages("q") == []


def fails(_news: Any) -> None:
    raise TypeError


def test_a_watcher_that_fails_does_not_harm_a_run(cloud: LocalCloud, call: Client) -> None:
    seen: list[Any] = []
    cloud.scf.watchers += [fails, seen.append]
    make(call)
    assert run(call, 1)["InvokeResult"] == 0
    run(call, 2, InvocationType="Event")
    settled(cloud)
    assert [invocation.event for invocation in seen] == ["1", "2"]


def test_an_instance_that_cannot_be_started_is_a_system_error(
    cloud: LocalCloud, call: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as for want of processes: the event waits for its next try, as after any system error."""
    monkeypatch.setattr("localcloud.scf.runtimes.python_for", lambda _runtime: Path("/no/python"))
    make(call)
    assert json.loads(run(call, 1)["ErrMsg"])["statusCode"] == 500
    run(call, 2, InvocationType="Event")
    wait_until(lambda: [one.event for one in cloud.scf.invocations].count("2") > 1)
    call("scf", "DeleteFunction", **NAMED)
    settled(cloud)


def test_an_error_s_text_can_always_be_shown(cloud: LocalCloud, call: Client) -> None:
    """Half a surrogate pair in it is no text, and would spoil the reply, the event of the call and the dead letter."""
    cloud.seed_queue("q")
    make(
        call,
        "def main_handler(event, context): raise ValueError(event)",
        DeadLetterConfig={"Type": "CMQ-QUEUE", "Name": "q"},
    )
    assert "ValueError: ?" in run(call, "\ud800")["ErrMsg"]
    run(call, "\ud800", InvocationType="Event")
    settled(cloud)
    (letter,) = cloud.messages("q")
    assert json.loads(letter.encode())["ErrorMessage"].endswith("ValueError: ?")


def test_the_environment_is_what_was_configured(call: Client) -> None:
    """SCF's own variables and the user's; nothing else, and no keys without a role."""
    make(call, Environment={"Variables": [{"Key": "MINE", "Value": "1"}]})
    shown = json.loads(run(call, {})["RetMsg"])
    assert shown["environ"]["MINE"] == "1"
    assert shown["environ"]["TENCENTCLOUD_REGION"] == "ap-guangzhou"
    assert shown["context"]["function_name"] == "probe"
    assert "TENCENTCLOUD_SECRETID" not in shown["environ"]


def test_the_role_s_keys_are_fresh_at_each_invocation_and_bear_its_policies(cloud: LocalCloud, call: Client) -> None:
    call("cam", "CreateRole", RoleName="role", PolicyDocument=json.dumps(TRUST))
    policy = call("cam", "CreatePolicy", PolicyName="p", PolicyDocument=json.dumps(ALLOW))["PolicyId"]
    call("cam", "AttachRolePolicy", PolicyId=policy, AttachRoleName="role")
    make(call, Role="role")
    names = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")
    seen = [json.loads(run(call, {})["RetMsg"])["environ"] for _ in range(2)]
    first, second = ([environ[name] for name in names] for environ in seen)
    assert not set(first) & set(second)
    as_role = Client(cloud, Credential(*second))
    assert as_role("vpc", "DescribeVpcs")["TotalCount"] == 1
    assert as_role.refused("cvm", "DescribeInstances")[0] == "UnauthorizedOperation"


def test_new_code_and_settings_are_used_from_the_next_event_on(call: Client) -> None:
    make(call, "def main_handler(event, context):\n    return 'old'\n")
    assert run(call, {})["RetMsg"] == '"old"'
    call("scf", "UpdateFunctionCode", **NAMED, Code=code("def main_handler(event, context):\n    return 'new'\n"))
    assert run(call, {})["RetMsg"] == '"new"'


@pytest.mark.parametrize(
    ("params", "code_", "message"),
    [
        ({"ClientContext": "{"}, "InvalidParameterValue.Param", "ClientContext is not JSON."),
        (
            {"InvocationType": "DryRun"},
            "InvalidParameterValue.InvokeType",
            "The invocation type `DryRun` does not exist.",
        ),
        ({"Qualifier": "7"}, "ResourceNotFound.Qualifier", "The version `7` does not exist."),
        (
            {"InvocationType": "Event", "ClientContext": json.dumps("x" * 131_072)},
            "InvalidParameterValue.ClientContext",
            "ClientContext has 131074 bytes, more than 131072.",
        ),
    ],
)
def test_a_wrong_invocation_is_refused(call: Client, params: dict[str, str], code_: str, message: str) -> None:
    make(call)
    assert call.refused("scf", "Invoke", **NAMED, **params) == (code_, message)


def test_a_missing_python_is_replaced_by_the_one_at_hand_and_said(caplog: pytest.LogCaptureFixture) -> None:
    """So that the demo runs anywhere."""
    python_for.cache_clear()
    assert python_for("Python9.9") == Path(sys.executable)
    here = "{}.{}".format(*sys.version_info[:2])
    assert caplog.messages == [f"no Python9.9 was found: functions of that runtime run on Python {here}"]


# Asynchronous ---------------------------------------------------------------------------------------------------------


def test_an_error_is_retried_twice_a_minute_apart_and_then_a_dead_letter(cloud: LocalCloud, call: Client) -> None:
    """The dead letter has its documented shape, and the event is the text in Body.ClientContext."""
    cloud.seed_queue("q")
    make(call, RAISES, DeadLetterConfig={"Type": "CMQ-QUEUE", "Name": "q"})
    started = time.monotonic()
    result = run(call, {"a": 1}, InvocationType="Event")
    assert {name: value for name, value in result.items() if value} == {
        "FunctionRequestId": result["FunctionRequestId"]
    }
    settled(cloud)
    assert time.monotonic() - started > 2 * 60 * 0.001
    assert [(one.attempt, one.request_id) for one in cloud.scf.invocations] == [
        (number, result["FunctionRequestId"]) for number in (1, 2, 3)
    ]
    (letter,) = (json.loads(body) for body in cloud.messages("q"))
    assert list(letter) == ["RequestId", "ErrorCode", "ErrorMessage", "Body"]
    assert tuple(letter["Body"]) == LETTER_BODY
    assert json.loads(letter["Body"]["ClientContext"]) == {"a": 1}
    assert letter["ErrorMessage"].startswith("Traceback (most recent call last):")
    assert (letter["ErrorCode"], letter["Body"]["RetryNum"], letter["Body"]["FunctionName"]) == (-1, 2, "probe")
    assert letter["RequestId"] == letter["Body"]["RequestId"] == result["FunctionRequestId"]


def test_a_retry_that_succeeds_ends_it(cloud: LocalCloud, call: Client) -> None:
    cloud.seed_queue("q")
    make(call, RAISES, DeadLetterConfig={"Type": "CMQ-QUEUE", "Name": "q"})
    cloud.behaviour.time_scale = 1.0
    run(call, {}, InvocationType="Event")
    wait_until(lambda: len(cloud.scf.invocations) == 1)
    call("scf", "UpdateFunctionCode", **NAMED, Code=code())
    cloud.clock.advance(59)
    assert len(cloud.scf.invocations) == 1
    wait_until(lambda: _advance(cloud, 0.5) and len(cloud.scf.invocations) == 2)
    settled(cloud)
    assert [one.error is None for one in cloud.scf.invocations] == [False, True]
    assert cloud.messages("q") == []


def _advance(cloud: LocalCloud, seconds: float) -> bool:
    cloud.clock.advance(seconds)
    return True


@pytest.mark.parametrize(
    ("source", "settings", "status"),
    [
        (SLEEPS, {"Timeout": 1}, 433),
        ("def main_handler(event, context):\n    return len(' ' * 10**9)\n", {"MemorySize": 64}, 434),
        ("import os\ndef main_handler(event, context):\n    os._exit(1)\n", {}, 439),
        ("import nothing_like_that\n", {}, 443),
    ],
    ids=("time", "memory", "exit", "import"),
)
def test_time_memory_and_crashes_are_errors_too(
    cloud: LocalCloud, call: Client, source: str, settings: dict[str, int], status: int
) -> None:
    cloud.seed_queue("q")
    make(call, source, **settings, DeadLetterConfig={"Type": "CMQ-QUEUE", "Name": "q"})
    run(call, 30, InvocationType="Event")
    settled(cloud)
    assert [one.error and one.error["statusCode"] for one in cloud.scf.invocations] == [status] * 3
    assert len(cloud.messages("q")) == 1


def test_without_a_queue_the_event_is_lost_and_that_is_said(cloud: LocalCloud, call: Client) -> None:
    make(call, RAISES, DeadLetterConfig={"Type": "CMQ-QUEUE", "Name": "not-there"})
    run(call, {}, InvocationType="Event")
    settled(cloud)
    assert [(letter.queue, letter.kept) for letter in cloud.scf.dead_letters] == [("not-there", False)]


def test_async_execution_gets_neither_retries_nor_a_dead_letter(cloud: LocalCloud, call: Client) -> None:
    cloud.seed_queue("q")
    make(call, RAISES, AsyncRunEnable="TRUE", DeadLetterConfig={"Type": "CMQ-QUEUE", "Name": "q"})
    run(call, {}, InvocationType="Event")
    settled(cloud)
    assert len(cloud.scf.invocations) == 1
    assert cloud.messages("q") == []


def test_events_wait_for_an_instance_and_synchronous_calls_are_throttled(cloud: LocalCloud, call: Client) -> None:
    cloud.scf.runtimes.max_instances = 2
    make(call, SLEEPS)
    for _ in range(6):
        run(call, 0.2, InvocationType="Event")
    wait_until(lambda: cloud.scf.runtimes.instances(_ref(cloud)) == 2)
    error = json.loads(run(call, 0)["ErrMsg"])
    assert (error["statusCode"], error["errorMessage"]) == (
        432,
        "Function [ probe ] concurrency exceeded reserved quota 256 MB",
    )
    settled(cloud)
    done = [one for one in cloud.scf.invocations if one.error is None]
    assert len(done) == 6
    assert len({one.instance_id for one in done}) == 2


def _ref(cloud: LocalCloud) -> Ref:
    return Ref(cloud.region, "default", "probe")


def test_throttled_events_are_tried_again_each_minute(cloud: LocalCloud, call: Client) -> None:
    """With the switch: events do not wait in the queue for an instance."""
    cloud.scf.waits_for_instances, cloud.scf.runtimes.max_instances = False, 1
    make(call, SLEEPS)
    for _ in range(4):
        run(call, 0.1, InvocationType="Event")
    settled(cloud)
    statuses = [one.error["statusCode"] if one.error else 200 for one in cloud.scf.invocations]
    assert statuses.count(200) == 4
    assert set(statuses) == {200, 432}


def test_a_deleted_function_s_events_are_dropped(cloud: LocalCloud, call: Client) -> None:
    cloud.scf.runtimes.max_instances = 1
    make(call, SLEEPS)
    for _ in range(3):
        run(call, 0.3, InvocationType="Event")
    wait_until(lambda: cloud.scf.runtimes.instances(_ref(cloud)) == 1)
    call("scf", "DeleteFunction", **NAMED)
    settled(cloud)
    assert len(cloud.scf.invocations) == 1


def test_the_last_lines_a_function_wrote_are_kept(cloud: LocalCloud, call: Client) -> None:
    make(call)
    run(call, {})
    assert cloud.scf.logs("probe", 1) == ["line two"]
    assert cloud.scf.logs("probe") == ["line one", "line two"]


# Timers ---------------------------------------------------------------------------------------------------------------

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
            (
                "The trigger description is wrong: cron field 'minute': 99 is out of range, "
                "must be a whole number from 0 to 59."
            ),
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
