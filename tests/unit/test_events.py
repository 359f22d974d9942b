"""Any payload of any trigger → items (platform.md sections 1, 2 and 5)."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from handler.intake import events
from handler.model import Command, History, Ignored, Interface, Invalid, Item
from tests.support import records
from tests.support.records import ABSENT, BUS_REGION, INTERFACE_ID, REGION, SUBNET_ID, VPC_ID

CREATED = Interface(REGION, INTERFACE_ID, VPC_ID, SUBNET_ID, tags={})
ATTACHED = Interface(REGION, INTERFACE_ID, attaching=True)
HISTORY = History("9c4b1c5e-7a0e-4b53-9a31-0c4c7b8f2d11", 2, "2026-11-24T05:00:00Z")


def one(payload: Any) -> Item:
    items = events.read(payload)
    assert len(items) == 1, items
    return items[0]


def problem(payload: Any) -> str:
    item = one(payload)
    assert isinstance(item, Invalid), item
    return item.problem


def text(payload: Any) -> str:
    return json.dumps(payload)


# Each shape -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        records.created(),
        records.cloud_event(records.created()),
        records.cloud_event(text(records.created())),
        records.event_list(records.cloud_event(records.created())),
        records.event_list(records.created()),
        records.ckafka(text(records.created())),
        records.ckafka(text(records.cloud_event(records.created()))),
        records.cmq(text(records.created())),
        records.cmq(text(records.event_list(records.cloud_event(records.created())))),
        records.cls(text(records.created())),
        records.cls(records.created()),
        records.platform_letter(records.cloud_event(records.created())),
        records.platform_letter(records.cls(text(records.created()))),
    ],
)
def test_every_shape_comes_to_the_same_interface(payload: dict[str, Any]) -> None:
    """A record is the same record whatever brings it."""
    assert one(payload) == CREATED


def test_the_project_s_own_event() -> None:
    """For other producers; without a VPC the interface is looked up."""
    assert one(records.interface_event()) == Interface(REGION, INTERFACE_ID)
    assert one(records.interface_event(vpc_id=VPC_ID)) == Interface(REGION, INTERFACE_ID, VPC_ID)


def test_the_ensure_command() -> None:
    """Each of its interfaces is an item of its own."""
    named = {"region": REGION, "interface_id": INTERFACE_ID, "vpc_id": VPC_ID}
    other = {"region": "ap-beijing", "interface_id": "eni-00000001"}
    expected = [Interface(REGION, INTERFACE_ID, VPC_ID), Interface("ap-beijing", "eni-00000001")]
    assert events.read(records.ensure(named, other)) == expected


@pytest.mark.parametrize(
    "command",
    [
        {"command": "backfill"},
        {"command": "backfill", "regions": [REGION], "vpc_ids": [VPC_ID], "limit": 1, "dry_run": True, "hop": 1},
        {"command": "redrive", "limit": 5, "dry_run": False},
        {"command": "status", "regions": [REGION]},
        {"command": "sweep"},
    ],
)
@pytest.mark.parametrize(
    "bring", [lambda c: c, lambda c: records.timer(text(c)), records.timer, records.platform_letter]
)
def test_a_command_by_hand_or_by_timer(command: dict[str, Any], bring: Any) -> None:
    """A manual invoke's event, or a timer's Message."""
    assert one(bring(command)) == Command(command["command"], command)


@pytest.mark.parametrize("message", ["", "  ", None, ABSENT])
def test_an_empty_timer_is_a_sweep(message: Any) -> None:
    """The timer of serverless.yml has no argument."""
    payload = {key: value for key, value in records.timer(message).items() if value is not ABSENT}
    assert one(payload) == Command("sweep", {"command": "sweep"})


def test_a_batch_keeps_every_entry_and_its_order() -> None:
    """Good and bad, ours and not ours: an item each."""
    read = records.created(actionType="Read")
    items = events.read(records.event_list(records.created(), 5, read, records.cloud_event(records.attached())))
    assert items == [CREATED, Invalid("$: must be object, not number", 5), Ignored("a read"), ATTACHED]


def test_several_records_in_one_message_of_each_trigger() -> None:
    """Triggers batch as well."""
    bodies = [text(records.created()), "not JSON", text(records.attached())]
    for bring in (records.ckafka, records.cmq, records.cls):
        first, second, third = events.read(bring(*bodies))
        assert (first, third) == (CREATED, ATTACHED)
        assert second == Invalid("$: not JSON: Expecting value at character 0", "not JSON")


# The CloudEvent's envelope --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"specversion": "1.0.2"},
        {"specversion": "0"},
        {"specversion": 1.0},
        {"time": "1615430559146"},
        {"time": None},
        {"time": ABSENT},
        {"subject": ABSENT, "subjuect": INTERFACE_ID},
        {"subject": None},
        {"type": "vpc:CloudEvent:ConsoleCall"},
        {"type": "vpc:CloudEvent:MiniProgramCall"},
        {"region": ABSENT},
        {"region": None},
        {"id": 5},
        {"tags": None, "resource": "x", "datacontenttype": 5, "somethingelse": [1]},
    ],
)
def test_the_envelope_in_each_of_its_forms(changes: dict[str, Any]) -> None:
    """The documents differ; none of it changes what the record says."""
    assert one(records.cloud_event(records.created(), **changes)) == CREATED


def test_the_envelope_s_region_comes_last() -> None:
    """It is the bus's: the bus in Guangzhou gets the events of all regions."""
    bare = records.created(requestParameters="", eventRegion="")
    item = one(records.cloud_event(bare))
    assert isinstance(item, Interface)
    assert item.region == BUS_REGION
    assert problem(bare) == "no region"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"specversion": []}, "$.specversion: must be string or number"),
        ({"time": 1.5}, "$.time: must be integer or string or null"),
        ({"region": 5}, "$.region: must be string or null"),
        ({"source": 5, "id": None}, "$.id: must be string or number; $.source: must be string"),
    ],
)
def test_an_envelope_of_the_wrong_type_is_refused(changes: dict[str, Any], expected: str) -> None:
    """Where the envelope is documented, it is held to it."""
    payload = records.cloud_event(records.created(), **changes)
    assert one(payload) == Invalid(expected, payload)


