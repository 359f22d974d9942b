"""Every command that its schema accepts is run, or refused in one sentence: none ends in a fault of this program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handler import schema
from handler.intake import events
from localcloud import LocalCloud
from tests.support.clock import Clock
from tests.support.function import QUEUE, Function, environment, functions
from tests.support.records import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.usefixtures("untraced")

COMMAND = schema.document("command")
fuzz = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def accepted(rule: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """What a rule of the command's schema accepts: also 1.0, where it says integer."""
    if "$ref" in rule:
        name = rule["$ref"].removeprefix("#/$defs/")
        known = {"region": st.just(REGION)}.get(name, st.nothing())
        return known | accepted(COMMAND["$defs"][name])
    if "const" in rule:
        return st.just(rule["const"])
    if "enum" in rule:
        return st.sampled_from(rule["enum"])
    return {"object": objects, "array": arrays, "string": strings, "integer": integers, "boolean": booleans}[
        rule["type"]
    ](rule)


def objects(rule: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    fields = {name: accepted(each) for name, each in rule["properties"].items()}
    required = {name: fields.pop(name) for name in rule["required"]}
    return st.fixed_dictionaries(required, optional=fields)


def arrays(rule: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    return st.lists(accepted(rule["items"]), min_size=rule["minItems"], max_size=3)


def strings(rule: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    return st.from_regex(rule["pattern"].replace(schema.NO_NEWLINE, r"\Z"), fullmatch=True)


def integers(rule: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    whole = st.integers(rule["minimum"], rule.get("maximum"))
    return (
        whole | st.integers(rule["minimum"], 9_999).map(float) | st.just(1e300).filter(lambda _: "maximum" not in rule)
    )


def booleans(_rule: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    return st.booleans()


COMMANDS = st.one_of([accepted(COMMAND["$defs"][name]) for name in events.COMMANDS])


@pytest.fixture(scope="module")
def function() -> Iterator[Function]:
    """One function and cloud for all examples, with interfaces of each kind; repair is allowed."""
    with LocalCloud(enforce_limits=False, time_scale=0.01) as cloud:
        covered, off = cloud.seed_interfaces(REGION, 2, flow_logs=1)
        cloud.seed_flow_log(REGION, off, enabled=False)
        assert cloud.flow_logs_of(REGION, covered)
        yield from functions(cloud, environment(cloud, FLOWLOG_REPAIR="recreate", FLOWLOG_REGIONS=REGION))


@fuzz
@example({"command": "backfill", "limit": 1.0})
@example({"command": "backfill", "limit": 1e300, "hop": 1.0, "dry_run": True})
@example({"command": "redrive", "limit": 1.0})
@given(COMMANDS)
def test_a_command_that_the_schema_accepts_is_run(function: Function, command: dict[str, Any]) -> None:
    """Run by hand, it gives a report whose counts add up; what fails is a dead letter with a cause that is known."""
    assert schema.problems("command", command, command["command"]) == ""
    function.cloud.seed_queue(QUEUE)
    function.cloud.seed_interfaces(REGION, 2)
    function(command, clock=Clock())
    assert not {letter["error"]["class"] for letter in function.letters()} & {"unexpected", "invalid"}
    assert not [line for line in function.lines() if line["message"] == "invocation failed"]
