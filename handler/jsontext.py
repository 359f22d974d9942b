"""JSON from outside: read within bounds, whatever comes in."""

from __future__ import annotations

import json
from typing import Any


class NotJson(ValueError):
    """The text is not JSON, or nested too deep to be read."""


def parse(text: str | bytes) -> Any:
    """Read JSON text.

    Raises:
        NotJson: says what is wrong, without the text.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise NotJson("JSON nested too deep") from None
    except UnicodeDecodeError:
        raise NotJson("not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON: {error.msg} at character {error.pos}") from None
    except ValueError:
        raise NotJson("not JSON: a number too long") from None


def said(value: Any) -> Any:
    """What a value says that may be JSON text: None where it is text and no JSON, anything else as it is."""
    try:
        return parse(value) if isinstance(value, (str, bytes)) else value
    except NotJson:
        return None


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; none where there is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