def test_what_is_not_ours_is_ignored_whatever_its_envelope_holds() -> None:
    """Another action's event is no dead letter for a fault in its envelope."""
    assert one(records.cloud_event(records.record("RunCommand"), time=[])) == Ignored("another action")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, "$.data: must be object, not null"),
        (True, "$.data: must be object, not boolean"),
        (1.5, "$.data: must be object, not number"),
        ([], "$.data: must be object, not array"),
        ('"text"', "$.data: must be object, not string"),
        ("{", "$.data: not JSON: Expecting property name enclosed in double quotes at character 1"),
        ({}, "$.data: must have eventName"),
        (records.created(errorCode=[]), "$.data.errorCode: must be integer or string or null"),
        (records.created(responseElements=""), "CreateNetworkInterface names no NetworkInterfaceId"),
    ],
)
def test_the_data_must_be_a_record(data: Any, expected: str) -> None:
    """The dead letter keeps the whole event, and says where in it the fault is."""
    payload = records.cloud_event(data)
    assert one(payload) == Invalid(expected, payload)


# Triggers of the wrong form -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entries", [None, {}, [], "x", 5])
def test_a_batch_must_be_a_list_with_entries(entries: Any) -> None:
    """An empty batch is no batch: somebody meant to send something."""
    for key in ("EventList", "Records"):
        assert problem({key: entries}) == f"$.{key}: must be array with at least one entry"


@pytest.mark.parametrize("record", [None, 5, {}, {"Ckafka": None}, {"CMQ": {}}, {"cos": {"cosObject": {}}}])
def test_a_record_of_another_trigger_is_refused(record: Any) -> None:
    """Such as a COS trigger's."""
    assert one({"Records": [record]}) == Invalid("$.Records[]: must have Ckafka or CMQ with msgBody", record)


@pytest.mark.parametrize("body", [None, 5, [], True])
def test_a_message_that_is_no_text(body: Any) -> None:
    """It is read as it is, and refused for what it is."""
    assert problem({"Records": [{"CMQ": {"msgBody": body}}]}).startswith("$: must be object, not ")


@pytest.mark.parametrize("clslogs", [None, [], {}, {"data": None}, {"data": 5}])
def test_a_cls_event_needs_its_data(clslogs: Any) -> None:
    """Base64 text."""
    assert problem({"clslogs": clslogs}) == "$.clslogs.data: must be string"


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"records":null}', b'{"records":[]}', b"5"])
def test_a_cls_event_needs_its_records(content: bytes) -> None:
    """What was unzipped is kept in the dead letter."""
    item = one(records.zipped(content))
    assert item == Invalid("$.clslogs.data.records: must be array with at least one entry", json.loads(content))


