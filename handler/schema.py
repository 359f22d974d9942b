"""JSON Schemas, each validator built once: `jsonschema.validate()` builds one at each call, which takes 5 ms."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jsonschema.exceptions import ValidationError

FOLDER = Path(__file__).resolve().parent.parent / "schemas"
_MAX_PROBLEMS = 5
NO_NEWLINE = r"(?!\n)"
"""Stands before `$` in our patterns: Python's `$` also matches before a newline at the end, ECMA's does not."""


class Unusable(ValueError):
    """What came in has not its form, or leads to no interface: where and why, without its values."""


@cache
def document(name: str) -> dict[str, Any]:
    """The schema in `schemas/<name>.schema.json`."""
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text("utf-8"))
    return loaded


@cache
def validator(name: str, definition: str = "") -> Draft202012Validator:
    """The validator of a schema, or of one of its `$defs`."""
    return part(name, {"$ref": f"#/$defs/{definition}"} if definition else document(name))


def part(name: str, rules: Mapping[str, Any]) -> Draft202012Validator:
    """The validator of rules that may refer to the `$defs` of a schema."""
    return Draft202012Validator({"$defs": document(name)["$defs"], **rules})


def problems(name: str, value: Any, definition: str = "") -> str:
    """Where and why a schema refuses a value: empty when it accepts it.

    jsonschema's own messages quote the value, which may be a secret; these name the place and the expectation only.
    """
    return told(validator(name, definition), value)


def told(checked: Draft202012Validator, value: Any) -> str:
    """The same of a validator."""
    errors = islice(checked.iter_errors(value), _MAX_PROBLEMS)
    # Each property that is missing is an error of its own, and each of them names them all.
    return "; ".join(dict.fromkeys(f"{place(error)}: {expectation(error)}" for error in errors))


def accept(name: str, value: Any, definition: str = "") -> None:
    """Let a value pass that its schema accepts.

    Raises:
        Unusable: it does not.
    """
    if problem := problems(name, value, definition):
        raise Unusable(problem)


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
    bound = f" {wanted}" if isinstance(wanted, (int, float)) else ""
    return f"must keep to {error.validator}{bound}"


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
