"""A CloudAudit record that names no interface is still a lead: to its instance, its subnet or its VPC."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handler import schema
from handler.intake import cloudaudit, events
from handler.model import Ignored, Interface, Invalid
from tests.support import records
from tests.support.records import INSTANCE_ID, INTERFACE_ID, REGION, SUBNET_ID, VPC_ID

EARLIER = "2025-02-20 00:04:29"
"""A minute before the builders' eventTime, 1739981129, in Beijing."""
RUN_IN = f"instance/*|image/img-00000001|sg/sg-00000001|subnet/{SUBNET_ID}|systemdisk/*|vpc/{VPC_ID}"


def only(record: dict[str, Any]) -> Interface:
    (item,) = cloudaudit.read(record)
    assert isinstance(item, Interface), item
    return item


@pytest.mark.parametrize(
    ("record", "lead"),
    [
        (records.created(), {"vpc_id": VPC_ID, "subnet_id": SUBNET_ID, "since": EARLIER}),
        (records.created(instance_id=INSTANCE_ID), {"vpc_id": VPC_ID, "subnet_id": SUBNET_ID, "since": EARLIER}),
        (records.created(requestParameters=[], resourceName=f"vpc/{VPC_ID}"), {"vpc_id": VPC_ID, "since": EARLIER}),
        (
            records.created(requestParameters="[]", resourceName=f"subnet/{SUBNET_ID}"),
            {"subnet_id": SUBNET_ID, "since": EARLIER},
        ),
        (
            records.run_instances(requestParameters=[], resourceName=RUN_IN),
            {"vpc_id": VPC_ID, "subnet_id": SUBNET_ID, "since": EARLIER},
        ),
        (
            records.run_instances(
                requestParameters=records.request(
                    InstanceCount=3, VirtualPrivateCloud={"VpcId": VPC_ID, "SubnetId": SUBNET_ID}
                )
            ),
            {"vpc_id": VPC_ID, "subnet_id": SUBNET_ID, "since": EARLIER, "expected": 3},
        ),
        # What is attached may be older than the call.
        (records.attached(requestParameters=[], resourceName=RUN_IN), {"vpc_id": VPC_ID, "subnet_id": SUBNET_ID}),
    ],
)
def test_a_record_that_names_no_interface_leads_to_its_subnet_or_vpc(
    record: dict[str, Any], lead: dict[str, Any]
) -> None:
    """Records without an answer are real (2021, 2022): the parameters or the resources say where the call was made."""
    attaching = record["eventName"] != "CreateNetworkInterface"
    assert only({**record, "responseElements": []}) == Interface(REGION, attaching=attaching, **lead)


def test_each_of_several_subnets_is_a_lead() -> None:
    """Two interfaces in one subnet and one in another, for each of two instances."""
    several = [{"VpcId": VPC_ID, "SubnetId": each} for each in (SUBNET_ID, SUBNET_ID, "subnet-00000001")]
    parameters = records.request(InstanceCount=2, NetworkInterfaces=several)
    first, second = cloudaudit.read(records.run_instances(requestParameters=parameters, responseElements=None))
    assert (first, second) == (
        Interface(REGION, "", VPC_ID, SUBNET_ID, attaching=True, since=EARLIER, expected=4),
        Interface(REGION, "", VPC_ID, "subnet-00000001", attaching=True, since=EARLIER, expected=2),
    )


@pytest.mark.parametrize("name", ["SubnetId", "VpcId"])
def test_an_id_of_the_wrong_form_leads_nowhere(name: str) -> None:
    """The sentence names it."""
    parameters = records.request(VirtualPrivateCloud={"VpcId": VPC_ID, "SubnetId": SUBNET_ID, name: "x"})
    (item,) = cloudaudit.read(records.run_instances(requestParameters=parameters, responseElements=None))
    assert isinstance(item, Invalid)
    assert item.problem.startswith(f"{name} has not the form ")


def test_an_attach_that_names_its_instance_leads_to_the_interfaces_of_that() -> None:
    """Two at the least: the primary interface does not tell of the one that is being attached."""
    record = records.attached(requestParameters=[], resourceName=f"instance/{INSTANCE_ID}|{RUN_IN}")
    assert only(record) == Interface(REGION, instance_id=INSTANCE_ID, attaching=True, expected=2)


@pytest.mark.parametrize(
    ("several", "expected"), [(None, 1), ("x", 1), ([], 1), ([{}, {}], 2), ([{}] * 500, 100), ([5, {}], 1)]
)
def test_as_many_interfaces_are_expected_as_the_call_names(several: Any, expected: int) -> None:
    """NetworkInterfaces of RunInstances, the primary one included (facts 4.4); without it each instance has one."""
    parameters = records.request(NetworkInterfaces=several)
    assert only(records.run_instances(INSTANCE_ID, requestParameters=parameters)).expected == expected


