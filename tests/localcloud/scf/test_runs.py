"""GetFunctionLogs: how runs ended, and what they wrote."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.clock import BEIJING
from tests.support.platform_replies import code
from tests.support.probe import NAMED, make, run, settled

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client

WRITES = """
def main_handler(event, context):
    print("wrote", event)
    if event == "bad":
        raise ValueError("no good")
    return event
"""


def logged(call: Client, **params: Any) -> list[dict[str, Any]]:
    reply = call("scf", "GetFunctionLogs", **{**NAMED, **params})
    assert reply["TotalCount"] >= len(reply["Data"])
    rows = reply["Data"]
    assert isinstance(rows, list)
    return rows


def wrote(rows: list[dict[str, Any]]) -> list[str]:
    return [row["Log"].splitlines()[0] for row in rows]


def beijing(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def test_a_run_is_told_as_it_ended(call: Client) -> None:
    make(call, WRITES)
    good, bad = run(call, "good"), run(call, "bad")
    failed, done = logged(call)
    assert done["Log"] == "wrote good\n"
    assert (done["RetMsg"], done["RetCode"], done["InvokeFinished"], done["RetryNum"]) == ('"good"', 0, 1, 0)
    assert (failed["RetMsg"], failed["RetCode"]) == (bad["ErrMsg"], bad["InvokeResult"])
    assert json.loads(failed["RetMsg"])["statusCode"] == 430
    for row, result in ((done, good), (failed, bad)):
        for name in ("Duration", "BillDuration", "MemUsage"):
            assert row[name] == result[name]
        assert (row["FunctionName"], row["RequestId"]) == (NAMED["FunctionName"], result["FunctionRequestId"])


def test_retries_are_counted(cloud: LocalCloud, call: Client) -> None:
    cloud.behaviour.time_scale = 0
    make(call, WRITES)
    call("scf", "Invoke", **NAMED, ClientContext='"bad"', InvocationType="Event")
    settled(cloud)
    assert sorted(row["RetryNum"] for row in logged(call)) == [0, 1, 2]


def test_runs_are_chosen_and_ordered(cloud: LocalCloud, call: Client) -> None:
    make(call, WRITES)
    run(call, "first")
    cloud.clock.advance(3600)
    middle = run(call, "bad")["FunctionRequestId"]
    cloud.clock.advance(3600)
    run(call, "last")
    now = cloud.clock.now()
    assert wrote(logged(call)) == ["wrote last", "wrote bad", "wrote first"]
    assert wrote(logged(call, Order="asc", Offset=1, Limit=1)) == ["wrote bad"]
    assert wrote(logged(call, FunctionRequestId=middle)) == ["wrote bad"]
    assert wrote(logged(call, Filter={"RetCode": "not0"})) == ["wrote bad"]
    assert wrote(logged(call, Filter={"RetCode": "UserCodeException"})) == ["wrote bad"]
    assert wrote(logged(call, Filter={"RetCode": "is0"})) == ["wrote last", "wrote first"]
    assert logged(call, Filter={"RetCode": "TimeLimitExceeded"}) == []
    assert wrote(logged(call, StartTime=beijing(now - 5400), EndTime=beijing(now - 1800))) == ["wrote bad"]
    durations = [row["Duration"] for row in logged(call, OrderBy="duration", Order="asc")]
    assert durations == sorted(durations)


def test_functions_of_one_name_are_told_apart_by_their_namespace(cloud: LocalCloud, call: Client) -> None:
    """Also in the topic that both log to."""
    make(call, WRITES)
    run(call, "here")
    other = {**NAMED, "Namespace": "other"}
    call("scf", "CreateFunction", **other, Code=code(WRITES), Runtime="Python3.10")
    cloud.clock.advance(2)
    call("scf", "Invoke", **other, ClientContext='"there"')
    assert wrote(logged(call)) == ["wrote here"]
    assert wrote(logged(call, Namespace="other")) == ["wrote there"]
    topic, now = call("scf", "GetFunction", **NAMED)["ClsTopicId"], int(cloud.clock.now() * 1000)
    found = call("cls", "SearchLog", TopicId=topic, From=now - 60_000, To=now + 60_000, QueryString="wrote")["Results"]
    lines = [json.loads(one["LogJson"]) for one in found]
    assert {(one["SCF_Namespace"], one["SCF_Message"]) for one in lines} == {
        ("default", "wrote here"),
        ("other", "wrote there"),
    }


@pytest.mark.parametrize(
    ("params", "code_"),
    [
        ({"FunctionName": "nobody"}, "ResourceNotFound.Function"),
        ({"Qualifier": "7"}, "ResourceNotFound.Qualifier"),
        ({"Offset": -1}, "InvalidParameterValue.Offset"),
        ({"Offset": 9_990}, "InvalidParameterValue.Limit"),
        ({"Order": "up"}, "InvalidParameterValue.Order"),
        ({"OrderBy": "colour"}, "InvalidParameterValue.OrderBy"),
        ({"Filter": {"RetCode": "1"}}, "InvalidParameterValue.RetCode"),
        ({"StartTime": "2026-11-24 00:00:00"}, "InvalidParameterValue.StartTimeOrEndTime"),
        ({"StartTime": "yesterday", "EndTime": "2026-11-24 00:00:00"}, "InvalidParameterValue.DateTime"),
        ({"StartTime": "2026-11-23 00:00:00", "EndTime": "2026-11-24 00:00:01"}, "InvalidParameterValue.StartTime"),
    ],
)
def test_what_cannot_be_asked_is_refused(call: Client, params: dict[str, Any], code_: str) -> None:
    make(call, WRITES)
    assert call.refused("scf", "GetFunctionLogs", **{**NAMED, **params})[0] == code_
