"""What the function's intake makes of one payload."""

from __future__ import annotations

import json
from typing import Any

from handler.intake import events
from handler.model import Invalid, Item


def one(payload: Any) -> Item:
    items = events.read(payload)
    assert len(items) == 1, items
    return items[0]


def problem(payload: Any) -> str:
    item = one(payload)
    assert isinstance(item, Invalid), item
    return item.problem


def text(payload: Any) -> str:
    return json.dumps(payload)
