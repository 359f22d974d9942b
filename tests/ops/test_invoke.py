"""`eni-flowlog invoke`: the deployed function's report, or its error, in one sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from handler import schema
from handler.intake import events
from localcloud import LocalCloud
from localcloud.core import faults
from ops.errors import Exit
from tests.support.client import Client
from tests.support.deployed import NAME, make_function, make_role, wait_until
from tests.support.function import valid
from tests.support.platform_replies import zipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.operator import Operator

REPORT = {
    "schema_version": 1,
    "request_id": "r",
    "received": 1,
    "outcomes": {
        "created": 1, "covered": 0, "waiting": 0, "skipped": 0, "gone": 0, "ignored": 0, "planned": 0,
        "impaired": 0, "repaired": 0, "missing": 0, "dead_lettered": 0,
    },
    "items": [{"region": "ap-guangzhou", "interface_id": "eni-78ysaex1", "outcome": "created", "flow_log_id": "fl-1"}],
    "continued": False,
}  # fmt: skip

# A function that does as its event says, so that what the command makes of each answer can be seen.
CODE = """
class InvocationFailed(Exception):
    pass

def main_handler(event, context):
    if "fail" in event:
        raise InvocationFailed(event["fail"])
    if "bug" in event:
        return 1 / 0
    return event.get("return", event)
"""


@pytest.fixture(scope="module")
def deployed(python310: Path) -> Iterator[LocalCloud]:
    """A local cloud with the function deployed, once for all of this file's tests."""
    assert python310
    with LocalCloud(enforce_limits=False, time_scale=0.05) as running:
        call = Client(running)
        make_role(call)
        for name in (NAME, "another"):
            make_function(call, zipped(CODE), {}, FunctionName=name, DeadLetterConfig=None)
        yield running


@pytest.fixture
def cloud(deployed: LocalCloud) -> Iterator[LocalCloud]:
    """The same, with an empty log of calls and without faults."""
    deployed.calls.clear()
    yield deployed
    deployed.faults.clear()


def test_the_report_of_the_function(cloud: LocalCloud, operator: Operator) -> None:
    """As a table for a person, and as JSON as it came."""
    event = json.dumps({"return": REPORT})
    result = operator("invoke", "--unchecked", event)
    assert result.exit_code == Exit.OK, result.output
    for part in ("1 created", "ap-guangzhou", "eni-78ysaex1", "fl-1"):
        assert part in result.stdout
    assert valid("report", operator.json("invoke", "--unchecked", event)) == REPORT
    [call, _] = cloud.calls.of("Invoke")
    assert call.params["FunctionName"] == NAME
    assert call.params["InvocationType"] == "RequestResponse"


def test_a_report_with_something_dead_lettered(operator: Operator) -> None:
    """Exit code 3."""
    outcomes = {**REPORT["outcomes"], "created": 0, "dead_lettered": 1}  # type: ignore[dict-item]
    items = [{"outcome": "dead_lettered", "reason": "UnauthorizedOperation: no"}]
    result = operator("invoke", "--unchecked", json.dumps({"return": {**REPORT, "outcomes": outcomes, "items": items}}))
    assert result.exit_code == Exit.UNCOVERED
    assert "1 dead-lettered" in result.stdout
    assert "UnauthorizedOperation: no" in result.stdout


def test_the_report_of_a_status(operator: Operator) -> None:
    """With the table, the answer and the exit code of `eni-flowlog status`; what has drifted counts, too."""
    numbers = {"interfaces": 4, "covered": 3, "differs": 0, "broken": 0, "missing": 1}
    numbers |= {"unsupported": 0, "waiting": 0, "excluded": 0}
    row = {"region": "ap-guangzhou", "vpc_id": "vpc-pq9vxykj", **numbers}
    outcomes = {**REPORT["outcomes"], "created": 0, "covered": 3, "missing": 1}  # type: ignore[dict-item]
    items = [{"region": "ap-guangzhou", "interface_id": "eni-78ysaex1", "outcome": "missing", "state": "missing"}]
    report = {**REPORT, "received": 4, "outcomes": outcomes, "items": items, "coverage": [row], "drift": []}
    result = operator("invoke", "--unchecked", json.dumps({"return": valid("report", report)}))
    assert result.exit_code == Exit.UNCOVERED
    for part in ("Coverage of interfaces", "vpc-pq9vxykj", "1 interface has no flow log", "missing (1): eni-78ysaex1"):
        assert part in result.stdout
    wider = {"region": "ap-guangzhou", "flow_log_id": "fl-1", "resource_type": "VPC", "resource_id": "vpc-pq9vxykj"}
    old = {**report, "wider": [{**wider, "interfaces": 4}]}
    shown = operator("invoke", "--unchecked", json.dumps({"return": valid("report", old)})).stdout
    assert "fl-1 is an old flow log of VPC vpc-pq9vxykj in ap-guangzhou: 4 interfaces below it may be" in shown
    report["coverage"] = [{**row, "covered": 4, "missing": 0}]
    report["items"] = []
    assert operator("invoke", "--unchecked", json.dumps({"return": report})).exit_code == Exit.OK
    assert (
        operator("invoke", "--unchecked", json.dumps({"return": {**report, "stopped": "x"}})).exit_code
        == Exit.UNCOVERED
    )


def test_an_answer_that_is_no_report(operator: Operator) -> None:
    """Another function's answer is shown as JSON."""
    assert json.loads(operator("invoke", "--unchecked", '{"return": [1, null]}').stdout) == [1, None]


