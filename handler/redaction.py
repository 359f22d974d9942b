r"""The one redaction: what is foreign loses its secrets where it is taken over.

CloudAudit records carry live secrets: `userIdentity.sessionContext` and `requestParameters.Token` hold session tokens,
`secretId` is a key id, RunInstances parameters hold `LoginSettings.Password` and `UserData` (platform.md section 1).
So foreign data goes through `redact` once, where it begins to be ours: a payload on its way into a dead letter, the
words of the cloud as they become an error. Our own sentences, paths and ids never do.

- Of a CloudAudit record, known harmless fields and ids are kept, and nothing else.
- Of whatever else comes, values under a secret's name and texts of a secret's form are replaced; JSON inside of a
  string is redacted inside.
- Our own keys are taken out of all that leaves the function, whoever wrote it (`without_own_keys`).
"""

from __future__ import annotations

import json
import math
import re
from itertools import islice
from typing import Any

from handler import jsontext

REDACTED = "[redacted]"
_MAX_DEPTH = 24
_MAX_ENTRIES = 10_000
_MAX_TEXT = 65_536
_MARGIN = 4_096
"""What stands so near to a cut is dropped with it: a secret that is cut is not recognised any more."""
_MAX_JSON_TEXT = 1 << 20
"""JSON text that is longer is searched as text; an event of any trigger but a manual invoke is shorter."""

# Patterns are texts: what they look for is seldom, and compiling them at each cold start would take 3 ms.

# Names ----------------------------------------------------------------------------------------------------------------

_NAMES = (
    r"token|secret|passw(?:or)?d|passphrase|passcode|passkey|pwd|user[_-]?data|session[_-]?context|credentials?"
    r"|signature|login[_-]?settings|key[_-]?pair"
    r"|(?:private|access|api|session|master|encrypt(?:ion)?|ssh|signing|shared|account|storage|service)[_-]?key"
    r"|(?-i:(?<=[a-z])(?:Pass|S[Kk])|(?<![A-Za-z])(?:[Pp]ass|PASS|[Ss]k|SK))(?![A-Za-z])"
    r"|密码|密碼|密钥|密鑰|口令|令牌"
)
_HEADERS = r"(?<![A-Za-z])(?:authorization|cookie)"  # their value is the rest of the line
_SECRET_KEY = rf"(?i){_NAMES}|{_HEADERS}"
# In a list of variables or tags the name of a secret stands beside it.
_NAME_KEYS = ("Key", "key", "Name", "name", "TagKey", "tagKey")
_VALUE_KEYS = ("Value", "value", "Values", "values", "TagValue", "tagValue", "val", "Val")

# Forms ----------------------------------------------------------------------------------------------------------------

# Whatever is sent here, none of these looks at one part of a text again and again: 64 KB must not take seconds.
# `"Token": "…"`, `Password=…` or `<Password>…` in text that is not whole JSON, also with its quotes escaped once or
# more: a string ends at a quote that is escaped as often as its first one. Where a list or an object begins, all that
# follows goes; in XML all up to the next tag; in YAML a block of lines.
_PAIR = rf"""(?isx)
    ( (?: (?:{_NAMES}) [\w.-]{{0,24}} | (?P<header>{_HEADERS}) ) (?:\\*["'])? \s*
      (?: [:=\uff1a]{{1,2}}>? | ,\s*\\*["'](?:tag)?val(?:ue)?s?\\*["']\s*: | (?P<tag>>) ) \s* )
    (?(tag) (?: <!\[CDATA\[ .*? (?:\]\]>|\Z) | [^<]* ) |
        (?: (?P<escapes>\\*) (?P<quote>["'])
            (?: [^"'\\] | \\+ (?!["'\\]) | (?!(?P=escapes)(?P=quote)) \\*["'] )* (?:(?P=escapes)(?P=quote))?
        | \[redacted\] | \\*[\[{{] .*
        | [|>][+-]?\d?[ ]* (?:\\+n|\r?\n) (?: [ \t]+ (?: (?!\\{{1,8}}n) [^\n"] )* (?:\\{{1,8}}n|\n|\Z|(?=")) )*
        | (?(header) [^\r\n]* | [^\s,;&"'}}\]<]+ ) ) )"""
_YAML_LINE = rf"""(?imx)^( [ \t]* (?:-[ \t]+)? [\w.-]{{0,64}}? (?:{_NAMES}) [\w.-]{{0,24}} : [ \t]+ )
    (?=[^\s"'\[{{|>&*!]) [^\r\n]+"""
