"""The one redaction: what is foreign loses its secrets, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from handler.redaction import REDACTED, hide, redact, without_own_keys
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
def test_plain_and_broken_text(text: str) -> None:
    """Headers, queries, key ids, opaque runs; escapes of JSON, HTML and URLs; XML, whose values have spaces."""
    assert MARKER not in shown(text)
    assert MARKER not in shown({text: 1})
    assert MARKER not in shown({"a": [f"some words {text}"]})


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


# What no schema knows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        "SessionKey", "masterKey", "encryptionKey", "ssh_key", "pass", "Pass", "DB_PASS", "dbPass", "passcode", "SK",
        "sk", "userSk", "密码", "数据库密码", "密钥", "口令", "令牌", "AccountKey", "TokenSecret", "new_password_2",
    ],
)  # fmt: skip
def test_more_names_of_secrets(key: str) -> None:
    """As a key, in text, in a list of tags, on a command line; whole or broken."""
    assert redact({key: MARKER}) == {key: REDACTED}
    for name, value in (("TagKey", "TagValue"), ("key", "val"), ("Key", "Value")):
        assert MARKER not in shown([{name: key, value: MARKER}])
        assert MARKER not in shown("broken " + json.dumps({name: key, value: MARKER}, ensure_ascii=False)[:-1])
    for text in (f"{key}={MARKER}", f"x {key}: {MARKER}", f"--{key} {MARKER}", f'--{key}="a {MARKER}"'):
        assert MARKER not in shown(text), text
    assert MARKER not in shown("broken " + json.dumps({key: MARKER})[:-1])


@pytest.mark.parametrize("key", ["bypass_rule", "passed", "disk", "task", "compassion", "askew", "monkey", "keyboard"])
def test_names_of_no_secret(key: str) -> None:
    """A secret's name inside of a word is none."""
    assert redact({key: "kept"}) == {key: "kept"}
    assert redact(f"{key}: kept") == f"{key}: kept"


@pytest.mark.parametrize(
    "text",
    [
        f"sent Bearer {MARKER}",
        f"sent bearer {MARKER} to it",
        f"Basic {MARKER}1=",
        "a JWT eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.MARKER",
        "-----BEGIN RSA PRIVATE KEY-----\nMARKER\nMARKER\n-----END RSA PRIVATE KEY----- after",
        "-----BEGIN PRIVATE KEY-----\\nMARKER\\nMARKER",
        "see mysql://root:MARKER@10.0.0.1:3306/db",
        "see https://user:MA:RK/MARKER@host/path",
        "ssh root:MARKER@example.com",
        "<Password><![CDATA[MARKER > MARKER]]></Password>",
        "<Password> <![CDATA[MARKER < MARKER",
        "user: root\npassword: |\n  MARKER and\n  MARKER\nafter: kept",
        "user: root\npassword: MARKER and MARKER\nafter: kept",
        '{"yaml": broken "password: >-\\n  MARKER and\\n  MARKER\\nafter: kept"}',
        "?q=%2522Password%2522%253A%2522MARKER MARKER%2522",
        "mysql --user root --password 'MARKER MARKER' db",
        'broken {"\\u5bc6\\u7801":"MARKER MARKER"',
    ],
)
def test_forms_of_secrets(text: str) -> None:
    """Wherever they stand in a text."""
    planted = text.replace("MARKER", MARKER)
    assert MARKER not in shown(planted)
    assert MARKER not in shown({"a": [planted]})
    assert ("after" in shown(planted)) == ("after" in text)
    assert redact(redact(planted)) == redact(planted)


@pytest.mark.parametrize("place", range(65_436, 65_540, 3))
def test_it_is_cut_when_it_is_redacted(place: int) -> None:
    """A secret that the cut would have halved is no secret's form any more: it goes with the cut."""
    text = ("word " * 20_000)[:place]
    for secret in (f" Zq3{MARKER}{'Zq3' * 20}", f" eyJhbGciOiJI.{MARKER}.x", f" AKID{MARKER}", f" root:{MARKER}@host"):
        assert MARKER[:8] not in redact(text + secret + " word" * 2_000)


# Our own keys ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_key() -> Iterator[str]:
    key = "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA"
    hide(key, "other-token-of-ours")
    yield key
    hide()


