"""EventBridge's event patterns, as documented (doc 1108/42288)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.core.errors import ApiError
from localcloud.eb import pattern

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


def parsed(wanted: Any) -> dict[str, Any]:
    return pattern.parse(json.dumps(wanted))


def data(**fields: Any) -> dict[str, Any]:
    return {"data": {name.replace("_", "-"): wanted for name, wanted in fields.items()}}


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"source": ["vpc.cloud.tencent"], "data": {"eventName": ["CreateNetworkInterface"]}},
        {"source": "vpc.cloud.tencent"},
        data(eventName=["RunInstances", "CreateNetworkInterface"]),
        data(scope=[100]),
        data(flag=[True]),
        data(nothing=[None]),
        data(empty=[""]),
    ],
)
def test_matches(wanted: dict[str, Any]) -> None:
    """Each documented form lets through the event it describes."""
    assert pattern.matches(parsed(wanted), EVENT)


@pytest.mark.parametrize(
    "wanted",
    [
        {"source": ["vpc.cloud.tencent"], "data": {"eventName": ["RunInstances"]}},
        {"source": ["VPC.cloud.tencent"]},
        {"eventName": ["CreateNetworkInterface"]},
        {"source": {"eventName": ["CreateNetworkInterface"]}},
        data(absent=[None]),
        data(scope=["100"]),
        data(flag=[1]),
        data(nothing=[""]),
        data(empty=[None]),
        {"resource": ["qcs::eb:ap-guangzhou:uid1250000000:eventbusid/eventruleid"]},
    ],
)
def test_does_not_match(wanted: dict[str, Any]) -> None:
    """Another value, case, place or type, or a missing field, keeps the event out."""
    assert not pattern.matches(parsed(wanted), EVENT)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([], "it must be a JSON object"),
        ({"a": []}, "the array of `a` is empty"),
        ({"a": {"b": [{"prefix": "x"}]}}, "`a.b` has a member that is no plain value; operators are not done here"),
        ({"a": ["x", ["x"]]}, "`a` has a member that is no plain value; operators are not done here"),
    ],
)
def test_refuses(wanted: Any, message: str) -> None:
    """A malformed pattern is refused, naming the field and what is wrong with it."""
    with pytest.raises(ApiError) as refusal:
        parsed(wanted)
    assert refusal.value.code == "InvalidParameterValue.EventPattern"
    assert refusal.value.message == f"The event pattern is not valid: {message}."


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a":' * 990 + "1" + "}" * 990, '{"a":[]}', "[]"])
def test_parse_refuses(text: str) -> None:
    """No text is too broken for a clear refusal."""
    with pytest.raises(ApiError, match="event pattern"):
        pattern.parse(text)


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=12
)
json_objects = st.dictionaries(st.text(), json_values, max_size=4)


@given(json_objects, json_objects)
def test_whatever_parse_accepts_can_be_matched(wanted: dict[str, Any], event: dict[str, Any]) -> None:
    """On arbitrary JSON, `parse` either refuses with ApiError or `matches` gives an answer."""
    try:
        accepted = parsed(wanted)
    except ApiError:
        return
    assert pattern.matches(accepted, event) in (True, False)
