"""serverless.yml is what the Serverless CLI documents, says what the design says, and agrees with the function."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILE = yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))
INPUTS: dict[str, Any] = FILE["inputs"]
VARIABLES: dict[str, str] = INPUTS["environment"]["variables"]
SETTINGS: dict[str, Any] = json.loads((ROOT / "schemas/settings.schema.json").read_text(encoding="utf-8"))["properties"]

# The fields of `component: scf` with their types, from the component's docs/configure.md (type: from doc 1154/51080
# and the component's own example; src.hook and src.dist: from the CLI, which runs the one and packs the other).
DOCUMENTED: dict[str, type | dict[str, Any]] = {
    "name": str,
    "namespace": str,
    "role": str,
    "src": {"src": str, "exclude": list, "bucket": str, "object": str, "hook": str, "dist": str},
    "handler": str,
    "type": str,
    "runtime": str,
    "region": str,
    "description": str,
    "memorySize": int,
    "timeout": int,
    "initTimeout": int,
    "environment": {"variables": dict},
    "publicAccess": bool,
    "installDependency": bool,
    "vpcConfig": {"vpcId": str, "subnetId": str},
    "cfs": list,
    "deadLetter": {"type": str, "name": str, "filterType": str},
    "layers": list,
    "cls": {"logsetId": str, "topicId": str},
    "eip": bool,
    "asyncRunEnable": bool,
    "tags": dict,
    "events": list,
}
TIMER = {"name": str, "qualifier": str, "cronExpression": str, "enable": bool, "argument": str}


def undocumented(value: dict[str, Any], documented: dict[str, Any], path: str = "") -> list[str]:
    """Name the fields that are not documented, or not of the documented type."""
    found: list[str] = []
    for key, item in value.items():
        kind = documented.get(key)
        if kind is None:
            found.append(f"{path}{key}: not documented")
        elif isinstance(kind, dict):
            found += undocumented(item, kind, f"{path}{key}.")
        elif type(item) is not kind:
            found.append(f"{path}{key}: {type(item).__name__}, not {kind.__name__}")
    return found


def test_it_names_the_application_and_the_component() -> None:
    """App, stage, component and name are what the CLI asks for, and there is nothing else beside the inputs."""
    assert set(FILE) == {"app", "stage", "component", "name", "inputs"}
    assert FILE["component"] == "scf"


def test_every_field_is_documented_and_of_its_type() -> None:
    """The CLI drops or refuses what it does not know, and says little about it."""
    assert undocumented(INPUTS, DOCUMENTED) == []


def test_the_check_of_fields_finds_faults() -> None:
    """The test above can fail: an unknown field and a wrong type are named, at any depth."""
    wrong = {"timeOut": 3, "memorySize": "64", "deadLetter": {"queue": "q"}}
    assert undocumented(wrong, DOCUMENTED) == [
        "timeOut: not documented",
        "memorySize: str, not int",
        "deadLetter.queue: not documented",
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("namespace", "default"),
        ("type", "event"),
        ("runtime", "Python3.10"),
        ("handler", "index.main_handler"),
        ("memorySize", 64),
        ("timeout", 300),  # the most that EventBridge allows (doc 1108/46254)
        ("region", "${env:TENCENTCLOUD_REGION}"),
        ("publicAccess", True),
        ("asyncRunEnable", False),  # or there is neither retry nor dead letter
        ("installDependency", False),
        ("deadLetter", {"type": "CMQ-QUEUE", "name": "eni-flowlog-dlq"}),
        ("src", {"src": "./", "hook": "make package", "dist": "./.build/function"}),
    ],
)
def test_the_function_is_set_up_as_the_design_says(field: str, value: object) -> None:
    """Runtime, limits, package and dead-letter queue are the documented and designed ones."""
    assert INPUTS[field] == value


def test_the_environment_is_exactly_the_settings() -> None:
    """Every setting of the function can be found and set here, and there is none that the function does not know."""
    assert set(VARIABLES) == set(SETTINGS)


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_a_variable_is_the_default_or_comes_from_the_environment(name: str) -> None:
    """What is written is the function's own default; what has none that fits everybody is the variable's namesake.

    The Serverless CLI leaves out a variable that is not set, and knows no other default.
    """
    assert VARIABLES[name] in (f"${{env:{name}}}", SETTINGS[name].get("default"))


def test_the_only_trigger_is_the_timer_of_the_sweep() -> None:
    """One enabled timer, with an empty message (a sweep), at a second when not everybody's timers go off."""
    [event] = INPUTS["events"]
    timer = event["timer"]["parameters"]
    assert list(event) == ["timer"]
    assert undocumented(timer, TIMER) == []
    assert timer["enable"] is True
    assert timer["argument"] == ""
    assert timer["qualifier"] == "$DEFAULT"
    assert timer["cronExpression"].split(" ")[0] not in ("0", "*")


def test_it_holds_no_credentials() -> None:
    """Keys are the role's, or the deploying shell's; none is ever written here."""
    assert not re.search(r"AKID|SECRET", (ROOT / "serverless.yml").read_text(encoding="utf-8"), re.IGNORECASE)