def test_the_event_from_a_file_and_from_the_standard_input(operator: Operator) -> None:
    """@FILE and -."""
    (operator.folder / "event.json").write_text('{"a": 1}', "utf-8")
    assert json.loads(operator("invoke", "--unchecked", "@event.json").stdout) == {"a": 1}
    assert json.loads(operator("invoke", "--unchecked", "-", stdin='{"b": 2}').stdout) == {"b": 2}


def test_the_functions_own_error(operator: Operator) -> None:
    """The one line that says what is wrong, without stack trace and without secrets."""
    result = operator(
        "invoke", "--unchecked", json.dumps({"fail": "FLOWLOG_TOPIC_ID is missing; Token=PlantedSecret123"})
    )
    assert result.exit_code == Exit.FAILED
    assert f"{NAME} failed: FLOWLOG_TOPIC_ID is missing; Token=[redacted]" in result.stderr
    assert "Traceback" not in result.output
    assert "PlantedSecret123" not in result.output


def test_an_error_of_several_lines(operator: Operator) -> None:
    """The cloud's own words have line breaks: they are one sentence, whole, from its beginning."""
    event = {
        "fail": "the queue refused it (queue error 4100: you are not authorized\nresource (q) has no permission\n): why"
    }
    result = operator("invoke", "--unchecked", json.dumps(event))
    said = "the queue refused it (queue error 4100: you are not authorized resource (q) has no permission ): why"
    assert f"{NAME} failed: {said} (request " in " ".join(result.stderr.split())


def test_a_fault_of_the_function(operator: Operator) -> None:
    """Its last line."""
    result = operator("invoke", "--unchecked", '{"bug": 1}')
    assert result.exit_code == Exit.FAILED
    assert f"{NAME} failed: ZeroDivisionError: division by zero" in result.stderr


def test_asynchronously(cloud: LocalCloud, operator: Operator) -> None:
    """The event is taken, and the function runs with it."""
    accepted = operator.json("invoke", "--unchecked", "{}", "--async")
    assert accepted["function"] == NAME
    assert cloud.calls.of("Invoke")[-1].params["InvocationType"] == "Event"
    wait_until(lambda: any(run.request_id == accepted["request_id"] for run in cloud.scf.invocations))


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ('{"command": "backfil"}', "$"),
        ('{"command": "backfill", "region": ["ap-guangzhou"]}', "$"),
        ('{"command": "ensure", "interfaces": [{"region": "ap-guangzhou", "interface_id": "eni-1"}]}', "$"),
        ('{"comand": "status"}', "no payload that this function knows"),
        ("[]", "must be object"),
    ],
)
def test_a_typo_is_not_sent(cloud: LocalCloud, operator: Operator, event: str, problem: str) -> None:
    """It would become a dead letter in production: wrong usage, with the place and what should be there."""
    result = operator("invoke", event)
    assert result.exit_code == Exit.USAGE
    assert "Not sent, for the function would refuse it: $" in result.stderr
    assert problem in result.stderr
    assert cloud.calls.count("Invoke") == 0


@pytest.mark.parametrize(
    "event", [each for each in schema.document("command")["examples"] if each["command"] in events.COMMANDS]
)
def test_every_command_is_sent(cloud: LocalCloud, operator: Operator, event: dict[str, object]) -> None:
    """As the schema's examples have it."""
    operator("invoke", json.dumps(event))
    assert cloud.calls.count("Invoke") == 1


def test_another_function(cloud: LocalCloud, operator: Operator) -> None:
    """By --function, else by the name in serverless.yml."""
    operator("invoke", "--unchecked", "{}", "--function", "another")
    text = "inputs: {name: another, environment: {variables: {FLOWLOG_TRAFFIC_TYPE: ALL}}}"
    (operator.folder / "serverless.yml").write_text(text, "utf-8")
    operator("invoke", "--unchecked", "{}")
    assert [call.params["FunctionName"] for call in cloud.calls.of("Invoke")] == ["another", "another"]


def test_a_function_that_is_not_there(operator: Operator) -> None:
    """The cloud's code, and the next step."""
    result = operator("invoke", "--unchecked", "{}", "--function", "missing")
    assert result.exit_code == Exit.FAILED
    assert "ResourceNotFound.Function" in result.stderr
    assert "Deploy the function, or give its --function, --function-region and account." in result.stderr


def test_a_run_is_never_repeated(cloud: LocalCloud, operator: Operator) -> None:
    """A lost answer ends as an error: running it again is the operator's choice."""
    cloud.faults.add("Invoke", faults.drop_after_effect())
    result = operator("invoke", "--unchecked", "{}")
    assert result.exit_code == Exit.FAILED
    assert "ClientNetworkError" in result.stderr
    assert cloud.calls.count("Invoke") == 1


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ("status", "The event is not JSON"),
        ("[" * 100_000, "nested too deep"),
        ("@missing.json", "missing.json cannot be read (No such file or directory): name another."),
        ("@.", "cannot be read (Is a directory): name another."),
        ("@bytes", "is not UTF-8 text"),
    ],
)
def test_what_is_no_event(operator: Operator, event: str, problem: str) -> None:
    """Wrong usage, before any call."""
    bytes_file: Path = operator.folder / "bytes"
    bytes_file.write_bytes(b"\xc3\x28")
    result = operator("invoke", "--unchecked", event)
    assert result.exit_code == Exit.USAGE
    assert problem in result.stderr


def test_an_event_that_is_too_long(operator: Operator) -> None:
    """The platform's limits: 128 KB asynchronously."""
    result = operator("invoke", "--unchecked", "-", "--async", stdin=json.dumps("x" * 131_072))
    assert result.exit_code == Exit.USAGE
    assert "longer than the 131,072 bytes that the platform takes: send it in parts." in result.stderr