def test_a_cls_record_without_content() -> None:
    """Each of them is one dead letter."""
    items = events.read(records.zipped(b'{"records":[5,{},{"content":null}]}'))
    assert items == [Invalid("$: must be object, not null", None)] * 3


def test_gzip_of_something_that_is_no_json() -> None:
    """The message says what is wrong inside."""
    assert problem(records.zipped(b"hello")) == "$.clslogs.data: not JSON: Expecting value at character 0"
    assert problem(records.zipped(b"\xff\xfe\xfa")) == "$.clslogs.data: not UTF-8 text"


def broken(data: str) -> str:
    item = one({"clslogs": {"data": data}})
    assert isinstance(item, Invalid)
    assert item.payload.keys() == {"clslogs"}
    assert item.payload["clslogs"]["characters"] == len(data)
    assert data not in json.dumps(item.payload) or len(data) < 4
    return item.problem


def test_broken_base64_and_gzip() -> None:
    """What cannot be read cannot be redacted either: the dead letter keeps its print only."""
    whole = records.cls(text(records.created()))["clslogs"]["data"]
    unzipped = base64.b64decode(whole)
    assert broken("not base64!") == "$.clslogs.data: not base64"
    assert broken(whole[:-3]) == "$.clslogs.data: not base64"
    assert broken("ümlaut") == "$.clslogs.data: not base64"
    assert broken(base64.b64encode(b"not gzip").decode()) == "$.clslogs.data: not gzip"
    assert broken(base64.b64encode(unzipped[:-9]).decode()) == "$.clslogs.data: gzip cut short"
    assert broken("") == "$.clslogs.data: gzip cut short"
    flipped = unzipped[:-6] + bytes([unzipped[-6] ^ 1]) + unzipped[-5:]
    assert broken(base64.b64encode(flipped).decode()) == "$.clslogs.data: not gzip"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("hello", "$.Message: not JSON: Expecting value at character 0"),
        ("[]", "$.Message: must be a command"),
        (5, "$.Message: must be a command"),
        ("{}", "$.command: must be one of ensure, backfill, redrive, status, sweep"),
        ('{"command":"sweep","x":1}', "$: has a property that is not known there"),
    ],
)
def test_a_timer_s_message_must_be_a_command(message: Any, expected: str) -> None:
    """Text that an operator typed wrong ends as a dead letter that says how."""
    assert problem(records.timer(message)) == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ({"command": "delete"}, "$.command: must be one of ensure, backfill, redrive, status, sweep"),
        ({"command": ["sweep"]}, "$.command: must be one of ensure, backfill, redrive, status, sweep"),
        ({"command": "ensure"}, "$: must have interfaces"),
        ({"command": "ensure", "interfaces": []}, "$.interfaces: must keep to minItems 1"),
        (
            records.ensure({"region": REGION, "interface_id": f"{INTERFACE_ID}\n"}),
            "$.interfaces[0].interface_id: must have the form ^eni-[0-9a-z]{6,20}$",
        ),
        (
            records.ensure({"region": "evil.example", "interface_id": INTERFACE_ID}),
            "$.interfaces[0].region: must have the form ^[a-z]{2,5}(-[a-z0-9]{1,20}){1,3}$",
        ),
        ({"command": "backfill", "limit": 0}, "$.limit: must keep to minimum 1"),
        ({"command": "backfill", "after": "eni"}, "$.after: must have the form ^eni-[0-9a-z]{6,20}$"),
        ({"command": "redrive", "dry_run": "yes"}, "$.dry_run: must be boolean"),
    ],
)
def test_a_command_of_the_wrong_form(command: dict[str, Any], expected: str) -> None:
    """The schema's words, of that command's part of it."""
    assert one(command) == Invalid(expected, command)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"event": "interface.deleted"}, "$.event: must be interface.created"),
        ({"interface_id": ABSENT}, "$: must have interface_id"),
        ({"interface_id": "eni-78ysaex1\n"}, "$.interface_id: must have the form ^eni-[0-9a-z]{6,20}$"),
        ({"vpc_id": "x"}, "$.vpc_id: must have the form ^vpc-[0-9a-z]{6,20}$"),
        ({"region": "ap-guangzhou/"}, "$.region: must have the form ^[a-z]{2,5}(-[a-z0-9]{1,20}){1,3}$"),
        ({"more": 1}, "$: has a property that is not known there"),
    ],
)
def test_an_interface_event_of_the_wrong_form(changes: dict[str, Any], expected: str) -> None:
    """It is the project's own, so its schema is strict."""
    assert problem(records.interface_event(**changes)) == expected


