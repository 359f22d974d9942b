"""Hypothesis strategies: JSON of any kind, real payloads with faults, triggers in triggers, secrets anywhere."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.support import records
from tests.support.records import INSTANCE_ID, INTERFACE_ID, MARKER, REGION, VPC_ID

Json = Any

# Words that readers look for, so that arbitrary JSON comes far enough to be dangerous.
KEYS = (
    "EventList", "Records", "Ckafka", "CMQ", "msgBody", "clslogs", "data", "Type", "Message", "command",
    "interfaces", "schema_version", "kind", "error", "attempts", "Body", "ClientContext", "eventName", "event",
    "region", "interface_id", "requestParameters", "responseElements", "resourceSet", "resourceName",
    "eventRegion", "errorCode", "apiErrorCode", "NetworkInterface", "NetworkInterfaceId", "VpcId",
    "InstanceIdSet", "TagSet", "Response", "userIdentity", "Token",
)  # fmt: skip
VALUES = (
    "ensure", "interface.created", "CreateNetworkInterface", "AttachNetworkInterface", "RunInstances", "Read",
    "0", "", INTERFACE_ID, VPC_ID, INSTANCE_ID, REGION, "Global", "{}", "[]", "{", "eni-78ysaex1\n",
    "H4sIAAAAAAAA", 1, 0,
)  # fmt: skip
SECRET_KEYS = (
    "Token", "sessionContext", "secretId", "Password", "UserData", "SecretKey", "sessionToken", "X-TC-Token",
    "SessionKey",
    "masterKey", "encryptionKey", "ssh_key", "pass", "passcode", "SK", "密码", "密钥", "口令", "令牌",
)  # fmt: skip

text = st.text(st.characters(), max_size=20)  # lone surrogates too
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**4_200), 1e308, 1 << 64])
leaves = st.none() | st.booleans() | numbers | text | st.sampled_from(VALUES)
keys = st.sampled_from(KEYS) | text


def containers(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    as_text = inner.map(json.dumps)
    return st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5) | as_text


arbitrary = st.recursive(leaves, containers, max_leaves=25)

real = st.one_of(
    st.builds(records.created),
    st.builds(records.attached),
    st.builds(records.run_instances, st.just(INSTANCE_ID)),
    st.builds(records.record, st.sampled_from(["RunCommand", "DeleteNetworkInterface"])),
    st.builds(records.interface_event),
    st.builds(lambda: records.ensure({"region": REGION, "interface_id": INTERFACE_ID})),
    st.builds(records.own_letter),
    st.builds(lambda event: records.own_letter("event", event=event), arbitrary),
)

WRAPPERS = (
    records.cloud_event,
    lambda inner: records.cloud_event(json.dumps(inner)),
    records.event_list,
    lambda inner: records.event_list(inner, inner),
    lambda inner: records.ckafka(json.dumps(inner)),
    lambda inner: records.cmq(json.dumps(inner)),
    lambda inner: records.cls(json.dumps(inner)),
    lambda inner: records.platform_letter(json.dumps(inner)),
    lambda inner: records.own_letter("event", event=inner),
    lambda inner: records.timer(json.dumps(inner)),
)


@st.composite
def triggers(draw: st.DrawFn, inner: st.SearchStrategy[Json] = real | arbitrary) -> Json:
    """Something in as many triggers' wrappings as hypothesis likes, more than any reader takes off."""
    payload = draw(inner)
    for wrap in draw(st.lists(st.sampled_from(WRAPPERS), max_size=7)):
        payload = wrap(payload)
    return payload


@st.composite
def mutated(draw: st.DrawFn) -> Json:
    """A real payload with faults in it: at any depth a value replaced, taken away or doubled, or its text damaged."""
    payload = draw(triggers(real))
    for _ in range(draw(st.integers(1, 4))):
        payload = draw(_with_a_fault(payload))
    return payload


@st.composite
def _with_a_fault(draw: st.DrawFn, value: Json) -> Json:
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(value)))
        kind = draw(st.sampled_from(["inside", "inside", "replace", "drop", "rename"]))
        rest = {other: entry for other, entry in value.items() if other != key}
        if kind == "drop":
            return rest
        if kind == "rename":
            return {**rest, draw(keys): value[key]}
        return {**value, key: draw(_with_a_fault(value[key])) if kind == "inside" else draw(arbitrary)}
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        place = draw(st.integers(0, len(value) - 1))
        kind = draw(st.sampled_from(["inside", "replace", "drop", "double"]))
        new = {"drop": [], "double": [value[place]] * 2}.get(kind)
        if new is None:
            new = [draw(_with_a_fault(value[place]) if kind == "inside" else arbitrary)]
        return [*value[:place], *new, *value[place + 1 :]]
    if isinstance(value, str) and value and draw(st.integers(0, 4)):
        return draw(damaged(value))
    return draw(arbitrary)


@st.composite
def damaged(draw: st.DrawFn, value: str) -> str:
    """JSON text with a fault inside of it, or text that is cut, or has something put in."""
    try:
        inside = json.loads(value)
    except ValueError:
        inside = None
    if isinstance(inside, (dict, list)) and draw(st.booleans()):
        return json.dumps(draw(_with_a_fault(inside)))
    place = draw(st.integers(0, len(value)))
    rest = value[place:]
    return value[:place] + draw(st.sampled_from(["", draw(text), rest * 2, rest[1:], '"', "\x00", "9" * 50]))


secrets = st.sampled_from(
    [
        MARKER,
        f"{MARKER}/+==",
        f'a"{MARKER}',
        f"a\\{MARKER}",
        f"it's {MARKER}",
        f"AKID{MARKER}0123456789",
        f"{{{MARKER}}}",
    ]
)


@st.composite
def hidden(draw: st.DrawFn) -> Json:
    """A secret under one of its names, somewhere inside of objects, lists and JSON text."""
    secret = draw(secrets)
    value: Json = {draw(st.sampled_from(SECRET_KEYS)): draw(st.sampled_from([secret, [secret, {"x": secret}]]))}
    for kind in draw(st.lists(st.sampled_from(["object", "list", "text", "secret object"]), max_size=6)):
        if kind == "text":
            value = json.dumps(value)
        elif kind == "list":
            value = [draw(leaves), value]
        else:
            value = {draw(keys if kind == "object" else st.sampled_from(SECRET_KEYS)): value}
    return value


@st.composite
def with_secrets(draw: st.DrawFn) -> Json:
    """A payload that holds planted secrets under their names, as values or in JSON text, whole or damaged."""
    record = draw(st.sampled_from([records.created(), records.attached(), records.run_instances()]))
    place = draw(
        st.sampled_from(["userIdentity", "requestParameters", "responseElements", "tags", "more", "errorMessage"])
    )
    secret = draw(hidden())
    record = {**record, place: draw(st.sampled_from([secret, json.dumps(secret), json.dumps(secret) + " "]))}
    if draw(st.booleans()):
        record["responseElements"] = ""
    payload = draw(triggers(st.just(record)))
    return json.dumps(payload)[: draw(st.integers(0, 10_000))] if draw(st.integers(0, 3)) == 0 else payload
