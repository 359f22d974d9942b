"""EventBridge's event patterns: which events a rule lets through (doc 1108/42288).

A pattern has the structure of the event. Keys are AND, the members of an array are OR, and text is compared character
by character. A member is a plain value or one operator:

    {"source": ["vpc.cloud.tencent"], "data": {"eventName": [{"prefix": "Create"}, "RunInstances"]}}

Documented operators: prefix, suffix, anything-but (a value, or another operator inside), contain (one text, or several
that must all be there), array, cidr. Everything else is refused, `exists` and `numeric` too: other clouds have them,
Tencent Cloud's page does not. Documented by example only: a bare value in the place of a one-member array.

Inferred, not documented: a list under anything-but excludes each member; only `array` looks into an event's arrays.
"""

import ipaddress
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

MAX_DEPTH: Final = 32
_MISSING: Final = object()


class PatternError(ValueError):
    """The pattern is malformed: EventBridge would answer InvalidParameterValue.EventPattern."""


def parse(text: str) -> dict[str, Any]:
    """Reads and checks a rule's EventPattern.

    Args:
        text: the pattern as JSON, the way CreateRule takes it.

    Returns:
        The pattern, fit for `matches`.

    Raises:
        PatternError: it is not JSON, or `check` refuses it.
    """
    try:
        pattern = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PatternError(f"the event pattern is not JSON: {error}") from error
    check(pattern)
    return dict(pattern)


def check(pattern: Any) -> None:
    """Refuses a malformed pattern, naming the field.

    Args:
        pattern: the pattern, parsed.

    Raises:
        PatternError: with what is wrong and where.
    """
    if not isinstance(pattern, Mapping):
        raise PatternError(f"the event pattern must be a JSON object, not {_kind(pattern)}")
    _check_object(pattern, ())


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Tells whether a rule with this pattern lets the event through.

    Args:
        pattern: a pattern that `check` accepts; the empty one matches every event.
        event: the CloudEvent.

    Returns:
        True if every field of the pattern is in the event, at the same place, with a value that one member matches.

    Raises:
        PatternError: the pattern has an operator that does not exist.
    """
    return all(_field_matches(wanted, event.get(key, _MISSING)) for key, wanted in pattern.items())


def _field_matches(wanted: Any, value: Any) -> bool:
    if value is _MISSING:
        return False
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and matches(wanted, value)
    return any(_member_matches(member, value) for member in (wanted if isinstance(wanted, list) else [wanted]))


def _member_matches(member: Any, value: Any) -> bool:
    if not isinstance(member, Mapping):
        return _same(member, value)
    ((operator, operand),) = member.items()
    if operator not in _OPERATORS:
        raise PatternError(f"operator '{operator}' does not exist")
    return _OPERATORS[operator][1](operand, value)


def _same(left: Any, right: Any) -> bool:
    # JSON's true is not its 1, though Python's is.
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _prefix(operand: str, value: Any) -> bool:
    return isinstance(value, str) and value.startswith(operand)


def _suffix(operand: str, value: Any) -> bool:
    return isinstance(value, str) and value.endswith(operand)


def _contain(operand: str | list[str], value: Any) -> bool:
    wanted = operand if isinstance(operand, list) else [operand]
    return isinstance(value, str) and all(text in value for text in wanted)


def _anything_but(operand: Any, value: Any) -> bool:
    excluded = operand if isinstance(operand, list) else [operand]
    return not any(_member_matches(member, value) for member in excluded)


def _array(operand: str, value: Any) -> bool:
    wanted = json.loads(operand)
    return isinstance(value, list) and any(_has_all(element, wanted) for element in value)


def _has_all(element: Any, wanted: Mapping[str, Any]) -> bool:
    if not isinstance(element, Mapping):
        return False
    return all(_same(element.get(key, _MISSING), value) for key, value in wanted.items())


def _cidr(operand: str, value: Any) -> bool:
    try:
        address = ipaddress.ip_address(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return address is not None and address in ipaddress.ip_network(operand, strict=False)


def _check_object(pattern: Mapping[Any, Any], path: tuple[str, ...]) -> None:
    if len(path) >= MAX_DEPTH:
        raise PatternError(f"the event pattern is nested more than {MAX_DEPTH} deep")
    for key, wanted in pattern.items():
        _check_field(wanted, (*path, str(key)))


def _check_field(wanted: Any, path: tuple[str, ...]) -> None:
    if isinstance(wanted, Mapping):
        _check_object(wanted, path)
    elif not isinstance(wanted, list):
        _check_scalar(wanted, path)
    elif not wanted:
        raise _fault(path, "the array is empty, so it can match nothing")
    else:
        for member in wanted:
            _check_member(member, path)


def _check_member(member: Any, path: tuple[str, ...]) -> None:
    if not isinstance(member, Mapping):
        _check_scalar(member, path)
        return
    if len(member) != 1:
        raise _fault(path, f"a member is one value or one operator, not {len(member)} operators")
    ((operator, operand),) = member.items()
    if operator not in _OPERATORS:
        raise _fault(path, f"operator '{operator}' does not exist; there are {', '.join(sorted(_OPERATORS))}")
    _OPERATORS[operator][0](operand, (*path, str(operator)))


def _check_scalar(value: Any, path: tuple[str, ...]) -> None:
    if value is not None and not isinstance(value, str | int | float):
        raise _fault(path, f"a value is a string, a number, true, false or null, not {_kind(value)}")


def _check_text(operand: Any, path: tuple[str, ...]) -> None:
    if not isinstance(operand, str) or not operand:
        raise _fault(path, f"takes a string of at least one character, not {json.dumps(operand)}")


def _check_texts(operand: Any, path: tuple[str, ...]) -> None:
    for text in operand if isinstance(operand, list) and operand else [operand]:
        _check_text(text, path)


def _check_excluded(operand: Any, path: tuple[str, ...]) -> None:
    if len(path) >= MAX_DEPTH:
        raise PatternError(f"the event pattern is nested more than {MAX_DEPTH} deep")
    if isinstance(operand, list):
        if not operand:
            raise _fault(path, "the array is empty, so it excludes nothing")
        for value in operand:
            _check_scalar(value, path)
    else:
        _check_member(operand, path)


def _check_array(operand: Any, path: tuple[str, ...]) -> None:
    try:
        wanted = json.loads(operand) if isinstance(operand, str) else None
    except (ValueError, RecursionError):
        wanted = None
    if not isinstance(wanted, Mapping) or not wanted:
        raise _fault(path, f"takes a JSON object written as a string, not {json.dumps(operand)}")


def _check_cidr(operand: Any, path: tuple[str, ...]) -> None:
    try:
        ipaddress.ip_network(operand if isinstance(operand, str) else "", strict=False)
    except ValueError as error:
        raise _fault(path, f"takes an address range such as 10.0.0.0/24, not {json.dumps(operand)}") from error


def _fault(path: tuple[str, ...], what: str) -> PatternError:
    return PatternError(f"event pattern field '{'.'.join(path)}': {what}")


def _kind(value: Any) -> str:
    return {dict: "an object", list: "an array", str: "a string", type(None): "null"}.get(type(value), "a plain value")


_Check = Callable[[Any, tuple[str, ...]], None]
_OPERATORS: Final[dict[Any, tuple[_Check, Callable[[Any, Any], bool]]]] = {
    "prefix": (_check_text, _prefix),
    "suffix": (_check_text, _suffix),
    "anything-but": (_check_excluded, _anything_but),
    "contain": (_check_texts, _contain),
    "array": (_check_array, _array),
    "cidr": (_check_cidr, _cidr),
}
