"""CloudAudit's records without what tells whose they are, so that they can be shown to others."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import Any

from handler import jsontext

# An id has digits in it, or one of the usual prefixes: ap-shanghai is none.
_ID = re.compile(r"\b(eni|ins|vpc|subnet|sg|img|fl|disk|eip|[a-z]{2,8}(?=-[0-9a-z]*[0-9]))-[0-9a-z]{6,20}\b")
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_NUMBER = re.compile(r"(?<![\w.])\d{9,}(?![\w.])")
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
"""So long a number is an account's, or a time."""
_NAMES = frozenset({"userName", "roleSessionName", "InstanceName", "NetworkInterfaceName", "HostName", "userAgent"})
_TIMES = frozenset({"eventTime", "EventTime", "time"})


class Mask:
    """Puts other ids, addresses, names and account numbers in their place, the same for the same."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, int]] = defaultdict(dict)

    def __call__(self, value: Any, key: str = "") -> Any:
        """A JSON value without what tells whose it is; times, regions and actions stay."""
        if isinstance(value, dict):
            return {name: self(entry, name) for name, entry in value.items()}
        if isinstance(value, list):
            return [self(entry, key) for entry in value]
        if key in _NAMES and value:
            return "masked"
        if isinstance(value, bool) or key in _TIMES:
            return value
        if isinstance(value, int):
            return int(self._text(str(value)))
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        inside = jsontext.said(text)
        if isinstance(inside, (dict, list)):
            return json.dumps(self(inside), ensure_ascii=False)
        text = _UUID.sub(lambda match: f"00000000-0000-0000-0000-{self._index('uuid', match[0]):012d}", text)
        text = _ID.sub(lambda match: f"{match[1]}-{self._index(match[1], match[0]):08d}", text)
        text = _ADDRESS.sub("192.0.2.1", text)
        return _NUMBER.sub(lambda match: f"9{self._index('number', match[0]):0{len(match[0]) - 1}d}", text)

    def _index(self, kind: str, text: str) -> int:
        return self._seen[kind].setdefault(text, len(self._seen[kind]) + 1)