_OPTION = (
    rf"""(?ix)(?<![\w-])( --?[\w-]{{0,64}}? (?:{_NAMES}) [\w-]{{0,24}} [ \t=]+ ) ( "[^"]*"? | '[^']*'? | [^\s"']+ )"""
)
_FORMS = (
    (_YAML_LINE, rf"\1{REDACTED}"),
    (_PAIR, rf"\1{REDACTED}"),
    (_OPTION, rf"\1{REDACTED}"),
    (r"(?i)\b(bearer\s+)[^\s\"',;]{6,}", rf"\1{REDACTED}"),
    (r"\b([Bb]asic\s+)(?=\S*(?:\d|=|[a-z][A-Z]))[\w+/=-]{6,}", rf"\1{REDACTED}"),
    (r"(?<![\w-])eyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?", REDACTED),  # a JSON Web Token
    (r"(?s)-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", REDACTED),  # PEM
    (r"(?<![\w.+-])([\w.+-]*:)(?!//)[^\s:\"'<>]+@(?=[\w\[])", rf"\1{REDACTED}@"),  # user:password@host
    (r"AKID[0-9A-Za-z_-]{8,}", REDACTED),  # the platform's key ids (doc 1278/85305)
)
_WORD = r"[\w.-]{0,39}"  # most texts are ids and names, in which there is no form to be found
_OPAQUE_LENGTH = 40
# A long unbroken run with a digit in it is a token, a key or an encoded blob: ids are shorter, UUIDs included.
_OPAQUE = rf"[0-9A-Za-z+/_=-]{{{_OPAQUE_LENGTH},}}"
# Other ways to write the letters and signs that the forms look for: JSON's, HTML's and a URL's.
_JSON_ESCAPE = r"(?<!\\)(\\+)u([0-9a-fA-F]{4})"
_ESCAPES = (
    ("%2525", "%"), ("%25", "%"),
    ("&quot;", '\\"'), ("&#34;", '\\"'), ("%22", '\\"'), ("%3A", ":"), ("%3a", ":"), ("%3D", "="), ("%3d", "="),
)  # fmt: skip

# A CloudAudit record (platform.md section 1) --------------------------------------------------------------------------

_RECORD_MARKS = frozenset({"userIdentity", "requestParameters", "responseElements", "eventSource", "resourceSet"})
_RECORD_FIELDS = frozenset(
    {
        "eventName", "eventRegion", "eventVersion", "eventID", "requestID", "apiVersion", "eventType",
        "actionType", "httpMethod", "eventTime", "eventSource", "errorCode", "apiErrorCode", "resourceType",
        "sensitiveAction",
    }
)  # fmt: skip
_IDENTITY_FIELDS = frozenset({"type", "accountId", "principalId", "userName"})
_PARAMETER_FIELDS = frozenset(
    {
        "Region", "Version", "Action", "RequestId", "InstanceCount", "DryRun", "State", "EniType", "Primary",
        "Zone", "InstanceType", "resourceType", "resourceRegion", "resourceTypeClass",
    }
)  # fmt: skip
_EMPTY: tuple[Any, ...] = ("", [], {})
_WORDS = r"[\w.:@()-][\w.:@() -]{0,127}"
_PREFIX = r"(?:[a-z0-9:_-]{1,64}/){0,4}"
_ID = rf"{_PREFIX}(?:eni|vpc|subnet|ins|sg|eip|nat|lb|rtb|acl|ccn|havip|asg|img)-[0-9a-z]{{4,20}}"
_IDS = rf"{_ID}(?:[|,]{_ID}){{0,99}}"


class _OwnKeys:
    """The keys of this process, by their pieces: a server may repeat them in its answer, whole or in part."""

    PIECE = 6

    def __init__(self) -> None:
        self._keys: tuple[str, ...] = ()
        self._pieces: frozenset[str] = frozenset()

    def set(self, keys: tuple[str, ...]) -> None:
        """Look for these from now on; warm invocations bring other ones."""
        if keys != self._keys:
            size = self.PIECE
            self._keys = keys
            self._pieces = frozenset(key[at : at + size] for key in keys for at in range(len(key) - size + 1))

    def taken_out(self, text: str) -> str:
        """A text without them, and without any part of them that is eleven characters long or longer."""
        for key in self._keys:
            text = text.replace(key, REDACTED)
        size, pieces = self.PIECE, self._pieces
        kept, done, at = [], 0, 0
        # A part of eleven characters holds a whole piece that begins at a multiple of six.
        while at + size <= len(text):
            if text[at : at + size] not in pieces:
                at += size
                continue
            begin, end = at, at
            while begin > done and text[begin - 1 : begin - 1 + size] in pieces:
                begin -= 1
            while text[end + 1 : end + 1 + size] in pieces:
                end += 1
            kept += [text[done:begin], REDACTED]
            done = at = end + size
        return "".join([*kept, text[done:]]) if kept else text


_own = _OwnKeys()


def hide(*keys: str) -> None:
    """Take these very texts out of all that leaves from now on.

    What is too short for a key (the platform's have 32 characters and more) is left: it stands in ordinary words.
    """
    _own.set(tuple(key for key in keys if len(key) >= _OwnKeys.PIECE))


def without_own_keys(text: str) -> str:
    """A text of our own on its way out; nothing else in it is touched."""
    return _own.taken_out(text)


