"""From a payload of each shape to the interfaces that it names."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from handler.intake import events
from handler.model import Command, History, Ignored, Interface, Invalid
from tests.support import records
from tests.support.items import one, problem, text
from tests.support.records import ABSENT, INTERFACE_ID, REGION, SUBNET_ID, VPC_ID

CREATED = Interface(REGION, INTERFACE_ID, VPC_ID, SUBNET_ID)
ATTACHED = Interface(REGION, INTERFACE_ID, attaching=True)
HISTORY = History("9c4b1c5e-7a0e-4b53-9a31-0c4c7b8f2d11", 2, "2026-11-24T05:00:00Z", "InternalError")


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


# Dead letters that come back ------------------------------------------------------------------------------------------


def test_our_own_letter_of_an_interface() -> None:
    """It is run again as the interface that it is, and remembers what it has been through."""
    assert one(records.own_letter()) == Interface(REGION, INTERFACE_ID, VPC_ID, history=HISTORY)
    by_instance = records.own_letter(interface={"region": REGION, "instance_id": records.INSTANCE_ID})
    assert one(by_instance) == Interface(REGION, instance_id=records.INSTANCE_ID, attaching=True, history=HISTORY)
    place = {"region": REGION, "vpc_id": VPC_ID, "subnet_id": SUBNET_ID, "since": "2026-11-24 16:45:48"}
    by_place = Interface(REGION, "", VPC_ID, SUBNET_ID, attaching=True, since=place["since"], history=HISTORY)
    assert one(records.own_letter(interface=place)) == by_place


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


def test_data_behind_the_gzip_is_not_dropped_silently() -> None:
    """A second gzip would hold records that nobody would ever see; padding holds none."""
    zipped = gzip.compress(json.dumps({"records": [{"content": records.created()}]}).encode())
    behind = {data: {"clslogs": {"data": base64.b64encode(zipped + data).decode()}} for data in (zipped, b"\0")}
    assert problem(behind[zipped]) == "$.clslogs.data: more than one gzip"
    assert one(behind[b"\0"]) == CREATED


def test_a_cls_payload_that_is_no_text() -> None:
    """Half of a pair of surrogates: what is kept of it is still its length and the beginning of its hash."""
    (item,) = events.read({"clslogs": {"data": "\ud83d"}})
    assert isinstance(item, Invalid)
    assert "not base64" in item.problem
    json.dumps(item.payload).encode()
