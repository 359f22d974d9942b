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

# Doc 583/9708: seven fields, each a number, a range, a list of them, or * and a step.
CRON_RANGES = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6), (1970, 2099))


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


def cron_faults(expression: str) -> list[str]:
    """Say which fields of a cron expression SCF would not take."""
    fields = expression.split(" ")
    if len(fields) != len(CRON_RANGES):
        return [f"{len(fields)} fields"]
    numbers = [(field, [int(n) for n in re.findall(r"\d+", field.split("/")[0])]) for field in fields]
    shape = re.compile(r"(\*|\d+(-\d+)?)(/[1-9]\d*)?(,\d+(-\d+)?)*")
    return [
        field
        for (field, found), (low, high) in zip(numbers, CRON_RANGES, strict=True)
        if not shape.fullmatch(field) or any(not low <= number <= high for number in found)
    ]


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


@pytest.mark.parametrize("field", ["name", "role"])
def test_names_have_the_form_that_scf_takes(field: str) -> None:
    """2 to 60 letters, digits, - and _, from a letter to a letter or digit (the component's own pattern)."""
    assert re.fullmatch(r"[A-Za-z][\w-]{0,58}[A-Za-z0-9]", INPUTS[field])


def test_the_description_has_the_characters_that_scf_takes() -> None:
    """At most 1,000 letters, digits, spaces, commas and full stops."""
    assert re.fullmatch(r"[A-Za-z0-9 ,.]{1,1000}", INPUTS["description"])


def test_the_environment_is_exactly_the_settings() -> None:
    """Every setting of the function can be found and set here, and there is none that the function does not know."""
    assert set(VARIABLES) == set(SETTINGS)


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_a_variable_is_the_default_or_comes_from_the_environment(name: str) -> None:
    """What is written is the function's own default; what has none that fits everybody is the variable's namesake.

    The Serverless CLI leaves out a variable that is not set, and knows no other default.
    """
    assert VARIABLES[name] in (f"${{env:{name}}}", SETTINGS[name].get("default"))


def test_every_variable_may_be_set_and_all_fit() -> None:
    """SCF refuses keys that begin with its own prefixes, values that are no text, and more than 4 KB together."""
    assert not [name for name in VARIABLES if name.startswith(("SCF_", "QCLOUD_", "TENCENTCLOUD_"))]
    assert all(type(value) is str for value in VARIABLES.values())
    assert sum(len(name) + len(value) for name, value in VARIABLES.items()) < 4096


def test_the_function_and_the_platform_share_one_queue() -> None:
    """What the function puts on the queue and what SCF puts there are found, and redriven, in one place."""
    assert INPUTS["deadLetter"]["name"] == VARIABLES["FLOWLOG_DLQ_QUEUE"]


def test_the_only_trigger_is_the_timer_of_the_sweep() -> None:
    """One enabled timer, with an empty message (a sweep), at a second when not everybody's timers go off."""
    [event] = INPUTS["events"]
    timer = event["timer"]["parameters"]
    assert list(event) == ["timer"]
    assert undocumented(timer, TIMER) == []
    assert timer["enable"] is True
    assert timer["argument"] == ""
    assert timer["qualifier"] == "$DEFAULT"
    assert cron_faults(timer["cronExpression"]) == []
    assert timer["cronExpression"].split(" ")[0] not in ("0", "*")


@pytest.mark.parametrize(
    ("expression", "faults"),
    [
        ("17 23 */6 * * * *", []),
        ("0 0 1-5,9 * 12 6 2099", []),
        ("*/5 * * * *", ["5 fields"]),
        ("60 0 24 0 13 7 1969", ["60", "24", "0", "13", "7", "1969"]),
        ("a */0 -1 * * * *", ["a", "*/0", "-1"]),
    ],
)
def test_the_check_of_cron_finds_faults(expression: str, faults: list[str]) -> None:
    """The test above can fail: a field too few, a number out of range and a wrong form are named."""
    assert cron_faults(expression) == faults


def test_it_holds_no_credentials() -> None:
    """Keys are the role's, or the deploying shell's; none is ever written here."""
    assert not re.search(r"AKID|SECRET", (ROOT / "serverless.yml").read_text(encoding="utf-8"), re.IGNORECASE)
