"""Declared parameters of actions, and the check of a call against them.

A declaration says of each parameter its type, whether it is required and what it is made of, in the terms of the
platform's own schema, so that a contract test can hold one against the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import ApiError, missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Fields = dict[str, "Field"]
Params = dict[str, Any]
DEEPEST = 32
_INDEX = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Field:
    """One parameter: `type` as the platform calls it, `of` its members (None: not looked into)."""

    type: str
    member: str = ""
    of: Fields | Field | None = None
    required: bool = False

    def must(self) -> Field:
        """Return the same field, required."""
        return replace(self, required=True)


text = Field("string", "string")
integer = Field("int", "int64")
unsigned = Field("int", "uint64")
boolean = Field("bool", "bool")


def list_of(member: Field | Fields) -> Field:
    """Declare a list of scalars or of objects."""
    return Field("list", "" if isinstance(member, dict) else member.member, member)


def object_of(fields: Fields) -> Field:
    """Declare an object with these fields."""
    return Field("object", of=fields)


def each(field: Field, *names: str) -> Fields:
    """Declare several parameters alike."""
    return dict.fromkeys(names, field)


opaque = Field("object")
opaque_list = Field("list")
TAGS = list_of({"Key": text.must(), "Value": text.must()})


def tags_of(params: Params) -> tuple[tuple[str, str], ...]:
    """Return the tags of a call, or of a part of one, as pairs."""
    return tuple((tag["Key"], tag.get("Value", "")) for tag in params.get("Tags", ()))


def tag_set(tags: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Return pairs as the tags of a reply."""
    return [{"Key": key, "Value": value} for key, value in tags]


def check(fields: Fields, params: Mapping[str, Any], *, from_text: bool = False) -> Params:
    """Return the parameters as declared; nulls are dropped.

    Args:
        fields: The declaration.
        params: What the client sent.
        from_text: The values came by a query string, so numbers and booleans are text.

    Raises:
        ApiError: UnknownParameter, MissingParameter, InvalidParameter (wrong type) or InvalidParameterValue.
    """
    return _check_object(fields, params, "", from_text=from_text)


def _check_object(fields: Fields, params: Mapping[str, Any], path: str, *, from_text: bool) -> Params:
    checked = {}
    for name, value in params.items():
        if name not in fields:
            raise ApiError("UnknownParameter", f"The parameter `{path}{name}` is not recognized.")
        if value is not None:
            checked[name] = _check_value(fields[name], value, f"{path}{name}", from_text=from_text)
    for name, field in fields.items():
        if field.required and name not in checked:
            raise missing(f"{path}{name}")
    return checked


def _check_value(field: Field, value: Any, path: str, *, from_text: bool) -> Any:
    if field.type == "object":
        return _object(field, value, path, from_text=from_text)
    if field.type == "list":
        return _list(field, value, path, from_text=from_text)
    if from_text:
        value = _from_text(field, value, path)
    if not _SCALARS[field.type](value):
        raise _wrong_type(path, field.type)
    if field.member == "uint64" and value < 0:
        raise ApiError("InvalidParameterValue", f"The value of parameter `{path}` must not be negative.")
    return value


def _object(field: Field, value: Any, path: str, *, from_text: bool) -> Any:
    if not isinstance(value, dict):
        raise _wrong_type(path, "object")
    if not isinstance(field.of, dict):
        return value
    return _check_object(field.of, value, f"{path}.", from_text=from_text)


def _list(field: Field, value: Any, path: str, *, from_text: bool) -> Any:
    if not isinstance(value, list):
        raise _wrong_type(path, "list")
    if field.of is None:
        return value
    member = field.of if isinstance(field.of, Field) else object_of(field.of)
    return [_check_value(member, item, f"{path}.{index}", from_text=from_text) for index, item in enumerate(value)]


def _from_text(field: Field, value: Any, path: str) -> Any:
    if not isinstance(value, str):
        raise _wrong_type(path, field.type)
    try:
        return _READERS[field.type](value)
    except (KeyError, ValueError):
        raise _wrong_type(path, field.type) from None


def _wrong_type(path: str, wanted: str) -> ApiError:
    return ApiError("InvalidParameter", f"The type of parameter `{path}` is not valid: it must be {wanted}.")


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_SCALARS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "int": _is_int,
    "bool": lambda value: isinstance(value, bool),
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "string": str,
    "int": int,
    "bool": lambda value: {"true": True, "false": False}[value.lower()],
}


def unflatten(flat: Mapping[str, str]) -> Params:
    """Return the nested parameters that a query string spells as `Filters.0.Name`, `Filters.0.Values.0`.

    Raises:
        ApiError: InvalidParameter, when one is nested deeper than any is declared.
    """
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        node = tree
        *parents, leaf = name.split(".")
        if len(parents) > DEEPEST:
            raise ApiError("InvalidParameter", f"A parameter is nested more than {DEEPEST} times.")
        for parent in parents:
            child = node.setdefault(parent, {})
            node = child if isinstance(child, dict) else {}
        node[leaf] = value
    return {name: _lists(value) for name, value in tree.items()}


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(_INDEX.fullmatch(key) for key in node):
        return [_lists(node[key]) for key in sorted(node, key=int)]
    return {key: _lists(value) for key, value in node.items()}
