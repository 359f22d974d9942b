"""Search conditions of CLS's query language, CQL: `key:value AND NOT "whole phrase"` (doc 614/47044).

A word fits a value whose whole or one of whose words it is, whatever its case; `*` in it stands for anything. A phrase
fits where it stands. `key:>5` compares numbers. AND, OR, NOT and brackets are SQLite's; conditions side by side are
refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TOKEN = re.compile(
    r"""\s*(?:(?P<sign>[()]|(?:AND|OR|NOT)(?=[\s()]|$))"""
    r"""|(?:(?P<key>[\w.@-]+|"[^"]+"):)?(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()":]+)))\s*"""
)
_COMPARED = re.compile(r"(>=|<=|>|<)(-?\d+(?:\.\d+)?)")
SIGNS: dict[str, Callable[[float, float], bool]] = {">=": ge, "<=": le, "==": eq, "!=": ne, ">": gt, "<": lt}
"""How numbers are compared, here and in an alarm's condition."""
_WORDS = re.compile(r"[\w*-]+")


class QueryError(ValueError):
    """The condition is malformed."""


@dataclass(frozen=True)
class Term:
    """One test of a line: of the field `key`, or of all its fields if that is empty."""

    key: str
    test: Callable[[str], bool]

    def fits(self, fields: Mapping[str, Any]) -> bool:
        """Tell whether a line passes."""
        values = [value_of(fields, self.key)] if self.key else list(fields.values())
        return any(self.test(str(value).lower()) for value in values if value is not None)


@dataclass(frozen=True)
class Condition:
    """A condition that was understood: `sql` combines its terms, each `fits(rowid, N)`."""

    terms: list[Term]
    sql: str

    @property
    def keys(self) -> set[str]:
        """Return the keys it looks at; the empty one is the whole line."""
        return {term.key for term in self.terms}


def parse(text: str) -> Condition:
    """Return the condition that a text spells; an empty one, or `*`, fits every line.

    Raises:
        QueryError: It cannot be read.
    """
    if text.strip() in ("", "*"):
        return Condition([], "true")
    terms: list[Term] = []
    parts: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise QueryError(f"cannot read `{text[at:]}`")
        parts.append(match["sign"] or f"fits(rowid, {len(terms)})")
        if not match["sign"]:
            terms.append(Term((match["key"] or "").strip('"'), _test(match)))
        at = match.end()
    return Condition(terms, " ".join(parts))


def value_of(fields: Mapping[str, Any], key: str) -> Any:
    """Return a field; the key may be a path into JSON, such as `outcomes.created`."""
    if key in fields:
        return fields[key]
    first, _, rest = key.partition(".")
    inner = fields.get(first)
    return value_of(inner, rest) if rest and isinstance(inner, dict) else None


def _test(match: re.Match[str]) -> Callable[[str], bool]:
    """Return what a term asks of one value, which is in lower case."""
    if match["phrase"] is not None:
        phrase = re.sub(r"\\(.)", r"\1", match["phrase"]).lower()
        return lambda value: phrase in value
    word = match["word"].lower()
    compared = _COMPARED.fullmatch(word)
    if match["key"] and compared:
        sign, number = compared.groups()
        return lambda value: _is_number(value) and SIGNS[sign](float(value), float(number))
    return lambda value: any(fnmatchcase(part, word) for part in (value, *_WORDS.findall(value)))


def _is_number(value: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
