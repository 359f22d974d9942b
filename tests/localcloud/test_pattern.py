"""EventBridge's event patterns, as documented (doc 1108/42288)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.eb import pattern
from localcloud.eb.pattern import PatternError

EVENT = {
    "specversion": "1.0",
    "type": "vpc:CloudEvent:ApiCall",
    "source": "vpc.cloud.tencent",
    "resource": ["qcs::eb:ap-guangzhou:uid1250000000:eventbusid/eventruleid"],
    "data": {
        "eventName": "CreateNetworkInterface",
        "scope": 100,
        "flag": True,
        "nothing": None,
        "empty": "",
        "source-ip": "10.0.0.123",
        "columns": [{"name": "time", "originalType": "time"}, {"name": "id", "originalType": "int(11)", "isKey": True}],
    },
}


def data(**fields: Any) -> dict[str, Any]:
    return {"data": {name.replace("_", "-"): wanted for name, wanted in fields.items()}}


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"source": ["vpc.cloud.tencent"], "data": {"eventName": ["CreateNetworkInterface"]}},
        {"source": "vpc.cloud.tencent"},
        data(eventName=["RunInstances", "CreateNetworkInterface"]),
        data(eventName=[{"prefix": "Create"}]),
        data(eventName=[{"suffix": "Interface"}]),
        data(eventName=[{"prefix": "Run"}, {"suffix": "Interface"}]),
        data(eventName=[{"anything-but": "RunInstances"}]),
        data(eventName=[{"anything-but": ["RunInstances", "StopInstances"]}]),
        data(eventName=[{"anything-but": {"prefix": "Run"}}]),
        data(eventName=[{"contain": "Network"}]),
        data(eventName=[{"contain": ["Network", "Create"]}]),
        data(columns=[{"array": '{"name":"time"}'}]),
        data(columns=[{"array": '{"name":"id","originalType":"int(11)"}'}]),
        data(source_ip=[{"cidr": "10.0.0.0/24"}]),
        data(scope=[100]),
        data(flag=[True]),
        data(nothing=[None]),
        data(empty=[""]),
    ],
)
def test_matches(wanted: dict[str, Any]) -> None:
    """Each documented form lets through the event it describes."""
    pattern.check(wanted)
    assert pattern.matches(wanted, EVENT)


@pytest.mark.parametrize(
    "wanted",
    [
        {"source": ["vpc.cloud.tencent"], "data": {"eventName": ["RunInstances"]}},
        {"source": ["VPC.cloud.tencent"]},
        {"eventName": ["CreateNetworkInterface"]},
        {"source": {"eventName": ["CreateNetworkInterface"]}},
        data(absent=[None]),
        data(absent=[{"anything-but": "x"}]),
        data(eventName=[{"prefix": "create"}]),
        data(eventName=[{"suffix": "Inter"}]),
        data(eventName=[{"anything-but": "CreateNetworkInterface"}]),
        data(eventName=[{"anything-but": ["RunInstances", "CreateNetworkInterface"]}]),
        data(eventName=[{"anything-but": {"prefix": "Create"}}]),
        data(eventName=[{"contain": ["Network", "Delete"]}]),
        data(columns=[{"array": '{"name":"id","originalType":"time"}'}]),
        data(columns=[{"array": '{"name":"id","absent":null}'}]),
        data(eventName=[{"array": '{"name":"id"}'}]),
        data(source_ip=[{"cidr": "10.0.1.0/24"}]),
        data(source_ip=[{"cidr": "::/0"}]),
        data(eventName=[{"cidr": "10.0.0.0/8"}]),
        data(scope=["100"]),
        data(scope=[{"prefix": "1"}]),
        data(scope=[{"suffix": "0"}, {"contain": "0"}, {"cidr": "10.0.0.0/8"}]),
        data(flag=[1]),
        data(nothing=[""]),
        data(empty=[None]),
        {"resource": ["qcs::eb:ap-guangzhou:uid1250000000:eventbusid/eventruleid"]},
    ],
)
def test_does_not_match(wanted: dict[str, Any]) -> None:
    """Another value, case, place or type, or a missing field, keeps the event out."""
    pattern.check(wanted)
    assert not pattern.matches(wanted, EVENT)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([], "the event pattern must be a JSON object, not an array"),
        ("x", "the event pattern must be a JSON object, not a string"),
        (None, "the event pattern must be a JSON object, not null"),
        (1, "the event pattern must be a JSON object, not a plain value"),
        ({"a": []}, "event pattern field 'a': the array is empty, so it can match nothing"),
        (
            {"a": {"b": [{"exists": True}]}},
            (
                "event pattern field 'a.b': operator 'exists' does not exist; "
                "there are anything-but, array, cidr, contain, prefix, suffix"
            ),
        ),
        ({"a": [{}]}, "event pattern field 'a': a member is one value or one operator, not 0 operators"),
        (
            {"a": [{"prefix": "x", "suffix": "y"}]},
            "event pattern field 'a': a member is one value or one operator, not 2 operators",
        ),
        ({"a": [["x"]]}, "event pattern field 'a': a value is a string, a number, true, false or null, not an array"),
        ({"a": [{"prefix": 1}]}, "event pattern field 'a.prefix': takes a string of at least one character, not 1"),
        ({"a": [{"suffix": ""}]}, "event pattern field 'a.suffix': takes a string of at least one character, not \"\""),
        ({"a": [{"contain": []}]}, "event pattern field 'a.contain': takes a string of at least one character, not []"),
        (
            {"a": [{"contain": ["x", 1]}]},
            "event pattern field 'a.contain': takes a string of at least one character, not 1",
        ),
        ({"a": [{"array": "x"}]}, "event pattern field 'a.array': takes a JSON object written as a string, not \"x\""),
        ({"a": [{"array": 1}]}, "event pattern field 'a.array': takes a JSON object written as a string, not 1"),
        ({"a": [{"cidr": "x"}]}, "event pattern field 'a.cidr': takes an address range such as 10.0.0.0/24, not \"x\""),
        ({"a": [{"cidr": 1}]}, "event pattern field 'a.cidr': takes an address range such as 10.0.0.0/24, not 1"),
        (
            {"a": [{"anything-but": []}]},
            "event pattern field 'a.anything-but': the array is empty, so it excludes nothing",
        ),
        (
            {"a": [{"anything-but": [{"prefix": "x"}]}]},
            "event pattern field 'a.anything-but': a value is a string, a number, true, false or null, not an object",
        ),
        (
            {"a": [{"anything-but": {"numeric": [">", 1]}}]},
            (
                "event pattern field 'a.anything-but': operator 'numeric' does not exist; "
                "there are anything-but, array, cidr, contain, prefix, suffix"
            ),
        ),
    ],
)
def test_refuses(wanted: Any, message: str) -> None:
    """A malformed pattern is refused, naming the field and what is wrong with it."""
    with pytest.raises(PatternError) as refusal:
        pattern.check(wanted)
    assert str(refusal.value) == message


def nested(depth: int, inner: Any, key: str) -> Any:
    for _ in range(depth):
        inner = {key: inner}
    return inner


@pytest.mark.parametrize("wanted", [nested(500, ["x"], "a"), {"a": [nested(500, "x", "anything-but")]}])
def test_refuses_deep_nesting(wanted: dict[str, Any]) -> None:
    """Nesting is bounded, by keys and by operators."""
    with pytest.raises(PatternError, match="nested more than 32 deep"):
        pattern.check(wanted)


def test_parse_reads_the_text_of_a_rule() -> None:
    """What CreateRule is given is text."""
    assert pattern.parse('{"source":["vpc.cloud.tencent"]}') == {"source": ["vpc.cloud.tencent"]}


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a":[]}', "[]"])
def test_parse_refuses(text: str) -> None:
    """No text is too broken for a clear refusal."""
    with pytest.raises(PatternError, match="event pattern"):
        pattern.parse(text)


def test_an_unchecked_unknown_operator_is_not_passed_over() -> None:
    """Even without `check`, an unknown operator never silently matches or excludes."""
    with pytest.raises(PatternError, match="operator 'numeric' does not exist"):
        pattern.matches(data(scope=[{"numeric": [">", 1]}]), EVENT)


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=12
)
json_objects = st.dictionaries(st.text(), json_values, max_size=4)
events = st.recursive(
    st.dictionaries(st.text(), scalars, max_size=4),
    lambda inner: st.dictionaries(st.text(), scalars | inner, max_size=4),
    max_leaves=10,
)


def describing(event: dict[str, Any]) -> dict[str, Any]:
    return {key: describing(value) if isinstance(value, dict) else [value] for key, value in event.items()}


@given(events)
def test_an_event_matches_its_own_description(event: dict[str, Any]) -> None:
    """A pattern made of an event's own values lets that event through."""
    wanted = describing(event)
    pattern.check(wanted)
    assert pattern.matches(wanted, event)


@given(events, st.text(), scalars)
def test_more_keys_never_let_more_through(event: dict[str, Any], key: str, value: object) -> None:
    """Keys are AND: a pattern with one key more matches only where that key does."""
    wanted = {**describing(event), key: [value]}
    assert pattern.matches(wanted, event) == pattern.matches({key: [value]}, event)


@given(st.lists(scalars, min_size=1, max_size=4), scalars)
def test_members_are_or_and_anything_but_is_their_negation(members: list[Any], value: object) -> None:
    """An array matches if one member does, anything-but if none does."""
    event = {"field": value}
    one_by_one = any(pattern.matches({"field": [member]}, event) for member in members)
    assert pattern.matches({"field": members}, event) == one_by_one
    assert pattern.matches({"field": [{"anything-but": members}]}, event) == (not one_by_one)


@given(json_objects, json_objects)
def test_whatever_check_accepts_can_be_matched(wanted: dict[str, Any], event: dict[str, Any]) -> None:
    """On arbitrary JSON, `check` either refuses with PatternError or `matches` gives an answer."""
    try:
        pattern.check(wanted)
    except PatternError:
        return
    assert pattern.matches(wanted, event) in (True, False)
