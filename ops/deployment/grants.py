"""What a policy document of CAM's says, whoever wrote it, and what it lacks (docs 598/10603, 598/10606)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from handler import jsontext

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SEGMENTS = 5


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource, allowed or denied; `condition` is JSON text, empty for none."""

    action: str
    resource: str
    effect: str = "allow"
    condition: str = ""

    def __str__(self) -> str:
        what = f"{self.action} on {self.resource}"
        return (what if self.effect == "allow" else f"{self.effect} {what}") + (
            self.condition and f" if {self.condition}"
        )


def parse(text: object) -> dict[str, Any]:
    """A PolicyDocument as an API gives it: JSON text, perhaps in the form of a URL. What is not JSON says nothing."""
    plain = str(text or "")
    document = jsontext.said(plain if plain.lstrip().startswith("{") else unquote(plain))
    return document if isinstance(document, dict) else {}


def grants(document: Mapping[str, Any]) -> set[Grant]:
    """All that a document says, one action and resource at a time: two documents are the same if these are."""
    found: set[Grant] = set()
    for statement in _statements(document):
        condition = json.dumps(statement["condition"], sort_keys=True) if statement.get("condition") else ""
        found |= {
            Grant(action.removeprefix("name/"), resource, str(statement.get("effect", "")), condition)
            for action in _texts(statement.get("action"))
            for resource in _texts(statement.get("resource"))
        }
    return found


def trusted(document: Mapping[str, Any]) -> set[str]:
    """The services that a trust policy lets take its role."""
    return {
        service
        for statement in _statements(document)
        if statement.get("effect") == "allow" and _may_assume(statement)
        for service in _texts((statement.get("principal") or {}).get("service"))
    }


def lacking(needed: Mapping[str, Any], documents: Iterable[Mapping[str, Any]]) -> list[Grant]:
    """What is needed and not granted, sorted: neither allowed by any of the documents, or denied by one."""
    given = {grant for document in documents for grant in grants(document)}
    allowed = {grant for grant in given if grant.effect == "allow"}
    denied = {grant for grant in given if grant.effect == "deny" and not grant.condition}
    return sorted(
        need
        for need in grants(needed)
        if not any(_covers(grant, need) for grant in allowed) or any(_covers(grant, need) for grant in denied)
    )


def _covers(grant: Grant, need: Grant) -> bool:
    return fnmatchcase(need.action, grant.action) and _resource_covers(grant.resource, need.resource)


def _resource_covers(pattern: str, resource: str) -> bool:
    if pattern == "*" or resource == "*":
        return pattern == "*"
    parts = zip(pattern.split(":", _SEGMENTS), resource.split(":", _SEGMENTS), strict=False)
    return all(not want or fnmatchcase(have, want) for want, have in parts)


def _may_assume(statement: Mapping[str, Any]) -> bool:
    return any(
        fnmatchcase("sts:AssumeRole", action.removeprefix("name/")) for action in _texts(statement.get("action"))
    )


def _statements(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    statements = document.get("statement") or []
    yield from [statements] if isinstance(statements, dict) else statements


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value or []]
