"""The one redaction that all output goes through, and the log's lines."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from handler.log import REDACTED, hide, logger, redact
from tests.support.records import MARKER, SECRETS, created, run_instances

if TYPE_CHECKING:
    from collections.abc import Iterator

OPAQUE = "Zq3" * 20


def shown(value: Any) -> str:
    """What anybody gets to see of a value, its escapes undone."""
    return json.dumps(redact(value), ensure_ascii=False)


def nested(text: str, levels: int) -> str:
    """JSON text in JSON text."""
    for _ in range(levels):
        text = json.dumps(text)
    return text


@pytest.mark.parametrize(
    "key",
    [
        "Token", "token", "X-TC-Token", "sessionToken", "access_token", "secretId", "SecretId", "secret_id",
        "SecretKey", "secret", "clientSecret", "Password", "passwd", "PASSWORD", "pwd", "passphrase", "UserData",
        "user_data", "user-data", "sessionContext", "SessionContext", "session_context", "Credential",
        "credentials", "Authorization", "Signature", "privateKey", "PrivateKey", "api_key", "apiKey", "accessKey",
        "Cookie", "KeyPair",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", [MARKER, {"inside": MARKER}, [MARKER], [{"a": [MARKER]}], 12345, True])
def test_what_stands_under_a_secret_s_name(key: str, value: Any) -> None:
    """Whatever it is, it is replaced whole."""
    assert redact({key: value, "other": [1]}) == {key: REDACTED, "other": [1]}


@pytest.mark.parametrize("value", ["", None, 0, False, [], {}])
def test_an_empty_value_is_no_secret(value: Any) -> None:
    """That a token is missing is worth knowing."""
    assert redact({"Token": value})["Token"] in (value, [])


def test_what_is_not_secret_stays() -> None:
    """Ids, regions, codes and texts are what a dead letter is for."""
    value = {
        "eventName": "CreateNetworkInterface",
        "ids": ["eni-78ysaex1", "vpc-pq9vxykj", "b615b896-0000-4000-8000-0242ac110002"],
        "error": "you are not authorized to perform operation (vpc:CreateFlowLog)\nresource (qcs::vpc:ap-x:uin/1:*)",
        "numbers": [0, -1.5, True, None, 1 << 127],
        "nested": {"a": [{"b": "text with a token in it, and a password"}]},
    }
    assert redact(value) == value


@pytest.mark.parametrize("levels", range(8))
def test_json_inside_of_strings(levels: int) -> None:
    """Parameters are JSON text, the session context in them is as well, and a message is text around both."""
    text = nested(json.dumps({"a": {"Token": MARKER}, "b": [1, 'q"uote']}), levels)
    clean = redact({"text": text})["text"]
    for _ in range(levels):
        clean = json.loads(clean)
    assert json.loads(clean) == {"a": {"Token": REDACTED}, "b": [1, 'q"uote']}


@pytest.mark.parametrize("levels", range(4))
@pytest.mark.parametrize(
    "secret", [f"{MARKER}", f'a"{MARKER}', f"a\\{MARKER}", f'a\\"{MARKER}', f"it's {MARKER}", f"{{}},{MARKER}"]
)
@pytest.mark.parametrize("prefix", ["broken ", '{"x":,"y":'])
def test_json_that_is_cut_or_broken(levels: int, secret: str, prefix: str) -> None:
    """What cannot be parsed is searched as text, its quotes escaped as often as it is nested."""
    whole = nested(json.dumps({"Password": secret, "after": "kept"}), levels)
    assert MARKER not in shown(prefix + whole)
    for end in range(len(whole)):
        assert MARKER not in shown(prefix + whole[:end]), whole[:end]


@pytest.mark.parametrize(
    "value",
    [[MARKER, "b"], {"a": MARKER}, {"a": {"b": 1}, "c": MARKER}, [[1], MARKER], [{"a": "}"}, MARKER], [f"]{MARKER}"]],
)
@pytest.mark.parametrize("levels", [0, 1, 2])
def test_a_list_or_an_object_in_broken_json(value: Any, levels: int) -> None:
    """Its end is not searched for: what follows goes too."""
    assert MARKER not in shown("broken " + nested(json.dumps({"before": 1, "credentials": value, "after": 2}), levels))


@pytest.mark.parametrize(
    "text",
    [
        f"Password={MARKER}",
        f"password = {MARKER}; user=x",
        f"token: {MARKER}",
        f"https://example/?a=1&Token={MARKER}&b=2",
        f"Authorization: Bearer {MARKER}",
        f"authorization: Basic {MARKER}",
        f"Authorization: TC3-HMAC-SHA256 Credential={MARKER}/2026, SignedHeaders=host, Signature={MARKER}",
        f"Cookie: a={MARKER}; b={MARKER}",
        f"'token': '{MARKER}'",
        f"AKID{MARKER}",
        f"id AKID{MARKER}-_x, more",
        f"{OPAQUE}{MARKER}",
        f"before {OPAQUE}/{MARKER}== after",
    ],
)
def test_plain_text(text: str) -> None:
    """Headers, queries, key ids and long opaque runs, wherever they stand."""
    assert MARKER not in shown(text)
    assert MARKER not in shown({text: 1})
    assert MARKER not in shown({"a": [f"some words {text}"]})


@pytest.mark.parametrize(
    "text",
    [
        rf"broken {{\u0022Password\u0022:\u0022{MARKER},x {MARKER}\u0022}}",
        rf"broken {{\\u0022Password\\u0022:\\u0022{MARKER},x {MARKER}\\u0022}}",
        rf'broken {{"Pass\u0077ord":"{MARKER}"}}',
        rf'broken {{"Password":"a\u0022{MARKER}"}}',
        f"broken {{&quot;Password&quot;:&quot;{MARKER} x {MARKER}&quot;}}",
        f"broken {{&#34;Password&#34;:&#34;{MARKER} x {MARKER}&#34;}}",
        f'broken {{"Password":"a&quot;{MARKER}"}}',
        f"?q=%7B%22Password%22%3A%22{MARKER} x {MARKER}%22%7D",
        f"?q=Password%3D{MARKER}%26a%3Db",
        f"<Password>{MARKER} x {MARKER}</Password>",
        f'<Password>"{MARKER}" x {MARKER}</Password>',
        f'<a Password="{MARKER} x {MARKER}">',
        f"Password => {MARKER}",
    ],
)
def test_other_spellings_of_broken_text(text: str) -> None:
    """JSON's own escapes, HTML's and those of a URL; and XML, whose values have spaces."""
    assert MARKER not in shown(text)
    assert MARKER not in shown({text: 1})


@pytest.mark.parametrize(("name", "value"), [("Key", "Value"), ("key", "value"), ("Name", "Value"), ("Key", "Values")])
@pytest.mark.parametrize("secret", ["Password", "TENCENTCLOUD_SESSIONTOKEN", "api-key"])
def test_a_name_beside_its_value(name: str, value: str, secret: str) -> None:
    """Lists of variables and tags are written so."""
    entry = {name: secret, value: MARKER}
    assert redact([entry, {name: "team", value: "net"}]) == [
        {name: secret, value: REDACTED},
        {name: "team", value: "net"},
    ]
    assert MARKER not in shown(json.dumps([entry]))


def test_plain_text_keeps_what_is_around_a_secret() -> None:
    """A message is still worth reading."""
    assert redact("Password=x123, then the rest") == f"Password={REDACTED}, then the rest"
    assert redact('broken {"Token": "a b", "VpcId": "vpc-pq9vxykj"') == (
        f'broken {{"Token": {REDACTED}, "VpcId": "vpc-pq9vxykj"'
    )
    assert redact(f"id AKID{MARKER}, more") == f"id {REDACTED}, more"
    assert redact("x" * 60) == "x" * 60


@pytest.mark.parametrize("record", [created(), run_instances("ins-8dn9vdif")])
@pytest.mark.parametrize("levels", range(4))
def test_records_in_every_wrapping(record: dict[str, Any], levels: int) -> None:
    """Every place that platform.md names, whole or cut anywhere."""
    text = nested(json.dumps(record), levels)
    assert MARKER in text
    assert MARKER not in shown(record)
    assert MARKER not in shown({"msgBody": text})
    for end in range(0, len(text), 7):
        assert MARKER not in shown(text[:end])


def test_a_long_record() -> None:
    """16 KB of user data make the parameters longer than what is parsed: the secrets in them are found all the same."""
    parameters = {"UserData": SECRETS["UserData"] * 400, "LoginSettings": {"Password": SECRETS["Password"]}}
    swapped = dict(reversed(parameters.items()))
    for value in (parameters, swapped):
        assert MARKER not in shown(run_instances("ins-8dn9vdif", requestParameters=json.dumps(value)))
        assert MARKER not in shown(json.dumps(run_instances("ins-8dn9vdif", requestParameters=json.dumps(value))))


def test_a_name_in_another_spelling_of_json() -> None:
    """An escaped letter in a name is still that name, in a text of any length."""
    text = f'{{"\\u0054oken":"{MARKER}","filler":"{"word " * 5_000}"}}'
    assert MARKER not in shown(text)


def test_bounds() -> None:
    """Depth, entries and length: what is cut is gone or said so."""
    assert len(redact(list(range(20_000)))) == 10_000
    assert len(redact({str(number): number for number in range(20_000)})) == 10_000
    assert redact("word " * 20_000) == ("word " * 20_000)[:65_536] + "[cut]"
    assert redact(json.dumps(["word " * 20_000])).endswith("[cut]")
    deep: Any = "x"
    for _ in range(100):
        deep = [deep]
    assert "[nested too deep]" in shown(deep)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (1 << 200, "[a number too long]"),
        (-(1 << 200), "[a number too long]"),
        ((1, 2), [1, 2]),
        (b"bytes", "b'bytes'"),
        ({1: 2}, {"1": 2}),
    ],
)
def test_what_json_has_no_word_for(value: Any, expected: Any) -> None:
    """The result is always JSON."""
    assert redact(value) == expected


# The log's lines ------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    "extra", [{"Token": MARKER}, {"event": run_instances("ins-8dn9vdif")}, {"x": SECRETS["secretId"]}]
)
def test_every_line_is_redacted(stream: io.StringIO, extra: dict[str, Any]) -> None:
    """Whoever logs, and whatever: message, extra keys and appended keys."""
    logger.warning(f"Token={MARKER}", extra=extra)
    logger.error({"Password": MARKER})
    try:
        raise ValueError(f"Token={MARKER}")  # noqa: TRY301 - a text that must not be shown
    except ValueError:
        logger.exception("it failed")
    assert MARKER not in stream.getvalue()
    assert len(stream.getvalue().splitlines()) == 3


def test_the_sdk_does_not_log_its_requests() -> None:
    """At level DEBUG it would log them with their token, whatever level the root logger has."""
    assert logging.getLogger("tencentcloud_sdk_common").level == logging.WARNING


@pytest.mark.parametrize(
    "text",
    ["Token\\u0022:s3cr3t", "<Password>s3cr3t</Password>", "Token => s3cr3t"],
)
def test_secrets_in_other_markup(text: str) -> None:
    """Text that is no JSON at all may hold a record all the same."""
    assert "s3cr3t" not in redact(text)
    assert "s3cr3t" not in json.dumps(redact({"data": [text]}))


def test_login_settings_are_a_secret_whatever_they_hold() -> None:
    """RunInstances' LoginSettings hold the password."""
    assert redact({"LoginSettings": ["s3cr3t"], "a": '{"LoginSettings": "s3cr3t"}'}) == {
        "LoginSettings": "[redacted]",
        "a": '{"LoginSettings": "[redacted]"}',
    }


def test_keys_that_come_later_are_hidden_in_names_too() -> None:
    """A name of a field is remembered as it may be shown: with other keys of our own, that is another."""
    name = "planted-later"
    assert redact({name: 1}) == {name: 1}
    hide(name)
    try:
        assert redact({name: 1}) == {REDACTED: 1}
    finally:
        hide()
    assert redact({name: 1}) == {name: 1}
