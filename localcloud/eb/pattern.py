"""EventBridge's event patterns: which events a rule lets through (doc 1108/42288).

A pattern has the structure of the event. Keys are AND, the members of an array are OR, and text is compared character
by character. A member is a plain value or one operator:

    {"source": ["vpc.cloud.tencent"], "data": {"eventName": [{"prefix": "Create"}, "RunInstances"]}}

Of the documented operators there are prefix, suffix and anything-but (a value, a list of them, or another operator
inside); array, cidr and contain are refused, as is what Tencent Cloud's page does not have, such as `exists` and
`numeric`. Documented by example only: a bare value in the place of a one-member array. Inferred: a list under
anything-but excludes each member; no operator looks into an event's arrays.
"""

from __future__ import annotations

import json
from typing import Any, Final

MAX_DEPTH: Final = 32
OPERATORS: Final = ("anything-but", "prefix", "suffix")
_MISSING: Final = object()


class PatternError(ValueError):
    """The pattern is malformed: EventBridge would answer InvalidParameterValue.EventPattern."""


def parse(text: str) -> dict[str, Any]:
    """Read and check a rule's EventPattern.

    Args:
        text: The pattern as JSON, the way CreateRule takes it.

    Returns:
        The pattern, fit for `matches`; the empty one matches every event.

    Raises:
        PatternError: It is not JSON or malformed; the message names the field.
    """
    try:
        pattern = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PatternError(f"the event pattern is not JSON: {error}") from error
    if not isinstance(pattern, dict):
        raise PatternError("the event pattern must be a JSON object")
    _check_object(pattern, ())
    return pattern


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Tell whether a rule with this pattern lets the event through.

    Args:
        pattern: A pattern that `parse` accepts.
        event: The CloudEvent.

    Returns:
        Whether every field of the pattern is in the event, at the same place, with a value that one member matches.
    """
    return all(_field_matches(wanted, event.get(key, _MISSING)) for key, wanted in pattern.items())


def _field_matches(wanted: Any, value: Any) -> bool:
    if value is _MISSING:
        return False
    if isinstance(wanted, dict):
        return isinstance(value, dict) and matches(wanted, value)
    return any(_member_matches(member, value) for member in _as_list(wanted))


def _member_matches(member: Any, value: Any) -> bool:
    if not isinstance(member, dict):
        # JSON's true is not its 1, though Python's is.
        return isinstance(member, bool) == isinstance(value, bool) and bool(member == value)
    ((operator, operand),) = member.items()
    if operator == "anything-but":
        return not any(_member_matches(excluded, value) for excluded in _as_list(operand))
    return isinstance(value, str) and (value.startswith if operator == "prefix" else value.endswith)(operand)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _check_object(pattern: dict[str, Any], path: tuple[str, ...]) -> None:
    if len(path) >= MAX_DEPTH:
        raise PatternError(f"the event pattern is nested more than {MAX_DEPTH} deep")
    for key, wanted in pattern.items():
        if isinstance(wanted, dict):
            _check_object(wanted, (*path, key))
        else:
            _check_members(wanted, (*path, key))


def _check_members(wanted: Any, path: tuple[str, ...]) -> None:
    if wanted == []:
        raise _fault(path, "the array is empty")
    for member in _as_list(wanted):
        if isinstance(member, dict):
            _check_operator(member, path)
        elif isinstance(member, list):
            raise _fault(path, "a value is a string, a number, true, false or null, not an array")


def _check_operator(member: dict[str, Any], path: tuple[str, ...]) -> None:
    if len(member) != 1:
        raise _fault(path, f"a member is one value or one operator, not {len(member)} operators")
    if len(path) >= MAX_DEPTH:
        raise PatternError(f"the event pattern is nested more than {MAX_DEPTH} deep")
    ((operator, operand),) = member.items()
    if operator not in OPERATORS:
        raise _fault(path, f"operator '{operator}' is not one of {', '.join(OPERATORS)}")
    if operator == "anything-but":
        _check_members(operand, (*path, operator))
    elif not isinstance(operand, str) or not operand:
        raise _fault((*path, operator), f"takes a string of at least one character, not {json.dumps(operand)}")


def _fault(path: tuple[str, ...], what: str) -> PatternError:
    return PatternError(f"event pattern field '{'.'.join(path)}': {what}")
