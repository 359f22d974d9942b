"""Search conditions of CLS's query language, CQL: `key:value AND NOT "whole phrase"` (doc 614/47044).

A word fits a value whose whole or one of whose words it is, whatever its case; `*` in it stands for anything. A phrase
fits where it stands. `key:>5` compares numbers. Conditions side by side are ANDed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Fits = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<sign>[()])|(?:(?P<key>[\w.@-]+|"[^"]+"):)?(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()":]+)))"""
)
_COMPARED = re.compile(r"(>=|<=|>|<)(-?\d+(?:\.\d+)?)")
_WORDS = re.compile(r"[\w*-]+")


class QueryError(ValueError):
    """The condition is malformed."""


@dataclass(frozen=True)
class Condition:
    """A condition that was understood: what fits it, and the keys that it looks at (the empty one: the whole line)."""

    fits: Fits
    keys: frozenset[str]


def parse(text: str) -> Condition:
    """Return the condition that a text spells; an empty one, or `*`, fits every line.

    Raises:
        QueryError: It is malformed.
    """
    if text.strip() in ("", "*"):
        return Condition(lambda _fields: True, frozenset())
    parser = _Parser(text)
    fits = parser.either()
    if parser.token is not None:
        raise QueryError(f"unexpected `{parser.token.group().strip()}`")
    return Condition(fits, frozenset(parser.keys))


def value_of(fields: Mapping[str, Any], key: str) -> Any:
    """Return a field; the key may be a path into JSON, such as `outcomes.created`."""
    if key in fields:
        return fields[key]
    first, _, rest = key.partition(".")
    inner = fields.get(first)
    return value_of(inner, rest) if rest and isinstance(inner, dict) else None


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._at = text.strip(), 0
        self.keys: set[str] = set()
        self.token: re.Match[str] | None = None
        self._next()

    def either(self) -> Fits:
        choices = [self._all()]
        while self._took("OR"):
            choices.append(self._all())
        return lambda fields: any(fits(fields) for fits in choices)

    def _all(self) -> Fits:
        needed = [self._one()]
        while self.token is not None and self.token["sign"] != ")" and self.token["word"] != "OR":
            self._took("AND")
            needed.append(self._one())
        return lambda fields: all(fits(fields) for fits in needed)

    def _one(self) -> Fits:
        if self._took("NOT"):
            unwanted = self._one()
            return lambda fields: not unwanted(fields)
        if self.token is None or self.token["sign"] == ")":
            raise QueryError("a condition is missing")
        if self.token["sign"] == "(":
            self._next()
            inner = self.either()
            if self.token is None or self.token["sign"] != ")":
                raise QueryError("`)` is missing")
            self._next()
            return inner
        token = self.token
        self._next()
        return self._term(token)

    def _term(self, token: re.Match[str]) -> Fits:
        key, phrase, word = (token["key"] or "").strip('"'), token["phrase"], token["word"]
        self.keys.add(key)
        if phrase is not None:
            wanted = re.sub(r"\\(.)", r"\1", phrase).lower()
            return lambda fields: any(wanted in value.lower() for value in _values(fields, key))
        compared = _COMPARED.fullmatch(word)
        if key and compared:
            return lambda fields: any(_compares(value, *compared.groups()) for value in _values(fields, key))
        return lambda fields: any(_has_word(value.lower(), word.lower()) for value in _values(fields, key))

    def _took(self, word: str) -> bool:
        if self.token is None or self.token["word"] != word or self.token["key"]:
            return False
        self._next()
        return True

    def _next(self) -> None:
        if self._at >= len(self._text):
            self.token = None
            return
        self.token = _TOKEN.match(self._text, self._at)
        if self.token is None:
            raise QueryError(f"cannot read `{self._text[self._at :]}`")
        self._at = self.token.end()


def _values(fields: Mapping[str, Any], key: str) -> list[str]:
    found = list(fields.values()) if not key else [value_of(fields, key)]
    return [str(value) for value in found if value is not None]


def _has_word(value: str, word: str) -> bool:
    return fnmatchcase(value, word) or any(fnmatchcase(part, word) for part in _WORDS.findall(value))


def _compares(value: str, sign: str, number: str) -> bool:
    try:
        left, right = float(value), float(number)
    except ValueError:
        return False
    return {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right}[sign]