def redact(value: Any, depth: int = 0) -> Any:
    """A foreign JSON value without its secrets, and within bounds of depth, entries and length."""
    if depth > _MAX_DEPTH:
        return "[nested too deep]"
    if isinstance(value, dict):
        return _record(value, depth) if _is_record(value) else _object(value, depth)
    if isinstance(value, (list, tuple)):
        return [redact(entry, depth + 1) for entry in value[:_MAX_ENTRIES]]
    if value is None or isinstance(value, (bool, int, float)):
        return _number(value)
    return _text(value if isinstance(value, str) else str(value), depth)


def _number(value: float | None) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return "[a number too long]" if isinstance(value, int) and abs(value) >= 1 << 128 else value


def _object(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    redacted = {}
    named = any(isinstance(value.get(name), str) and re.search(_SECRET_KEY, value[name]) for name in _NAME_KEYS)
    for key, entry in islice(value.items(), _MAX_ENTRIES):
        name = str(key)
        is_secret = re.search(_SECRET_KEY, name) or (named and name in _VALUE_KEYS)
        redacted[_plain(name)] = REDACTED if is_secret and entry else redact(entry, depth + 1)
    return redacted


def _text(text: str, depth: int) -> str:
    inside = _parsed(text)
    return _plain(text) if inside is None else _cut(json.dumps(redact(inside, depth + 1)))


def _parsed(text: str) -> Any:
    """The JSON that a text is; None if it is none, or too long to be read."""
    if text.lstrip()[:1] not in ("{", "[", '"') or len(text) > _MAX_JSON_TEXT:
        return None
    return jsontext.said(text)


def _plain(text: str) -> str:
    begin = text[: _MAX_TEXT + _MARGIN]
    clean = _own.taken_out(begin)
    if re.fullmatch(_WORD, clean) and not clean.startswith(("AKID", "eyJ")):
        return clean
    if "\\u" in clean or "&" in clean or "%" in clean:
        clean = _unescaped(clean)
    for form, replacement in _FORMS:
        clean = re.sub(form, replacement, clean)
    if len(clean) >= _OPAQUE_LENGTH:
        clean = re.sub(_OPAQUE, lambda run: REDACTED if re.search(r"\d", run.group()) else run.group(), clean)
    return clean if begin == text and len(clean) <= _MAX_TEXT else _cut(clean[:-_MARGIN], short=True)


def _cut(text: str, *, short: bool = False) -> str:
    return text[:_MAX_TEXT] + "[cut]" if short or len(text) > _MAX_TEXT else text


def _unescaped(text: str) -> str:
    """Letters and signs themselves, a quote as an escaped one: it may stand inside of a string."""
    for escape, sign in _ESCAPES:
        text = text.replace(escape, sign)
    return re.sub(_JSON_ESCAPE, _plain_sign, text)


def _plain_sign(escape: re.Match[str]) -> str:
    sign = chr(int(escape[2], 16))
    return f'{escape[1]}"' if sign == '"' else sign if sign.isalnum() or sign in "-_:=<>" else escape.group()


def _is_record(value: dict[Any, Any]) -> bool:
    return isinstance(value.get("eventName"), str) and not _RECORD_MARKS.isdisjoint(value)


def _record(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    """What is known to be harmless of a CloudAudit record, and the ids in its parameters."""
    kept: dict[str, Any] = {}
    for name, entry in value.items():
        if name in _RECORD_FIELDS:
            kept[name] = _harmless(entry)
        elif name == "userIdentity" and isinstance(entry, dict):
            kept[name] = {field: _harmless(entry[field]) for field in entry if field in _IDENTITY_FIELDS}
        elif name in ("requestParameters", "responseElements", "resourceSet", "resourceName", "resources"):
            kept[name] = _ids(entry, depth + 1)
    return kept


def _harmless(value: Any) -> Any:
    """A number or a few words; anything else in their place is not shown."""
    if isinstance(value, str):
        return _plain(value) if not value or re.fullmatch(_WORDS, value) else REDACTED
    return _number(value) if value is None or isinstance(value, (bool, int, float)) else REDACTED


def _ids(value: Any, depth: int) -> Any:
    """The ids in a value, at their places, and the parameters that are known to be harmless; empty where is none."""
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(value, dict):
        found = {str(name): _parameter(name, entry, depth + 1) for name, entry in islice(value.items(), _MAX_ENTRIES)}
        return {name: entry for name, entry in found.items() if entry not in _EMPTY and not _strange(name)}
    if isinstance(value, list):
        return [entry for entry in (_ids(each, depth + 1) for each in value[:_MAX_ENTRIES]) if entry not in _EMPTY]
    if not isinstance(value, str):
        return ""
    inside = _parsed(value)
    if inside is None:
        return value if re.fullmatch(_IDS, value) else ""
    return json.dumps(_ids(inside, depth + 1))


def _parameter(name: Any, value: Any, depth: int) -> Any:
    if name in _PARAMETER_FIELDS and not isinstance(value, (dict, list)):
        return _harmless(value)
    return _ids(value, depth)


def _strange(name: str) -> bool:
    """Whether a parameter's name is none that an API would have, or a secret's."""
    return not re.fullmatch(r"[A-Za-z][\w.-]{0,63}", name) or re.search(_SECRET_KEY, name) is not None
