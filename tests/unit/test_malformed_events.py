"""A payload that is broken is one invalid item, which says where and why."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from handler.intake import events
from handler.model import Ignored, Interface, Invalid
from tests.support import records
from tests.support.items import one, problem, text
from tests.support.records import ABSENT, INTERFACE_ID, REGION, SUBNET_ID, VPC_ID

CREATED = Interface(REGION, INTERFACE_ID, VPC_ID, SUBNET_ID)


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
        (
            records.created(responseElements="", requestParameters=""),
            "CreateNetworkInterface names no interface, instance, subnet or VPC",
        ),
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
        ("{}", "$.command: must be one of ensure, backfill, redrive, status, repair, sweep"),
        ('{"command":"sweep","x":1}', "$: has a property that is not known there"),
    ],
)
def test_a_timer_s_message_must_be_a_command(message: Any, expected: str) -> None:
    """Text that an operator typed wrong ends as a dead letter that says how."""
    assert problem(records.timer(message)) == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ({"command": "delete"}, "$.command: must be one of ensure, backfill, redrive, status, repair, sweep"),
        ({"command": ["sweep"]}, "$.command: must be one of ensure, backfill, redrive, status, repair, sweep"),
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
        ({"command": "backfill", "vpc_ids": ["vpc-*"]}, "$.vpc_ids[0]: must have the form ^vpc-[0-9a-z]{6,20}$"),
        (
            {"command": "status", "regions": [REGION, "evil.example"]},
            "$.regions[1]: must have the form ^[a-z]{2,5}(-[a-z0-9]{1,20}){1,3}$",
        ),
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
