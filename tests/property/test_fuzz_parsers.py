"""Every parser, fed by hypothesis with what it reads and with damaged forms of it: no crash, no hang, one outcome each.

Text and bytes are damaged as well as values: a trigger carries JSON in text, base64 and gzip. `test_any_event.py` runs
the whole function on such payloads; here each reader stands alone, and answers a good deal more of them.
"""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import re
import time
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handler import jsontext, schema
from handler import settings as function_settings
from handler.errors import SettingsError
from handler.intake import cloudaudit, events
from handler.model import Command, Ignored, Interface, Invalid, Item
from handler.redaction import redact
from ops import credentials
from ops.errors import OperatorError
from tests.support import hostile, records
from tests.support.records import MARKER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Carrier = Callable[[str], dict[str, Any]]

pytestmark = pytest.mark.usefixtures("untraced")

LONGEST_S = 1.0
"""No payload here takes a reader more of the processor, on a slow machine."""
MOST_ITEMS = 10_000

fuzz = settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

ID = re.compile(r"(eni|ins|vpc|subnet)-[0-9a-z]{6,20}")
REGION = re.compile(r"[a-z]{2,5}(-[a-z0-9]{1,20}){1,3}")


def check(items: list[Item]) -> None:
    """At least one item, of a known kind each; what is to be used has been checked for its form."""
    assert 1 <= len(items) <= MOST_ITEMS
    for item in items:
        assert isinstance(item, (Interface, Command, Ignored, Invalid))
        if isinstance(item, Interface):
            assert REGION.fullmatch(item.region)
            assert item.interface_id or item.instance_id or item.subnet_id or item.vpc_id
            assert re.fullmatch(r"([0-9]{4}(-[0-9]{2}){2} [0-9]{2}(:[0-9]{2}){2})?", item.since)
            assert 1 <= item.expected <= 100
            for ident in (item.interface_id, item.instance_id, item.vpc_id, item.subnet_id):
                assert ident == "" or ID.fullmatch(ident)
        if isinstance(item, Invalid):
            assert item.problem
            assert item.problem.isprintable()
            assert len(item.problem) < 2_000


def in_time(read: Callable[[], list[Item]]) -> list[Item]:
    started = time.process_time()
    items = read()
    assert time.process_time() - started < LONGEST_S
    return items


Value = TypeVar("Value")


def attempt(read: Callable[[], Value], refusal: type[Exception]) -> tuple[Value | None, str]:
    """What was read, or why not: in the one way that there is."""
    try:
        return read(), ""
    except refusal as refused:
        return None, str(refused)


