"""SCF's API: functions, their settings, and synchronous invocations."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tencentcloud.common.credential import Credential

from localcloud.scf.pools import python_for
from tests.support.client import Client
from tests.support.deployed import wait_until
from tests.support.platform_replies import ALLOW, TRUST, code, zipped
from tests.support.probe import NAMED, RAISES, SHOWS, make, run, settled, wait_until_active

if TYPE_CHECKING:
    from localcloud import LocalCloud


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
    cloud.add_role("role")
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
        ({"Timeout": 901}, "LimitExceeded.Timeout", "The timeout `901` is not within 1-900."),
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


def test_what_the_vendor_s_deployment_library_sends_is_taken(call: Client) -> None:
    """tencent-component-toolkit sends more than the API's page has, and empties the environment in a way of its own."""
    make(call, DeployMode="code", L5Enable="FALSE", DiskSize=512, AsyncRunEnable="FALSE")
    shown = call("scf", "GetFunction", **NAMED, Namespace="default", ShowCode="FALSE", ShowTriggers="FALSE")
    assert shown["AsyncRunEnable"] == "FALSE"
    variables = [{"Key": "A", "Value": "b"}]
    for given, left in ((variables, variables), ([{"Key": "", "Value": ""}], [])):
        call("scf", "UpdateFunctionConfiguration", **NAMED, L5Enable="FALSE", Environment={"Variables": given})
        wait_until_active(call)
        assert call("scf", "GetFunction", **NAMED)["Environment"]["Variables"] == left


def test_a_newer_python_may_be_taken(cloud: LocalCloud, call: Client) -> None:
    """CreateFunction's page ends with Python 3.10, CloudBase has 3.11 on the same platform: a switch."""
    cloud.behaviour.runtimes |= {"Python3.11"}
    call("scf", "CreateFunction", **NAMED, Code=code(), Runtime="Python3.11")
    assert call("scf", "GetFunction", **NAMED)["Runtime"] == "Python3.11"


def test_names_are_unique_and_unknown_ones_are_refused(call: Client) -> None:
    make(call)
    taken = call.refused("scf", "CreateFunction", **NAMED, Code=code(), Runtime="Python3.10")
    assert taken == ("ResourceInUse.FunctionName", "The function `probe` exists already.")
    assert call.refused("scf", "DeleteFunction", **NAMED, Qualifier="2")[0] == "ResourceNotFound.Qualifier"
    assert call("scf", "GetFunction", **NAMED)["Qualifier"] == "$LATEST"
    call("scf", "DeleteFunction", **NAMED)
    gone = ("ResourceNotFound.Function", "The function `probe` does not exist.")
    for action in ("GetFunction", "DeleteFunction", "Invoke", "ListTriggers"):
        assert call.refused("scf", action, **NAMED) == gone
    assert call("scf", "ListFunctions")["TotalCount"] == 0


def test_functions_are_listed_by_part_of_their_name(call: Client) -> None:
    make(call)
    assert call("scf", "ListFunctions", SearchKey="rob")["TotalCount"] == 1
    assert call("scf", "ListFunctions", SearchKey="x")["TotalCount"] == 0
    assert call("scf", "ListFunctions", "ap-shanghai")["TotalCount"] == 0
    by_status = [{"Name": "Status", "Values": ["Active"]}]
    assert call.refused("scf", "ListFunctions", Filters=by_status)[0] == "InvalidParameterValue.Filters"


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


def test_a_package_that_cannot_be_unpacked_is_a_system_error(cloud: LocalCloud, call: Client) -> None:
    """It has a zip's form, but not what it says: each event says so."""
    spoilt = zipped(SHOWS).replace(b"line one", b"line 0ne")
    make(call, Code={"ZipFile": base64.b64encode(spoilt).decode()})
    error = json.loads(run(call, 1)["ErrMsg"])
    said = (error["statusCode"], error["errorMessage"])
    assert said == (500, "the code cannot be unpacked: Bad CRC-32 for file 'index.py'")
    assert cloud.scf.pools.total == 0


def test_an_instance_that_cannot_be_started_is_a_system_error(
    cloud: LocalCloud, call: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as for want of processes: the event waits for its next try, as after any system error."""
    monkeypatch.setattr("localcloud.scf.pools.python_for", lambda _runtime: Path("/no/python"))
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
