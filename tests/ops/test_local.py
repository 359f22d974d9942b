"""`eni-flowlog local`: it shows whatever a function returns, and watching it changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ops.commands.local import watch
from tests.support.client import Client
from tests.support.deployed import wait_until
from tests.support.platform_replies import code

if TYPE_CHECKING:
    from rich.text import Text

    from localcloud import LocalCloud

ECHO = "def main_handler(event, context):\n    return event\n"
PROBE = {"FunctionName": "probe"}


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        ({"received": 1, "outcomes": {"created": 1, "gone": 0}}, '{"created": 1}'),
        ({"free": "form", "empty": ""}, '{"free": "form", "empty": ""}'),
        ({"outcomes": [1, 0]}, '{"outcomes": [1, 0]}'),
        ([0, {"a": None}], '[0, {"a": null}]'),
        ("text", '"text"'),
        (0, "0"),
        (None, "null"),
        ("x" * 1_000, '"' + "x" * 298 + "…"),
    ],
    ids=["a report", "another object", "odd outcomes", "a list", "text", "a number", "null", "a long one"],
)
def test_any_result_is_shown(cloud: LocalCloud, result: Any, shown: str) -> None:
    lines: list[Text] = []
    watch(cloud, lines.append)
    call = Client(cloud)
    call("scf", "CreateFunction", **PROBE, Code=code(ECHO), Runtime="Python3.10")
    wait_until(lambda: call("scf", "GetFunction", **PROBE)["Status"] == "Active")
    reply = call("scf", "Invoke", **PROBE, ClientContext=json.dumps(result))["Result"]
    assert json.loads(reply["RetMsg"]) == result
    (line,) = [line.plain for line in lines if "invocation  probe by INVOKE_API" in line]
    assert line.endswith(f" MB: {shown}")


def test_a_failure_is_shown_as_the_platform_describes_it(cloud: LocalCloud) -> None:
    lines: list[Text] = []
    watch(cloud, lines.append)
    call = Client(cloud)
    call("scf", "CreateFunction", **PROBE, Code=code("def main_handler(event, context): 1 / 0"), Runtime="Python3.10")
    wait_until(lambda: call("scf", "GetFunction", **PROBE)["Status"] == "Active")
    assert "ZeroDivisionError" in call("scf", "Invoke", **PROBE)["Result"]["ErrMsg"]
    said = "\n".join(line.plain for line in lines)
    assert '"statusCode": 430' in said
    assert '"errorMessage": "user code exception caught"' in said
