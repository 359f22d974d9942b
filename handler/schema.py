"""JSON Schemas, each validator built once: a check takes 0.1 ms; `jsonschema.validate()` builds one a call, 5 ms."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.validators import extend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jsonschema.exceptions import ValidationError

FOLDER = Path(__file__).resolve().parent.parent / "schemas"
_MAX_PROBLEMS = 5
_TYPE_ALONE = frozenset({"type", "title", "description", "examples", "default"})
NO_NEWLINE = r"(?!\n)"
"""Stands before `$` in our patterns: Python's `$` also matches before a newline at the end, ECMA's does not."""


@cache
def document(name: str) -> dict[str, Any]:
    """The schema in `schemas/<name>.schema.json`."""
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text("utf-8"))
    return loaded


@cache
def validator(name: str, definition: str = "") -> Draft202012Validator:
    """The validator of a schema, or of one of its `$defs`."""
    whole = document(name)
    definitions = whole.get("$defs", {})
    kind: type[Draft202012Validator] = _quick_validator()
    return kind(inlined(definitions[definition] if definition else whole, definitions))


def inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """A schema with its references into its own `$defs` replaced by what they name: following one costs 0.05 ms.

    What stands beside a reference in our schemas only describes.
    """
    if isinstance(schema, list):
        return [inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    own = {key: inlined(value, definitions) for key, value in schema.items() if key not in ("$defs", "$ref")}
    if "$ref" not in schema:
        return own
    return {**inlined(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions), **own}


@cache
def _quick_validator() -> Any:
    """The validator of draft 2020-12 that looks no further into a property which has one of the types it may have."""
    return extend(Draft202012Validator, {"properties": _properties})  # type: ignore[no-untyped-call]


def _properties(
    validator: Any, properties: Mapping[str, Any], instance: Any, _schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for name, rules in properties.items():
        if name in instance and not _is_only_type(validator, rules, instance[name]):
            yield from validator.descend(instance[name], rules, path=name, schema_path=name)


def _is_only_type(validator: Any, rules: Mapping[str, Any], value: Any) -> bool:
    """Whether a value keeps to rules that say nothing but its type; our schemas have no `true` for a rule."""
    if not rules.keys() <= _TYPE_ALONE:
        return False
    wanted = rules.get("type", ())
    if isinstance(value, str):
        return "string" in wanted
    return any(validator.is_type(value, each) for each in ([wanted] if isinstance(wanted, str) else wanted))


def problems(name: str, value: Any, definition: str = "") -> str:
    """Where and why a schema refuses a value: empty when it accepts it.

    jsonschema's own messages quote the value, which may be a secret; these name the place and the expectation only.
    """
    errors = islice(validator(name, definition).iter_errors(value), _MAX_PROBLEMS)
    # Each property that is missing is an error of its own, and each of them names them all.
    return "; ".join(dict.fromkeys(f"{place(error)}: {expectation(error)}" for error in errors))


def place(error: ValidationError) -> str:
    """The JSON path of what is wrong. Keys from outside are shown only if they are plain words."""
    steps = ["$"]
    for step in error.absolute_path:
        word = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}", str(step))
        steps.append(f"[{step}]" if isinstance(step, int) else f".{step}" if word else ".?")
    return "".join(steps)


def expectation(error: ValidationError) -> str:
    """What the schema expects there, in words."""
    wanted: Any = error.validator_value
    say = _WORDS.get(str(error.validator))
    if say:
        return say(wanted, error.instance)
    return (
        f"must keep to {error.validator} {wanted}"
        if isinstance(wanted, (int, float))
        else f"must keep to {error.validator}"
    )


_WORDS: dict[str, Callable[[Any, Any], str]] = {
    "type": lambda wanted, _: "must be " + (wanted if isinstance(wanted, str) else " or ".join(wanted)),
    "required": lambda wanted, value: "must have " + " and ".join(key for key in wanted if key not in value),
    "enum": lambda wanted, _: f"must be one of {', '.join(map(str, wanted))}",
    "const": lambda wanted, _: f"must be {wanted}",
    "pattern": lambda wanted, _: f"must have the form {wanted.replace(NO_NEWLINE, '')}",
    "additionalProperties": lambda _, __: "has a property that is not known there",
    "anyOf": lambda _, __: "has none of the forms that are allowed there",
    "oneOf": lambda _, __: "has none of the forms that are allowed there",
}
