"""The one logger: JSON lines, whose first-level keys CLS indexes.

What is foreign has been redacted before it is logged (`handler.redaction`); our own keys stand in no line at all.
"""

from __future__ import annotations

import json
import logging
import os
from typing import Any

from aws_lambda_powertools import Logger

from handler.redaction import without_own_keys

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def _line(record: dict[str, Any]) -> str:
    """A log record as one line of ASCII JSON: a lone surrogate must not break the log."""
    return without_own_keys(json.dumps(record, separators=(",", ":"), default=str))


def level(wanted: str) -> str:
    """A log level; INFO where there is none of that name, for a wrong one must not keep the function from starting."""
    return wanted.upper() if wanted.upper() in _LEVELS else "INFO"


logger = Logger(service="eni-flowlog", level=level(os.environ.get("LOG_LEVEL", "")), json_serializer=_line, utc=True)

# The SDK logs requests with their token at level DEBUG: never, whatever the root logger's level is.
logging.getLogger("tencentcloud_sdk_common").setLevel(logging.WARNING)
