"""EventBridge's event patterns: which events a rule lets through (doc 1108/42288).

A pattern has the structure of the event. Keys are AND, the members of an array are OR, and a member is a plain value;
text is compared character by character:

    {"source": ["vpc.cloud.tencent"], "data": {"eventName": ["CreateNetworkInterface", "RunInstances"]}}

The documented operators (prefix, suffix, anything-but and others) are refused. Documented by example only: a bare value
in the place of a one-member array.
"""

from __future__ import annotations

import json
from typing import Any

from localcloud.core.errors import ApiError


def parse(text: str) -> dict[str, Any]:
    """Read and check a rule's EventPattern.

    Args:
        text: The pattern as JSON, the way CreateRule takes it.

    Returns:
        The pattern, fit for `matches`; the empty one matches every event.

    Raises:
        ApiError: InvalidParameterValue.EventPattern. It is not JSON or malformed; the message names the field.
    """
    try:
        pattern = json.loads(text)
        if not isinstance(pattern, dict):
            raise _fault("it must be a JSON object")
        _check(pattern, "")
    except (json.JSONDecodeError, RecursionError) as error:
        raise _fault(f"it is not JSON: {error}") from None
    return pattern


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Tell whether a rule with this pattern lets the event through.

    Args:
        pattern: A pattern that `parse` accepts.
        event: The CloudEvent.

    Returns:
        Whether every field of the pattern is in the event, at the same place, with a value that one member matches.
    """
    return all(key in event and _fits(wanted, event[key]) for key, wanted in pattern.items())


def _fits(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(value, dict) and matches(wanted, value)
    # JSON's true is not its 1, though Python's is.
    return any(isinstance(one, bool) == isinstance(value, bool) and one == value for one in _members(wanted))


def _members(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _check(pattern: dict[str, Any], path: str) -> None:
    for key, wanted in pattern.items():
        if isinstance(wanted, dict):
            _check(wanted, f"{path}{key}.")
        elif wanted == []:
            raise _fault(f"the array of `{path}{key}` is empty")
        elif any(isinstance(member, dict | list) for member in _members(wanted)):
            raise _fault(f"`{path}{key}` has a member that is no plain value; operators are not done here")


def _fault(what: str) -> ApiError:
    return ApiError("InvalidParameterValue.EventPattern", f"The event pattern is not valid: {what}.")
