"""The log's lines: what CLS indexes, and what stands in none of them."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

import pytest

from handler.log import level, logger
from handler.redaction import hide

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    buffer = io.StringIO()
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(buffer)
    yield buffer
    handler.setStream(before)


def test_a_line_is_json_that_cls_indexes(stream: io.StringIO) -> None:
    """One line an entry, ASCII, its first-level keys those of the call."""
    logger.info("report", extra={"outcomes": {"created": 1}, "text": "zwei\nZeilen \ud800 ü"})
    assert stream.getvalue().isascii()
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["message"], entry["service"]) == ("INFO", "report", "eni-flowlog")
    assert entry["outcomes"] == {"created": 1}


def test_our_own_keys_stand_in_no_line(stream: io.StringIO) -> None:
    """Whoever logs them, wherever: message, extra keys, the text of an exception; and not in part either."""
    key = "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA"
    hide(key)
    try:
        logger.warning(f"the key {key}", extra={"field": [key[:12]], "request": f"x{key[5:]}y"})
        try:
            int(key)
        except ValueError:
            logger.exception("it failed")
    finally:
        hide()
    text = stream.getvalue()
    assert not [at for at in range(len(key) - 10) if key[at : at + 11] in text]
    assert len([json.loads(line) for line in text.splitlines()]) == 2


@pytest.mark.parametrize(
    ("wanted", "is_used"),
    [("DEBUG", "DEBUG"), ("warning", "WARNING"), ("", "INFO"), ("VERBOSE", "INFO"), ("5", "INFO")],
)
def test_an_unknown_level_is_info(wanted: str, is_used: str) -> None:
    """Powertools raises for one, and the function would not start."""
    assert level(wanted) == is_used


def test_the_sdk_does_not_log_its_requests() -> None:
    """At level DEBUG it would log them with their token, whatever level the root logger has."""
    assert logging.getLogger("tencentcloud_sdk_common").level == logging.WARNING
