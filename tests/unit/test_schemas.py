"""The schemas themselves, and what is said of a value that one of them refuses."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from handler import schema
from tests.support.records import MARKER, created, own_letter

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("command", "dead-letter", "event", "interface-event", "report", "settings")
ID_PATTERNS = ("eni-", "vpc-", "subnet-", "ins-")


def parts(value: Any, path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a schema that is not data, with its place."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            if key not in ("examples", "default", "const", "enum"):
                yield from parts(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from parts(inner, f"{path}[{number}]")


def properties(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property that a schema declares, those of its conditions aside."""
    for path, part in parts(document):
        if path.endswith(".properties") and ".if." not in path:
            yield from ((f"{path}.{name}", rule) for name, rule in part.items())


def described(document: dict[str, Any], rule: dict[str, Any]) -> bool:
    target = rule.get("$ref", "").removeprefix("#/$defs/")
    return bool(rule.get("description") or (target and document["$defs"][target].get("description")))


def test_there_is_one_file_each() -> None:
    """What comes in and what goes out: six schemas."""
    assert sorted(path.name for path in schema.FOLDER.iterdir()) == [f"{name}.schema.json" for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_schema_of_2020_12(name: str) -> None:
    """The validators of any language read it, and know it by its $id."""
    document = schema.document(name)
    Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"].endswith(f"/schemas/{name}.schema.json")
    assert document["title"]
    assert document["description"].endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_every_property_is_described(name: str) -> None:
    """A reader learns from it what a field means."""
    document = schema.document(name)
    assert [path for path, rule in properties(document) if not described(document, rule)] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_valid(name: str) -> None:
    """What a reader copies works."""
    examples = schema.document(name)["examples"]
    assert examples
    for example in examples:
        assert schema.problems(name, example) == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_pattern_s_end_is_the_end(name: str) -> None:
    """Python's `$` also matches before a newline at the end, ECMA's does not: each pattern rules that out."""
    for path, part in parts(schema.document(name)):
        pattern = part.get("pattern")
        if isinstance(pattern, str) and pattern.endswith("$") and not pattern.endswith(r"\s*$"):
            assert pattern.endswith(f"{schema.NO_NEWLINE}$"), path


@pytest.mark.parametrize("name", NAMES)
def test_the_same_definition_is_the_same_in_every_file(name: str) -> None:
    """The files stand alone, so that anybody can use one of them; what they share must not drift apart."""
    shared = {"region", "interfaceId", "vpcId"}
    own = schema.document(name).get("$defs", {})
    for other in NAMES:
        for key in shared & own.keys() & schema.document(other).get("$defs", {}).keys():
            assert own[key].get("pattern") == schema.document(other)["$defs"][key].get("pattern")


def test_a_validator_is_built_once() -> None:
    """Building one costs fifty times what a check costs."""
    assert schema.validator("report") is schema.validator("report")
    assert schema.validator("event", "record") is schema.validator("event", "record")


@pytest.mark.parametrize(
    ("name", "value", "definition", "expected"),
    [
        ("report", [], "", "$: must be object"),
        ("interface-event", {"event": "x", "region": "ap-x", "interface_id": "y"}, "",
         "$.event: must be interface.created; $.interface_id: must have the form ^eni-[0-9a-z]{6,20}$"),
        ("event", {"eventName": ""}, "record", "$.eventName: must keep to minLength 1"),
        ("event", {"eventName": 5}, "", "$: has none of the forms that are allowed there"),
        ("command", {"command": "sweep", "x": 1}, "", "$: has none of the forms that are allowed there"),
        ("command", {"command": "status", "regions": ["ap-x"] * 51}, "status", "$.regions: must keep to maxItems 50"),
        ("dead-letter", own_letter(error={"class": "x"}), "",
         "$.error: must have code and message and request_id and retryable; $.error.class: must be one of invalid, "),
        ("settings", {"FLOWLOG_TOPIC_ID": "t", "FLOWLOG_TRAFFIC_TYPE": "x"}, "",
         "$.FLOWLOG_TRAFFIC_TYPE: must be one of ACCEPT, REJECT, ALL"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_refused_value(name: str, value: Any, definition: str, expected: str) -> None:
    """The place and the expectation, in words."""
    assert schema.problems(name, value, definition).startswith(expected)


def test_an_expectation_that_is_neither_words_nor_a_number() -> None:
    """The keyword is named."""
    (error,) = Draft202012Validator({"uniqueItems": True}).iter_errors([1, 1])
    assert schema.expectation(error) == "must keep to uniqueItems True"
    (error,) = Draft202012Validator({"contains": {"const": 2}}).iter_errors([1])
    assert schema.expectation(error) == "must keep to contains"


def test_no_more_than_five_faults_are_told() -> None:
    """A message has bounds."""
    assert schema.problems("report", dict.fromkeys(schema.document("report")["properties"])).count(";") == 4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [MARKER, [MARKER], {MARKER: MARKER}, {"a": {MARKER: [MARKER]}}])
def test_neither_values_nor_keys_of_strangers_are_shown(name: str, value: Any) -> None:
    """The library's own messages quote what they refuse."""
    for key in schema.document(name).get("properties", {"event": 0}):
        assert MARKER not in schema.problems(name, {key: value})
    assert MARKER not in schema.problems(name, value)


def test_values_in_a_record_are_not_shown() -> None:
    """Wherever the fault is."""
    record = created(eventTime=[MARKER], errorCode={"x": MARKER}, requestParameters=[MARKER], eventName=MARKER * 99)
    assert MARKER not in schema.problems("event", record, "record")


def test_a_key_that_is_no_plain_word_is_not_shown() -> None:
    """A key may be a stranger's, and hold anything; a place in a list is a number."""
    rule = {"additionalProperties": {"items": {"type": "null"}}}
    (error,) = Draft202012Validator(rule).iter_errors({"a key with words": [None, 5]})
    assert schema.place(error) == "$.?[1]"


@pytest.mark.parametrize("prefix", ID_PATTERNS)
def test_ids_have_the_same_form_everywhere(prefix: str) -> None:
    """One form for each kind of id, in all files."""
    found = re.findall(rf'"\^{prefix}[^"]*"', "".join(json.dumps(schema.document(name)) for name in NAMES))
    assert len(set(found)) == 1
