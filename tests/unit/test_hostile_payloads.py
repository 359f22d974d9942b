"""Payloads made to break a reader: bombs, depth, numbers, text that is none."""

from __future__ import annotations

import base64
import json
import time
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from handler import jsontext
from handler.deadletters import MAX_EVENT_BYTES, bounded
from handler.intake import events
from handler.model import Interface, Invalid
from handler.redaction import redact
from tests.support import records

if TYPE_CHECKING:
    from collections.abc import Callable

DEEP = 100_000


def problem(payload: Any) -> str:
    items = events.read(payload)
    assert len(items) == 1
    assert isinstance(items[0], Invalid)
    return items[0].problem


def letter_text(payload: Any) -> str:
    """What a dead letter would keep of a payload: JSON of bounded length."""
    text = json.dumps(bounded(payload), allow_nan=False)
    assert len(text) <= MAX_EVENT_BYTES + 100
    return text


def test_a_gzip_bomb_is_not_unzipped() -> None:
    """300 MB of zeros in 300 KB: no more is unzipped than an event may hold."""
    zipper = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    zipped = b"".join(zipper.compress(bytes(1 << 20)) for _ in range(300)) + zipper.flush()
    payload = {"clslogs": {"data": base64.b64encode(zipped).decode()}}
    tracemalloc.start()
    try:
        assert problem(payload) == f"$.clslogs.data: unzips to more than {events.MAX_UNZIPPED_BYTES} bytes"
        assert tracemalloc.get_traced_memory()[1] < 4 * events.MAX_UNZIPPED_BYTES
    finally:
        tracemalloc.stop()


def test_as_much_as_an_event_may_hold_is_unzipped() -> None:
    """The bound itself is inside."""
    content = json.dumps({"records": [{"content": json.dumps(records.created())}]})
    items = events.read(records.zipped(content.ljust(events.MAX_UNZIPPED_BYTES).encode()))
    assert isinstance(items[0], Interface)
    assert problem(records.zipped(b"[" + b" " * events.MAX_UNZIPPED_BYTES)).endswith("bytes")


@pytest.mark.parametrize("levels", [300, DEEP])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize(
    "bring",
    [
        records.ckafka,
        records.cmq,
        records.cls,
        records.timer,
        records.platform_letter,
        records.cloud_event,
        lambda text: records.created(requestParameters=text),
    ],
)
def test_json_text_nested_deep(levels: int, brackets: tuple[str, str], bring: Any) -> None:
    """Hundreds deep it is read, and refused for what it is; at 100,000 it is not even read. Never a crash."""
    text = brackets[0] * levels + "1" + brackets[1] * levels
    items = events.read(bring(text))
    assert len(items) == 1
    if isinstance(items[0], Invalid):
        assert levels < DEEP or "nested too deep" in items[0].problem
        letter_text(items[0].payload)


@pytest.mark.parametrize("place", ["whole", "data", "parameters", "EventList", "identity"])
def test_an_object_nested_deep(place: str) -> None:
    """A runtime may hand over what it has parsed by other means than ours: the same for Python's own objects."""
    deep = records.nested_lists(DEEP)
    payload = {
        "whole": deep,
        "data": records.cloud_event(deep),
        "parameters": records.created(requestParameters={"Region": records.REGION, "x": deep}),
        "EventList": records.event_list(deep),
        "identity": records.created(userIdentity={"sessionContext": "x", "deep": deep}, responseElements=""),
    }[place]
    items = events.read(payload)
    assert len(items) == 1
    if isinstance(items[0], Invalid):
        assert "nested too deep" in letter_text(items[0].payload)


@pytest.mark.parametrize(
    "wrap",
    [
        records.event_list,
        lambda payload: records.ckafka(json.dumps(payload)),
        lambda payload: records.cmq(json.dumps(payload)),
        lambda payload: records.cls(json.dumps(payload)),
        records.platform_letter,
        lambda payload: records.own_letter("event", event=payload),
        lambda payload: {"EventName": "", "EventTime": "", "CloudAuditEvent": json.dumps(payload)},
    ],
    ids=["EventList", "CKafka", "CMQ", "CLS", "the platform's letter", "our letter", "a row of DescribeEvents"],
)
def test_triggers_nested_deep(wrap: Callable[[Any], Any]) -> None:
    """A message in a message, as deep as triggers go and no deeper, whichever carries it."""
    payload: Any = records.created()
    for _ in range(events.MAX_NESTING):
        payload = wrap(payload)
        (item,) = events.read(payload)
        assert isinstance(item, Interface)
    assert problem(wrap(payload)) == f"$: wrapped in more than {events.MAX_NESTING} triggers"


