"""The quick validators say what jsonschema's own say."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from handler import schema, settings
from handler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = sorted(path.name.removesuffix(".schema.json") for path in schema.FOLDER.glob("*.schema.json"))
WRONG: tuple[Any, ...] = (None, True, 1, 1.5, "", "x\n", [], [1], {}, {"x": 1})


def variants(value: Any) -> Iterator[Any]:
    """A value, and the same with each of its parts replaced by something wrong, or taken away."""
    yield value
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in list(parts):
        for other in (*WRONG, *variants(part)):
            changed = copy.copy(value)
            changed[key] = other
            yield changed
        if isinstance(value, dict):
            yield {name: each for name, each in value.items() if name != key}


def found(validator: Any, value: Any) -> set[str]:
    return {f"{schema.place(error)}: {schema.expectation(error)}" for error in validator.iter_errors(value)}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_problems_as_the_plain_validator(name: str) -> None:
    """On each example of the schema, and on each with one part wrong."""
    whole = schema.document(name)
    plain, quick = Draft202012Validator(whole), schema.validator(name)
    for example in whole["examples"]:
        for value in (*WRONG, *variants(example)):
            assert found(quick, value) == found(plain, value), json.dumps(value)


def test_changed_settings_are_seen_by_a_warm_instance() -> None:
    """Checked settings are kept by what they were made from: another value is checked anew, a wrong one each time."""
    variables = {"TENCENTCLOUD_REGION": "ap-guangzhou", "FLOWLOG_TOPIC_ID": "dfb8f1a2-8522-47c1-8571-67905167ab3f"}
    first = settings.load(variables)
    assert settings.load({**variables, "UNRELATED": "1"}) is first
    assert settings.load({**variables, "FLOWLOG_TRAFFIC_TYPE": "REJECT"}).traffic_type == "REJECT"
    assert settings.load({**variables, "TENCENTCLOUD_REGION": "ap-shanghai"}).region == "ap-shanghai"
    for _ in range(2):
        with pytest.raises(SettingsError, match="FLOWLOG_TRAFFIC_TYPE must be"):
            settings.load({**variables, "FLOWLOG_TRAFFIC_TYPE": "all"})