def test_what_is_too_short_for_a_key_is_not_looked_for(own_key: str) -> None:
    """Keys that are given wrong, such as a single letter, stand in every sentence."""
    hide("k", own_key)
    assert without_own_keys(f"No token. {own_key}") == "No token. [redacted]"


@pytest.mark.parametrize(("begin", "end"), [(0, 32), (0, 11), (3, 14), (20, 31), (21, 32), (1, 30)])
@pytest.mark.parametrize("before", ["", "a", "got: ", "before it"])
def test_no_part_of_our_own_keys_is_shown(own_key: str, begin: int, end: int, before: str) -> None:
    """A server repeats what it was sent, or a piece of it: eleven characters are found wherever they stand."""
    text = f"{before}{own_key[begin:end]} and other-token-of-ours"
    assert without_own_keys(text) == f"{before}{REDACTED} and {REDACTED}"


def test_what_is_no_part_of_our_own_keys_stays(own_key: str) -> None:
    """Fewer characters than six are a coincidence."""
    assert without_own_keys(f"{own_key[:5]} {own_key[9:14]} x") == f"{own_key[:5]} {own_key[9:14]} x"
    for sentence in OURS:
        assert without_own_keys(sentence) == sentence


OURS = (
    "AuthFailure.InvalidAuthorization: the request could not be authorized (request b615b896)",
    "/srvs/somebody/projects/2026/network/eni-flowlog-production/serverless.yml has no function",
    "qcs::scf:ap-guangzhou:uin/100000000001:namespace/default/function/eni-flowlog2/$DEFAULT",
)


# A record that is known -----------------------------------------------------------------------------------------------


def test_a_record_keeps_what_is_harmless_and_nothing_else() -> None:
    """By a list of what may stay: whatever field CloudAudit brings tomorrow does not."""
    strange = {
        "LoginCode": MARKER,
        "Note": f"ins-{MARKER}",
        "Ids": ["eni-78ysaex1", MARKER, 12345],
        MARKER + "+": "vpc-1a2b",
        "a+": "vpc-1a2b",
        "SessionContext": "vpc-1a2b",
        "vpc": "vpc-1a2b",
    }
    record = run_instances(
        "ins-8dn9vdif",
        userIdentity={"type": "Root", "userName": "root", "secretId": MARKER, "anything": MARKER},
        requestParameters=json.dumps({"Region": "ap-x", "VpcId": "vpc-pq9vxykj", "Zone": {"x": MARKER}, **strange}),
        responseElements={"InstanceIdSet": ["ins-8dn9vdif"], **strange},
        resourceName="instance/ins-8dn9vdif|instance/ins-muaimkix",
        resourceSet=[{"resourceId": "eni-78ysaex1", "resourceName": MARKER}],
        resources=["eni-78ysaex1", MARKER],
        errorMessage=f"what {MARKER}",
        userAgent=MARKER,
        tomorrow=MARKER,
    )
    clean = redact(record)
    assert MARKER not in json.dumps(clean)
    assert clean["userIdentity"] == {"type": "Root", "userName": "root"}
    assert json.loads(clean["requestParameters"]) == {
        "Region": "ap-x",
        "VpcId": "vpc-pq9vxykj",
        "Ids": ["eni-78ysaex1"],
        "vpc": "vpc-1a2b",
    }
    assert clean["responseElements"] == {"InstanceIdSet": ["ins-8dn9vdif"], "Ids": ["eni-78ysaex1"], "vpc": "vpc-1a2b"}
    assert (clean["resourceSet"], clean["resources"]) == ([{"resourceId": "eni-78ysaex1"}], ["eni-78ysaex1"])
    assert clean["resourceName"] == "instance/ins-8dn9vdif|instance/ins-muaimkix"
    assert clean["eventName"] == "RunInstances"
    assert not clean.keys() & {"errorMessage", "userAgent", "tomorrow"}


@pytest.mark.parametrize("value", [[MARKER], {"a": MARKER}, f"a\n{MARKER}", "x" * 200])
def test_a_harmless_field_of_a_wrong_form_is_not_shown(value: Any) -> None:
    """A few words or a number are harmless; that something else stood there is told."""
    assert redact(created(eventTime=value))["eventTime"] == REDACTED


def test_a_record_in_a_deep_place_keeps_within_bounds() -> None:
    """Parameters nested beyond any reason."""
    deep: Any = "eni-78ysaex1"
    for _ in range(200):
        deep = [deep]
    assert redact(created(requestParameters=deep))["requestParameters"] in ([], "")