@st.composite
def texts(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> str:
    """JSON text of something, whole or damaged."""
    return draw(hostile.damaged(json.dumps(draw(inner))))


# The triggers ---------------------------------------------------------------------------------------------------------


payloads = st.one_of(hostile.arbitrary, hostile.mutated(), hostile.triggers())
TEXT_CARRIERS = (records.ckafka, records.cmq, records.timer, records.platform_letter, records.cloud_event)


@settings(fuzz, max_examples=120)
@given(
    payloads, st.sampled_from(TEXT_CARRIERS), st.dictionaries(hostile.keys, hostile.arbitrary, max_size=6), st.data()
)
def test_triggers(payload: Any, carrier: Carrier, beside: dict[str, Any], data: st.DataObject) -> None:
    """Whatever comes in, as it is, or as whole or damaged text in what carries text, with anything beside it."""
    carried = carrier(data.draw(hostile.damaged(json.dumps(payload))))
    for event in (payload, carried, {**carried, **beside}):
        check(in_time(lambda event=event: events.read(event)))  # type: ignore[misc]


@fuzz
@given(hostile.arbitrary)
def test_what_stands_where_text_should_be(value: Any) -> None:
    """In the places of a trigger that hold text."""
    for event in (
        {"Records": [value, {"Ckafka": value}, {"CMQ": {"msgBody": value}}]},
        {**records.platform_letter({}), "Body": {"ClientContext": value}},
        {"clslogs": value},
    ):
        check(in_time(lambda event=event: events.read(event)))  # type: ignore[misc]


FIELDS = sorted(records.created())


@fuzz
@given(st.dictionaries(st.sampled_from(FIELDS), st.one_of(hostile.arbitrary, texts(hostile.arbitrary)), max_size=4))
@example({"resourceSet": '[{"resourceRegion": {}}]', "requestParameters": ""})
@example({"eventRegion": "ap-guangzhou\n", "requestParameters": ""})
@example({"responseElements": '{"NetworkInterface": {"NetworkInterfaceId": "eni-78ysaex1\\n"}}'})
def test_cloudaudit_records(changes: dict[str, Any]) -> None:
    """Each of the three kinds of record, with fields of any content: one outcome for each thing that it leads to."""
    for record in (records.created(), records.attached(), records.run_instances(records.INSTANCE_ID)):
        check(in_time(lambda record=record: cloudaudit.read({**record, **changes})))  # type: ignore[misc]


EMPTY: st.SearchStrategy[Any] = st.sampled_from(["", "[]", [], None, "{}"])
TIMES = st.one_of(hostile.numbers, hostile.text, st.datetimes().map(str))
PLACES = [
    "eni/eni-78ysaex1",
    "eni/*",
    "instance/ins-8dn9vdif",
    "instance/*",
    "subnet/subnet-2qhl25io",
    "vpc/vpc-pq9vxykj",
]


@fuzz
@given(EMPTY, EMPTY, st.lists(st.one_of(st.sampled_from(PLACES), hostile.text), max_size=5), TIMES)
def test_records_without_request_or_answer(request: Any, reply: Any, names: list[str], when: Any) -> None:
    """Whatever their resources name and their time is."""
    without = {"requestParameters": request, "responseElements": reply, "resourceName": "|".join(names)}
    for record in (records.created(), records.attached(), records.run_instances()):
        check(in_time(lambda record=record: cloudaudit.read({**record, **without, "eventTime": when})))  # type: ignore[misc]


@fuzz
@given(hostile.arbitrary, st.binary(max_size=60), st.integers(0, 3))
def test_cls(content: Any, noise: bytes, damage: int) -> None:
    """Base64 and gzip, whole, cut, or with bytes changed; inside records, or anything."""
    records_inside = json.dumps({"records": [{"content": json.dumps(content)}, content]}).encode()
    zipped = gzip.compress(records_inside)
    place = len(noise) % len(zipped)
    spoilt = {
        0: base64.b64encode(zipped),
        1: base64.b64encode(zipped[:place] + noise + zipped[place + len(noise) :]),
        2: base64.b64encode(noise),
        3: base64.b64encode(gzip.compress(noise)) + noise,
    }[damage]
    check(in_time(lambda: events.read({"clslogs": {"data": spoilt.decode("latin-1")}})))


LETTER = [*sorted(records.own_letter()), "event", "exhausted"]


@fuzz
@given(
    st.sampled_from(["interface", "event", "command"]),
    st.dictionaries(st.sampled_from(LETTER), hostile.arbitrary, max_size=3),
    hostile.triggers(),
)
def test_own_letters(kind: str, changes: dict[str, Any], event: Any) -> None:
    """Somebody may have put a letter on the queue by hand: what the schema refuses is one invalid item."""
    letter = {**records.own_letter(kind), "event": event, **changes}
    items = in_time(lambda: events.read(letter))
    check(items)
    for item in items:
        history = None if isinstance(item, Ignored) else item.history
        assert history is None or history.attempts >= 1
        assert history is None or re.fullmatch("[0-9a-f-]{36}", history.letter_id)


# Text, settings, profiles ---------------------------------------------------------------------------------------------


@fuzz
@given(st.one_of(texts(hostile.arbitrary), st.text(max_size=60), st.binary(max_size=60)))
def test_json_text(text: str | bytes) -> None:
    """It is read, or refused in one way; and whatever is read can be redacted, and is JSON then for any reader."""
    value, refusal = attempt(lambda: jsontext.parse(text), jsontext.NotJson)
    assert refusal.isprintable()
    json.dumps(redact(value), allow_nan=False)


FLOWLOG = sorted(schema.document("settings")["properties"])
TOPIC = "dfb8f1a2-8522-47c1-8571-67905167ab3f"


@fuzz
@given(
    st.dictionaries(
        st.sampled_from(FLOWLOG),
        st.one_of(texts(hostile.arbitrary), hostile.text, st.just(json.dumps({"x": MARKER})), st.just(MARKER + "\n")),
        max_size=4,
    ),
    st.sampled_from(["ap-guangzhou", "", "mars-1", "ap-guangzhou\n"]),
)
@example({"FLOWLOG_CREATE_RATE": "1e999"}, "ap-guangzhou")
@example({"FLOWLOG_CREATE_RATE": "nan"}, "ap-guangzhou")
@example({"FLOWLOG_TOPIC_ID": '{"default": 5}'}, "ap-guangzhou")
def test_settings(variables: dict[str, str], region: str) -> None:
    """Settings, or one error that names each bad variable and quotes none."""
    environment = {"FLOWLOG_TOPIC_ID": TOPIC, "TENCENTCLOUD_REGION": region, **variables}
    loaded, refusal = attempt(lambda: function_settings.load(environment), SettingsError)
    if loaded is None:
        assert MARKER not in refusal
        assert any(name in refusal for name in (*environment, "FLOWLOG_DLQ_ENDPOINT"))
        return
    assert 0 < loaded.create_rate < 1e6
    assert loaded.known_regions()
    assert all(dataclasses.asdict(loaded)[name] is not None for name in ("topics", "storage", "dlq_endpoint"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with a folder of tccli's."""
    place = tmp_path_factory.mktemp("home")
    (place / ".tccli").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(place))
        yield place


PROFILE = {"secretId": f"AKID{MARKER}", "secretKey": MARKER, "token": MARKER, "expiresAt": 9_999_999_999}
profiles = st.one_of(
    st.binary(max_size=80),
    hostile.damaged(json.dumps(PROFILE)).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.dictionaries(st.sampled_from([*PROFILE, "type", "role-arn", "_sys_param"]), hostile.arbitrary).map(
        lambda changes: json.dumps({**PROFILE, **changes}).encode()
    ),
    st.sampled_from([b"", b"{}", b"[" * 70_000, b"[" * 30_000, b" " * 65_537, b"null"]),
)


@fuzz
@given(profiles, profiles)
def test_profiles_of_tccli(home: Path, credential: bytes, configure: bytes) -> None:
    """Keys, or one error for a person that shows no key."""
    (home / ".tccli" / "default.credential").write_bytes(credential)
    (home / ".tccli" / "default.configure").write_bytes(configure)
    account, refusal = attempt(lambda: credentials.find({}), OperatorError)
    assert MARKER not in refusal
    if account is None:
        return
    assert account.keys.secret_id
    assert account.keys.secret_key
    assert MARKER not in repr(account)