@pytest.mark.parametrize("number", ["1" * 5_000, "-" + "9" * 100_000, "1e999", "NaN", "-Infinity", "1" * 4_000])
def test_numbers_that_are_too_much(number: str) -> None:
    """Longer than Python reads, beyond a float, or none at all."""
    items = events.read(records.cmq(f'{{"eventName": {number}}}'))
    assert len(items) == 1
    assert isinstance(items[0], Invalid)
    letter_text(items[0].payload)


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", '{"\\ud800":"\\udc00\\udc00"}', "\x00\x1b[2J", "\u202e"])
def test_text_that_is_no_text(text: str) -> None:
    """Lone surrogates and control characters: the letter is plain ASCII."""
    items = events.read(records.cmq(text))
    assert len(items) == 1
    assert letter_text(getattr(items[0], "payload", None)).isascii()
    assert problem({text: text, "data": text})
    assert letter_text({text: [text]}).isascii()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "not JSON: Expecting value at character 0"),
        ("[" * DEEP, "JSON nested too deep"),
        (b"\xff\xff", "not UTF-8 text"),
        (b"\xef\xbb\xbf{", "not JSON: Expecting property name enclosed in double quotes at character 1"),
        ("1" * 5_000, "not JSON: a number too long"),
        ("{} PlantedSecret", "not JSON: Extra data at character 3"),
    ],
)
def test_json_text_is_refused_without_being_quoted(text: str | bytes, expected: str) -> None:
    """The message says what and where, never what stands there."""
    with pytest.raises(jsontext.NotJson) as refused:
        jsontext.parse(text)
    assert str(refused.value) == expected


def test_a_long_event_is_cut() -> None:
    """A dead letter keeps the beginning, and says how much there was."""
    event = {"words": ["word " * 10] * 5_000}
    cut = bounded(event)
    assert cut.keys() == {"cut", "bytes"}
    assert cut["bytes"] == len(json.dumps(event))
    assert json.dumps(event).startswith(cut["cut"])
    assert MAX_EVENT_BYTES - 100 < len(json.dumps(cut["cut"])) <= MAX_EVENT_BYTES


HOSTILE = {
    "one name": "token" * 60_000,
    "names and blanks": "token  " * 40_000,
    "blanks": "token" + " " * 250_000,
    "backslashes": "token" + "\\" * 250_000,
    "backslashes and quotes": 'token:"' + '\\"' * 120_000,
    "open quotes": 'token:"' * 35_000,
    "open braces": "token:{" * 35_000,
    "half a key id": "AKI" * 90_000,
    "nearly opaque": ("x" * 39 + " ") * 6_000,
    "opaque": "1" * 250_000,
    "colons": "token" + ":" * 250_000,
    "equal signs": "password=" * 28_000,
    "json in json": json.dumps(json.dumps(json.dumps(["token"] * 500))),
    "backslashes before a sign": "\\" * 250_000 + "%",
    "backslashes behind a sign": "%" + "\\" * 250_000,
    "escaped letters": "\\\\u0074" * 30_000,
    "escapes of a URL": "%22" * 80_000,
    "escapes of HTML": "&quot;" * 40_000,
    "tags": "<Password>" * 25_000,
    "an open list": "[" * 16_000,
    "many lists": "[" * 900 + "]" * 900,
    "dashes": "-" * 250_000,
    "options": "--a" * 80_000,
    "beginnings of a JWT": "eyJ" * 80_000,
    "beginnings of a PEM": "-----BEGIN " * 25_000,
    "users without a host": "a:b" * 80_000,
    "letters": "a" * 250_000,
    "lines": " -token \n" * 30_000,
    "a block of backslashes": "password: |\n  " + "\\" * 250_000,
    "names": "pass" * 60_000,
    "CDATA": "<token><![CDATA[" * 16_000,
}
ORDINARY = "an ordinary word, and: another=one " * 8_000


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_redaction_takes_bounded_time(text: str) -> None:
    """A quarter of a megabyte made to send a pattern back and forth costs no more than any other text."""

    def seconds(text: str) -> float:
        started = time.process_time()
        redact({"text": text, text: 1, "list": [text] * 3})
        return time.process_time() - started

    assert seconds(text) < 10 * seconds(ORDINARY)
