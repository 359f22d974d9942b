"""The parameters of each action, by the platform's own schema, and the check of a call against them.

The schema is data, `platform.json`, made from what Tencent's own tccli carries (a contract test renews it): of each
service the names of all actions, and of the actions that this cloud does the objects that they take. A field is
written as its kind (`string`, `uint64`, or an object's name), in brackets for a list, with `!` if it is required.
"""

from __future__ import annotations

import functools
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import ApiError, missing

if TYPE_CHECKING:
    from collections.abc import Mapping

Params = dict[str, Any]
Tags = tuple[tuple[str, str], ...]
"""Pairs of key and value."""
DEEPEST = 32
_INDEX = re.compile(r"[0-9]{1,9}")
_PLATFORM = Path(__file__).with_name("platform.json")


@functools.cache
def platform(service: str) -> dict[str, Any]:
    """Return what is known of a service: `actions`, all their names, and `objects`, the fields of each as written."""
    services: dict[str, dict[str, Any]] = json.loads(_PLATFORM.read_text(encoding="utf-8"))
    return services[service]


def tags_of(params: Params) -> Tags:
    """Return the tags of a call, or of a part of one, as pairs."""
    return tuple((tag["Key"], tag.get("Value", "")) for tag in params.get("Tags", ()))


def tag_set(tags: Tags) -> list[dict[str, str]]:
    """Return pairs as the tags of a reply."""
    return [{"Key": key, "Value": value} for key, value in tags]


@dataclass(frozen=True)
class Check:
    """The check of one call's parameters.

    Attributes:
        objects: The service's objects: of each its fields as written.
        from_text: The values came by a query string, so numbers and booleans are text.
    """

    objects: Mapping[str, Mapping[str, str]]
    from_text: bool = False

    def of(self, fields: Mapping[str, str], params: Mapping[str, Any], path: str = "") -> Params:
        """Return the parameters as the fields have them; nulls are dropped.

        Raises:
            ApiError: UnknownParameter, MissingParameter, InvalidParameter (wrong type) or InvalidParameterValue.
        """
        checked = {}
        for name, value in params.items():
            if name not in fields:
                raise ApiError("UnknownParameter", f"The parameter `{path}{name}` is not recognized.")
            if value is not None:
                checked[name] = self._value(fields[name].removesuffix("!"), value, f"{path}{name}")
        for name, written in fields.items():
            if written.endswith("!") and name not in checked:
                raise missing(f"{path}{name}")
        return checked

    def _value(self, kind: str, value: Any, path: str) -> Any:
        if kind.startswith("["):
            if not isinstance(value, list):
                raise _wrong_type(path, "list")
            return [self._value(kind[1:-1], item, f"{path}.{index}") for index, item in enumerate(value)]
        if kind in self.objects:
            if not isinstance(value, dict):
                raise _wrong_type(path, "object")
            return self.of(self.objects[kind], value, f"{path}.")
        return self._scalar(kind, value, path)

    def _scalar(self, kind: str, value: Any, path: str) -> Any:
        name, types = _SCALARS.get(kind, ("string", (str,)))
        if self.from_text and isinstance(value, str):
            value = _from_text(name, value)
        if not isinstance(value, types) or (isinstance(value, bool) and name != "bool"):
            raise _wrong_type(path, name)
        if kind == "uint64" and value < 0:
            raise ApiError("InvalidParameterValue", f"The value of parameter `{path}` must not be negative.")
        return value


def _wrong_type(path: str, wanted: str) -> ApiError:
    return ApiError("InvalidParameter", f"The type of parameter `{path}` is not valid: it must be {wanted}.")


_SCALARS: dict[str, tuple[str, Any]] = {
    "int64": ("int", (int,)),
    "uint64": ("int", (int,)),
    "float": ("float", (int, float)),
    "bool": ("bool", (bool,)),
}
"""By kind: what it is called, and which types its values have. Any other kind is text."""


def _from_text(name: str, text: str) -> Any:
    """Return a value that came as text; what cannot be read as its type stays text."""
    with suppress(ValueError):
        if name == "int":
            return int(text)
        if name == "float":
            return float(text)
    return {"true": True, "false": False}.get(text.lower(), text) if name == "bool" else text


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
