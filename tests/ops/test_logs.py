"""`eni-flowlog logs`: the function's last invocations, and what came of each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from localcloud import LocalCloud
from ops.errors import Exit
from tests.support.client import Client
from tests.support.deployed import NAME, make_function, make_role
from tests.support.platform_replies import zipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.operator import Operator

# Writes what its event says, as our own function writes its report, and fails on demand.
CODE = """
import json

def main_handler(event, context):
    print(json.dumps(event["write"]))
    if event.get("fail"):
        raise ValueError(event["fail"])
"""
REPORT = {"message": "report", "received": 3, "outcomes": {"created": 2, "waiting": 1, "covered": 0}}


@pytest.fixture
def cloud(python310: Path) -> Iterator[LocalCloud]:
    """A local cloud with the function deployed."""
    assert python310
    with LocalCloud(enforce_limits=False, time_scale=0.05) as running:
        call = Client(running)
        make_role(call)
        make_function(call, zipped(CODE), {}, DeadLetterConfig=None)
        yield running


def run(operator: Operator, **event: object) -> str:
    """Run the function, and return its request id."""
    operator("invoke", "--unchecked", json.dumps(event))
    return operator.cloud.scf.invocations[-1].request_id


def test_each_invocation_on_a_line(operator: Operator) -> None:
    """When, which, how long, and what its report said."""
    request_id = run(operator, write=REPORT)
    result = operator("logs")
    assert result.exit_code == Exit.OK, result.output
    [line] = result.stdout.splitlines()
    assert request_id[:8] in line
    assert line.endswith("2 created, 1 waiting")
    assert " ms " in line


def test_a_failure(operator: Operator) -> None:
    """Why, in one line and without secrets."""
    run(operator, write={"message": "invocation failed", "error": "Token=PlantedSecret123 is wrong"}, fail="x")
    run(operator, write="hello", fail="x")
    first, second = operator("logs").stdout.splitlines()
    assert first.endswith("failed: Token=[redacted] is wrong")
    assert second.endswith('failed: "hello"')


def test_one_invocation_with_all_its_lines(operator: Operator) -> None:
    """By its request id, as `invoke --async` gives it."""
    run(operator, write={"message": "other"})
    request_id = run(operator, write=REPORT)
    result = operator("logs", "--request", request_id)
    assert json.dumps(REPORT) in result.stdout
    assert "other" not in result.stdout


def test_as_json(operator: Operator) -> None:
    """Each with its report and its lines."""
    request_id = run(operator, write=REPORT)
    [one] = operator.json("logs")["invocations"]
    assert (one["request_id"], one["ended"], one["failed"]) == (request_id, True, False)
    assert one["report"]["outcomes"]["created"] == 2
    assert one["duration_ms"] > 0


def test_no_invocations(operator: Operator) -> None:
    """Says so."""
    assert operator("logs", "--since", "30m").stdout.strip() == "No invocations in this time."


def test_follow(operator: Operator) -> None:
    """Each invocation is shown once, as it ends, until Ctrl-C, which is how it is meant to end."""
    first = run(operator, write=REPORT)
    with operator.terminal("logs", "--follow") as terminal:
        terminal.read_until(first[:8])
        second = run(operator, write=REPORT)
        terminal.read_until(second[:8])
        terminal.interrupt()
        assert terminal.end() == Exit.OK
    assert terminal.shown.count(first[:8]) == 1


def test_a_function_that_is_not_there(operator: Operator) -> None:
    """Said with what to do."""
    result = operator("logs", "--function-region", "ap-shanghai")
    assert result.exit_code == Exit.FAILED
    assert f"There is no function {NAME} in ap-shanghai: say where by --function-region." in result.stderr