@pytest.mark.parametrize(
    ("event_time", "envelope_time", "since"),
    [
        (1739981129, None, EARLIER),
        ("1739981129", None, EARLIER),
        (1739981129000, None, EARLIER),
        ("2025-02-20 00:05:29", None, EARLIER),
        (None, 1739981129, EARLIER),
        (None, 1739981129146, EARLIER),
        (None, "1739981129146", EARLIER),
        ("", "2025-02-20 00:05:29", EARLIER),
        ("long ago", 1e300, ""),
        (float("nan"), None, ""),
        ("0001-01-01 00:00:00", "9" * 400, ""),
    ],
)
def test_the_time_of_the_call_in_each_of_its_forms(event_time: Any, envelope_time: Any, since: str) -> None:
    """Beijing time, or seconds or milliseconds, or not told: then every interface of the subnet may be the event's."""
    (item,) = cloudaudit.read(records.created(responseElements="", eventTime=event_time), {"time": envelope_time})
    assert isinstance(item, Interface)
    assert item.since == since


# The real records -----------------------------------------------------------------------------------------------------

REAL_CONSOLE, REAL_API, REAL_ROW = schema.document("event")["examples"][-3:]


def test_real_records_of_other_actions_are_not_ours() -> None:
    """Seen as they came, in 2022 and 2025."""
    assert events.read(REAL_CONSOLE) == events.read(REAL_API) == [Ignored("another action")]


REAL = pytest.mark.parametrize(
    ("real", "region"), [(REAL_CONSOLE, "ap-shanghai"), (REAL_API, "ap-chengdu")], ids=["console", "api"]
)


@REAL
@pytest.mark.parametrize("action", sorted(cloudaudit.CREATE | cloudaudit.ATTACH))
@pytest.mark.parametrize(
    "put_in",
    [
        {"resourceName": f"eni/{INTERFACE_ID}|vpc/{VPC_ID}"},
        {"resourceSet": [{"resourceId": INTERFACE_ID}], "resourceName": ""},
        {"resources": f'["qcs:id\\/0:vpc:ap-shanghai:uin\\/1:eni\\/{INTERFACE_ID}"]', "resourceName": ""},
    ],
)
def test_a_real_record_with_an_interface_put_in(
    real: dict[str, Any], region: str, action: str, put_in: dict[str, Any]
) -> None:
    """Whatever else it holds, and however empty its parameters are."""
    item = only({**real, "eventName": action, **put_in})
    assert (item.region, item.interface_id) == (region, INTERFACE_ID)


@REAL
def test_a_real_record_that_names_its_instances(real: dict[str, Any], region: str) -> None:
    """As RunInstances, each of its instances is new."""
    items = events.read({**real, "eventName": "RunInstances"})
    expected = [Interface(region, instance_id=each, attaching=True) for each in (INSTANCE_ID, "ins-muaimkix")]
    assert items == expected


def test_a_real_row_of_describe_events() -> None:
    """The record was cut out of it: the row itself names region, time, subnet and VPC."""
    expected = Interface(REGION, "", VPC_ID, SUBNET_ID, attaching=True, since="2022-08-26 14:31:51")
    assert events.read(REAL_ROW) == [expected]


def test_a_row_of_describe_events_holds_the_record() -> None:
    """As JSON text: `eni-flowlog doctor --records` shows what is read from it, and it may be run again."""
    row = {**REAL_ROW, "CloudAuditEvent": json.dumps(records.created())}
    assert events.read(row) == events.read(records.created())
    assert events.read({**REAL_ROW, "CloudAuditEvent": "{"})[0] == Invalid(
        "$: not JSON: Expecting property name enclosed in double quotes at character 1", "{"
    )


@pytest.mark.parametrize(
    ("changes", "region"),
    [
        ({"ResourceRegion": "ap-beijing"}, "ap-beijing"),
        ({"ResourceRegion": "", "EventRegion": "ap-chengdu"}, "ap-chengdu"),
    ],
)
def test_a_row_without_its_record_names_the_region(changes: dict[str, Any], region: str) -> None:
    """That of the resource before that of the call."""
    assert [item.region for item in events.read({**REAL_ROW, **changes}) if isinstance(item, Interface)] == [region]


def test_a_row_without_its_record_may_be_nothing_to_do() -> None:
    """The call failed, or the row names no place."""
    assert events.read({**REAL_ROW, "ErrorCode": "LimitExceeded"}) == [Ignored("the API call failed")]
    bare = {**REAL_ROW, "Resources": None}
    assert events.read(bare) == [Invalid("RunInstances names no interface, instance, subnet or VPC", bare)]
