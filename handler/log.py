"""The one logger, and the one redaction that all output goes through.

CloudAudit records carry live secrets: `userIdentity.sessionContext` and `requestParameters.Token` hold session tokens,
`secretId` is a key id, RunInstances parameters hold `LoginSettings.Password` and `UserData` (platform.md section 1).
What is logged, returned, raised or put on the queue has gone through `redact`.
"""

from __future__ import annotations

import json
import logging
import math
import re
from functools import lru_cache
from itertools import islice
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from handler import jsontext

REDACTED = "[redacted]"
_MAX_DEPTH = 24
_MAX_ENTRIES = 10_000
_MAX_TEXT = 65_536
_CUT = "[cut]"
_MAX_JSON_TEXT = 1 << 20  # is read before it is cut; an event of any trigger but a manual invoke is shorter

_NAMES_OF_SECRETS = (
    r"token|secret|secret[_-]?(?:id|key)|passw(?:or)?d|passphrase|pwd|user[_-]?data|session[_-]?context|credentials?"
    r"|signature|(?:private|access|api)[_-]?key|login[_-]?settings"
)
_HEADERS = "authorization|cookie"  # their value is the rest of the line
_SECRET_KEY = re.compile(rf"(?i){_NAMES_OF_SECRETS}|{_HEADERS}|keypair")
# `"Token": "…"`, `Password=…` or `<Password>…` in text that is not whole JSON, also with its quotes escaped once or
# more: a string ends at a quote that is escaped as often as its first one. Where a list or an object begins, all that
# follows goes; in XML all up to the next tag.
_SECRET_PAIR = re.compile(
    rf"""(?isx) ( (?:{_NAMES_OF_SECRETS}|(?P<header>{_HEADERS})) (?:\\*["'])? \s* (?: [:=]{{1,2}}>? | (?P<tag>>) ) \s* )
    (?(tag) [^<]* |
        (?: (?P<escapes>\\*) (?P<quote>["'])
            (?: [^"'\\] | \\+ (?!["'\\]) | (?!(?P=escapes)(?P=quote)) \\*["'] )* (?:(?P=escapes)(?P=quote))?
        | \\*[\[{{] .*
        | (?(header) [^\r\n]* | [^\s,;&"'}}\]<]+ ) ) )"""
)
# Other ways to write the letters and signs that the pattern looks for: JSON's, HTML's and a URL's.
_JSON_ESCAPE = re.compile(r"(?<!\\)(\\+)u00([2-7][0-9a-fA-F])")
_ESCAPES = (
    ("&quot;", '\\"'), ("&#34;", '\\"'), ("%22", '\\"'), ("%3A", ":"), ("%3a", ":"), ("%3D", "="), ("%3d", "="),
)  # fmt: skip
# In a list of variables or tags the name of a secret stands beside it.
_NAMES, _VALUES = ("Key", "key", "Name", "name"), ("Value", "value", "Values", "values")
# A key id of the platform begins with AKID (doc 1278/85305).
_KEY_ID = re.compile(r"AKID[0-9A-Za-z_-]{8,}")
# A long unbroken run with a digit in it is a token, a key or an encoded blob: ids here are shorter, UUIDs included.
_OPAQUE_LENGTH = 40
_OPAQUE = re.compile(rf"[0-9A-Za-z+/_=-]{{{_OPAQUE_LENGTH},}}")


_own: tuple[str, ...] = ()


def hide(*secrets: str) -> None:
    """Redact these very texts too, wherever they stand: a server may repeat our own keys in its answer."""
    global _own  # noqa: PLW0603 - of the process, like its environment; warm invocations bring other keys
    own = tuple(secret for secret in secrets if secret)
    if own != _own:
        _own = own
        _common_key.cache_clear()


def redact(value: Any, depth: int = 0) -> Any:
    """Any JSON value without its secrets, and within bounds of depth, entries and length.

    Values under a key that names a secret are replaced; JSON inside a string is redacted inside; key ids and long
    opaque runs are replaced wherever they stand.
    """
    if depth > _MAX_DEPTH:
        return "[nested too deep]"
    if isinstance(value, dict):
        return _redact_object(value, depth)
    if isinstance(value, (list, tuple)):
        return [redact(entry, depth + 1) for entry in value[:_MAX_ENTRIES]]
    if value is None or isinstance(value, (bool, int, float)):
        return _redact_number(value)
    return _redact_text(value if isinstance(value, str) else str(value), depth)


def _redact_number(value: float | None) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return "[a number too long]" if isinstance(value, int) and abs(value) >= 1 << 128 else value


def _redact_object(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    redacted = {}
    named = any(isinstance(value.get(name), str) and _SECRET_KEY.search(value[name]) for name in _NAMES)
    for key, entry in islice(value.items(), _MAX_ENTRIES):
        text = str(key)
        name, is_secret = (_common_key if len(text) < _OPAQUE_LENGTH else _key)(text)
        is_secret = is_secret or (named and text in _VALUES)
        redacted[name] = REDACTED if is_secret and entry else redact(entry, depth + 1)
    return redacted


def _key(text: str) -> tuple[str, bool]:
    """A key as it may be shown, and whether it names a secret."""
    return _redact_plain(text), _SECRET_KEY.search(text) is not None


_common_key = lru_cache(maxsize=512)(_key)  # the same few keys come again in every report and log line


def _redact_text(text: str, depth: int) -> str:
    if text.lstrip()[:1] in ("{", "[", '"') and len(text) <= _MAX_JSON_TEXT:
        try:
            inside = jsontext.parse(text)
        except jsontext.NotJson:
            pass
        else:
            return _cut(json.dumps(redact(inside, depth + 1)))
    return _redact_plain(text)


def _redact_plain(text: str) -> str:
    for secret in _own:
        text = text.replace(secret, REDACTED)
    text = _cut(text)
    if "u00" in text or "&" in text or "%" in text:
        text = _unescaped(text)
    if ":" in text or "=" in text or ">" in text:  # else there is no pair to be found, and most texts here are ids
        text = _SECRET_PAIR.sub(rf"\1{REDACTED}", text)
    if "AKID" in text:
        text = _KEY_ID.sub(REDACTED, text)
    if len(text) < _OPAQUE_LENGTH:
        return text
    return _OPAQUE.sub(lambda run: REDACTED if re.search(r"\d", run.group()) else run.group(), text)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + _CUT


def _unescaped(text: str) -> str:
    """Letters and signs themselves, a quote as an escaped one: it may stand inside of a string."""
    for escape, sign in _ESCAPES:
        text = text.replace(escape, sign)
    return _JSON_ESCAPE.sub(_plain_sign, text)


def _plain_sign(escape: re.Match[str]) -> str:
    sign = chr(int(escape[2], 16))
    return f'{escape[1]}"' if sign == '"' else sign if sign.isalnum() or sign in "-_:=<>" else escape.group()


class RedactingFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON lines, redacted. One line, first-level keys: that is what CLS indexes."""

    def serialize(self, log: Any) -> str:
        """A log record as one line of ASCII JSON: a lone surrogate must not break the log."""
        return json.dumps(redact(log), separators=(",", ":"), default=str)


logger = Logger(service="eni-flowlog", logger_formatter=RedactingFormatter(utc=True))

# The SDK logs requests with their token at level DEBUG: never, whatever the root logger's level is.
logging.getLogger("tencentcloud_sdk_common").setLevel(logging.WARNING)