# Dead letters that come back ------------------------------------------------------------------------------------------


def test_our_own_letter_of_an_interface() -> None:
    """It is run again as the interface that it is, and remembers what it has been through."""
    assert one(records.own_letter()) == Interface(REGION, INTERFACE_ID, VPC_ID, history=HISTORY)
    by_instance = records.own_letter(interface={"region": REGION, "instance_id": records.INSTANCE_ID})
    assert one(by_instance) == Interface(REGION, instance_id=records.INSTANCE_ID, attaching=True, history=HISTORY)


def test_our_own_letter_of_an_event() -> None:
    """What is in it is read again; each item but those not ours keeps the history."""
    inside = records.event_list(records.interface_event(), records.record("RunCommand"), 5)
    assert events.read(records.own_letter("event", event=inside)) == [
        Interface(REGION, INTERFACE_ID, history=HISTORY),
        Ignored("another action"),
        Invalid("$: must be object, not number", 5, HISTORY),
    ]


def test_our_own_letter_of_a_command() -> None:
    """A command that could not be finished is begun again."""
    command = {"command": "backfill", "after": INTERFACE_ID}
    assert one(records.own_letter("command", event=command)) == Command("backfill", command, HISTORY)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": "x"}, "$.id: must have the form ^[0-9a-f-]{36}$"),
        ({"interface": ABSENT}, "$: must have interface"),
        ({"attempts": 0}, "$.attempts: must keep to minimum 1"),
        ({"schema_version": 2}, "$.schema_version: must be 1"),
        ({"interface": {"region": REGION}}, "$.interface: has none of the forms that are allowed there"),
    ],
)
def test_our_own_letter_of_the_wrong_form(changes: dict[str, Any], expected: str) -> None:
    """Somebody has edited it: a dead letter again, with the reason."""
    assert problem(records.own_letter(**changes)) == expected


def test_the_platform_s_letter() -> None:
    """SCF's native dead letter: the event inside is JSON text in Body.ClientContext (doc 583/39704)."""
    timer = records.timer("")
    assert one(records.platform_letter(timer)) == Command("sweep", {"command": "sweep"})
    assert problem(records.platform_letter("{")) == (
        "$: not JSON: Expecting property name enclosed in double quotes at character 1"
    )
    assert problem({"Body": {"ClientContext": None}}) == "$: must be object, not null"


# Neither of these -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "kind"),
    [(None, "null"), (True, "boolean"), (5, "number"), (1.5, "number"), ("x", "string"), ([{}], "array")],
)
def test_what_is_no_object(payload: Any, kind: str) -> None:
    """Of any JSON type."""
    assert one(payload) == Invalid(f"$: must be object, not {kind}", payload)


@pytest.mark.parametrize("payload", [{}, {"a": 1}, {"Body": "x"}, {"Type": "timer"}, {"EventName": "RunInstances"}])
def test_an_object_that_nobody_knows(payload: Any) -> None:
    """It says where the list of what is known is."""
    assert one(payload) == Invalid("$: no payload that this function knows; README.md lists them", payload)


def test_wrappings_are_taken_off_up_to_a_bound() -> None:
    """A dead letter of a CMQ message of an EventBridge event is three deep; what is deeper is no trigger's work."""
    payload: Any = records.created()
    for _ in range(events.MAX_NESTING):
        payload = records.event_list(payload)
        assert one(payload) == CREATED
    for _ in range(500):
        payload = records.event_list(payload)
    assert problem(payload) == f"$: wrapped in more than {events.MAX_NESTING} triggers"


def test_data_behind_the_gzip_is_not_dropped_silently() -> None:
    """A second gzip would hold records that nobody would ever see."""
    one = gzip.compress(b'{"records":[{"content":"{}"}]}')
    (item,) = events.read({"clslogs": {"data": base64.b64encode(one + one).decode()}})
    assert isinstance(item, Invalid)
    assert "more than one gzip" in item.problem


def test_a_cls_payload_that_is_no_text() -> None:
    """Half of a pair of surrogates: what is kept of it is still its length and the beginning of its hash."""
    (item,) = events.read({"clslogs": {"data": "\ud83d"}})
    assert isinstance(item, Invalid)
    assert "not base64" in item.problem
    json.dumps(item.payload).encode()
