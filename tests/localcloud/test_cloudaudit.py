"""What a write call becomes: a CloudAudit record in one of its real forms, in a CloudEvent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tencentcloud.common.credential import Credential

from handler import schema
from handler.intake import events
from handler.model import Ignored, Interface
from localcloud.cloudaudit import record as cloudaudit
from localcloud.cloudaudit.trail import Trail
from tests.support.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud import LocalCloud

Seen = list[dict[str, Any]]
PASSWORD = "Planted-Password-0123"
FIELDS = (
    "userIdentity", "eventRegion", "eventVersion", "errorCode", "errorMessage", "requestID", "eventID", "apiVersion",
    "eventType", "actionType", "httpMethod", "apiErrorCode", "apiErrorMessage", "userAgent", "eventTime",
    "sourceIPAddress", "eventSource", "resources", "resourceName", "resourceSet", "requestParameters",
    "responseElements", "resourceType", "eventName", "sensitiveAction", "tags",
)  # fmt: skip


@pytest.fixture
def seen(cloud: LocalCloud) -> Seen:
    """The events put on the service bus."""
    found: Seen = []
    cloud.eventbridge.watchers.append(found.append)
    return found


def use(cloud: LocalCloud, style: cloudaudit.Style) -> None:
    cloud.eventbridge.switches.styles = (style,)


def create(call: Client, cloud: LocalCloud, region: str = "ap-shanghai") -> dict[str, Any]:
    vpc_id, subnet_id = cloud.network_of(region)
    made = call(
        "vpc",
        "CreateAndAttachNetworkInterface",
        region,
        NetworkInterfaceName="n",
        VpcId=vpc_id,
        SubnetId=subnet_id,
        InstanceId=cloud.seed_instance(region),
    )
    interface = made["NetworkInterface"]
    assert isinstance(interface, dict)
    return interface


def test_a_write_call_is_recorded_with_its_parameters_and_reply_as_text(
    cloud: LocalCloud, call: Client, seen: Seen
) -> None:
    use(cloud, cloudaudit.STYLES[0])
    interface = create(call, cloud)
    (event,) = seen
    record = event["data"]
    assert tuple(record) == FIELDS
    sent, reply = json.loads(record["requestParameters"]), json.loads(record["responseElements"])
    assert (sent["NetworkInterfaceName"], sent["Region"], sent["Version"]) == ("n", "ap-shanghai", "2017-03-12")
    assert reply["NetworkInterface"]["NetworkInterfaceId"] == interface["NetworkInterfaceId"]
    assert reply["RequestId"] == record["requestID"]
    assert (record["eventName"], record["actionType"], record["eventRegion"]) == (
        "CreateAndAttachNetworkInterface",
        "Write",
        "ap-shanghai",
    )


def test_the_envelope_is_the_bus_s(cloud: LocalCloud, call: Client, seen: Seen) -> None:
    """Its region is Guangzhou whatever the call's is: the service bus gets the events of all regions."""
    interface = create(call, cloud)
    (event,) = seen
    assert (event["source"], event["type"]) == ("vpc.cloud.tencent", "vpc:CloudEvent:ApiCall")
    assert (event["region"], event["subject"]) == ("ap-guangzhou", interface["NetworkInterfaceId"])
    assert event["resource"][0].startswith("qcs::eb:ap-guangzhou:uid1250000001:eventbusid/eb-")


def test_reads_are_not_recorded(call: Client, seen: Seen) -> None:
    call("vpc", "DescribeNetworkInterfaces")
    call("cam", "GetRole", RoleName="local-role")
    call("eb", "ListEventBuses")
    assert seen == []


ATTACH = {"NetworkInterfaceId": "eni-00000000", "InstanceId": "ins-00000000"}


def test_a_failed_call_is_recorded_with_its_code(call: Client, seen: Seen) -> None:
    """Without a reply; the function ignores it."""
    refused = call.refused("vpc", "AttachNetworkInterface", **ATTACH)
    record = seen[0]["data"]
    assert (record["apiErrorCode"], record["apiErrorMessage"]) == refused
    assert refused[0] == "ResourceNotFound"
    assert (record["errorCode"], record["responseElements"]) == ("0", "")
    assert events.read(seen[0]) == [Ignored("the API call failed")]


def test_a_denied_call_says_so_in_both_codes(cloud: LocalCloud, call: Client, seen: Seen) -> None:
    cloud.add_role("poor")
    call("cam", "DetachRolePolicy", PolicyId=1, DetachRoleName="poor")
    keys = cloud.issue_keys("poor", 60)
    poor = Client(cloud, Credential(keys.secret_id, keys.secret_key, keys.token))
    assert poor.refused("vpc", "AttachNetworkInterface", **ATTACH)[0] == "UnauthorizedOperation"
    record = seen[-1]["data"]
    assert record["apiErrorCode"] == record["errorCode"] == "UnauthorizedOperation"
    assert events.read(seen[-1]) == [Ignored("the API call failed")]


def test_secrets_are_in_it_as_on_the_platform(cloud: LocalCloud, seen: Seen) -> None:
    """The session's token twice, the key's id, and the password that the caller sent."""
    keys = cloud.issue_keys("local-role", 60)
    client = Client(cloud, Credential(keys.secret_id, keys.secret_key, keys.token))
    client(
        "cvm",
        "RunInstances",
        Placement={"Zone": "ap-guangzhou-3"},
        ImageId="img-1",
        LoginSettings={"Password": PASSWORD},
        UserData="c2VjcmV0",
    )
    record = seen[0]["data"]
    sent = json.loads(record["requestParameters"])
    assert sent["LoginSettings"] == {"Password": PASSWORD}
    assert (sent["Token"], sent["UserData"]) == (keys.token, "c2VjcmV0")
    identity = record["userIdentity"]
    assert json.loads(identity["sessionContext"])["token"] == keys.token
    assert (identity["secretId"], identity["type"], identity["userName"]) == (
        keys.secret_id,
        "AssumedRole",
        "local-role",
    )


@pytest.mark.parametrize("style", cloudaudit.STYLES)
def test_the_function_reads_every_form(cloud: LocalCloud, call: Client, seen: Seen, style: cloudaudit.Style) -> None:
    """Each is valid under the function's own schema of events, and names the interface."""
    use(cloud, style)
    interface = create(call, cloud)
    assert schema.problems("event", seen[0]) == ""
    (found,) = events.read(seen[0])
    assert isinstance(found, Interface)
    assert (found.region, found.interface_id, found.vpc_id) == (
        "ap-shanghai",
        interface["NetworkInterfaceId"],
        interface["VpcId"],
    )


def test_the_forms_differ_as_real_ones_do(cloud: LocalCloud, call: Client, seen: Seen) -> None:
    for _ in cloudaudit.STYLES:
        create(call, cloud)
    records = [event["data"] for event in seen]
    assert {event["specversion"] for event in seen} == {"1.0", "1.0.2", "0"}
    assert {type(event["time"]) for event in seen} == {int, str}
    assert {type(record["eventTime"]) for record in records} == {int, str}
    assert {repr(record["apiErrorCode"]) for record in records} == {"0", "'0'"}
    assert {record["errorMessage"] for record in records} == {"", "permission verify", "ok"}
    filled = [record for record in records if record["resourceSet"]]
    assert {one["resourceType"] for record in filled for one in record["resourceSet"]} >= {"vpc", "CVM"}
    assert all("eni/eni-" in record["resourceName"] for record in filled)


def run(call: Client, cloud: LocalCloud) -> None:
    place = {"VpcId": cloud.vpc_id, "SubnetId": cloud.subnet_id}
    run = {"Placement": {"Zone": "ap-guangzhou-3"}, "ImageId": "img-1a2b3c4d", "VirtualPrivateCloud": place}
    call("cvm", "RunInstances", **run)


def test_the_console_s_record_has_lost_its_parameters_and_its_reply(cloud: LocalCloud, seen: Seen) -> None:
    """As really seen in 2022: an empty array, no reply, a session with a live token; ids in two texts only."""
    use(cloud, cloudaudit.DETAIL)
    keys = cloud.issue_keys("local-role", 60)
    interface = create(Client(cloud, Credential(keys.secret_id, keys.secret_key, keys.token)), cloud)
    (event,) = seen
    record = event["data"]
    assert (record["requestParameters"], record["resourceSet"], "responseElements" in record) == ([], [], False)
    assert record["userIdentity"]["sessionContext"]["token"] == keys.token
    assert f"eni/{interface['NetworkInterfaceId']}" in record["resourceName"].split("|")
    assert json.loads(record["resources"])[0].startswith("qcs:id/0:vpc:ap-shanghai:uin/")
    assert abs(event["time"] - cloud.clock.now()) < 3600
    assert record["eventTime"][4] == "-"


@pytest.mark.parametrize(("style", "reply"), [(cloudaudit.LEADS, None), (cloudaudit.EMPTY_REPLY, [])])
def test_a_record_without_a_reply_says_where_not_what(
    cloud: LocalCloud, call: Client, seen: Seen, style: cloudaudit.Style, reply: object
) -> None:
    use(cloud, style)
    run(call, cloud)
    record = seen[0]["data"]
    assert record.get("responseElements") == reply
    named = {"instance/*", f"vpc/{cloud.vpc_id}", f"subnet/{cloud.subnet_id}", "image/img-1a2b3c4d"}
    assert set(record["resourceName"].split("|")) == named


@pytest.fixture
def lookup(cloud: LocalCloud, call: Client) -> Callable[..., dict[str, Any]]:
    def find(*attributes: tuple[str, str], **more: Any) -> dict[str, Any]:
        now = int(cloud.clock.now())
        asked = [{"AttributeKey": key, "AttributeValue": value} for key, value in attributes]
        query = {"StartTime": now - 3600, "EndTime": now + 1, "LookupAttributes": asked, **more}
        return call("cloudaudit", "DescribeEvents", **query)

    return find


def test_the_trail_lists_write_calls_newest_first(
    cloud: LocalCloud, call: Client, lookup: Callable[..., dict[str, Any]]
) -> None:
    """No reads. Several names are OR (documented)."""
    create(call, cloud)
    run(call, cloud)
    call("vpc", "DescribeVpcs")
    reply = lookup()
    assert [one["EventName"] for one in reply["Events"]] == ["RunInstances", "CreateAndAttachNetworkInterface"]
    assert reply["ListOver"] is True
    newest = json.loads(reply["Events"][0]["CloudAuditEvent"])
    assert (newest["eventName"], newest["actionType"]) == ("RunInstances", "Write")
    either = lookup(("EventName", "RunInstances"), ("EventName", "CreateAndAttachNetworkInterface"))
    assert len(either["Events"]) == 2
    assert lookup(("EventName", "CreateNetworkInterface"))["Events"] == []


def test_the_trail_shows_what_a_record_names(
    cloud: LocalCloud, call: Client, lookup: Callable[..., dict[str, Any]]
) -> None:
    cloud.account.state(Trail).styles = (cloudaudit.DETAIL,)
    interface = create(call, cloud)["NetworkInterfaceId"]
    (found,) = lookup()["Events"]
    assert f"eni/{interface}" in found["Resources"]["ResourceName"].split("|")


def test_the_trail_is_read_in_pages(call: Client, lookup: Callable[..., dict[str, Any]]) -> None:
    for number in range(3):
        call("cls", "CreateLogset", LogsetName=f"l{number}")
    first = lookup(MaxResults=2)
    assert (len(first["Events"]), first["ListOver"]) == (2, False)
    second = lookup(MaxResults=2, NextToken=first["NextToken"])
    assert (len(second["Events"]), second["ListOver"]) == (1, True)
    ids = [one["EventId"] for one in (*first["Events"], *second["Events"])]
    assert len(set(ids)) == 3


def test_the_trail_goes_back_ninety_days(cloud: LocalCloud, call: Client) -> None:
    day_s, now = 24 * 3600, int(cloud.clock.now())
    assert call("cloudaudit", "DescribeEvents", StartTime=now - 89 * day_s, EndTime=now - 80 * day_s)["ListOver"]
    older = call.refused("cloudaudit", "DescribeEvents", StartTime=now - 91 * day_s, EndTime=now - 80 * day_s)
    assert older[0] == "InvalidParameterValue.Time"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"StartTime": 1}, "InvalidParameterValue.Time"),
        ({"EndTime": 1}, "InvalidParameterValue.Time"),
        ({"MaxResults": 51}, "InvalidParameterValue.MaxResult"),
        (
            {"LookupAttributes": [{"AttributeKey": "ResourceType", "AttributeValue": "cvm"}]},
            "InvalidParameterValue.attributeKey",
        ),
    ],
)
def test_what_the_trail_cannot_answer_is_refused(
    cloud: LocalCloud, call: Client, change: dict[str, Any], code: str
) -> None:
    now = int(cloud.clock.now())
    query = {"StartTime": now - 60, "EndTime": now, **change}
    assert call.refused("cloudaudit", "DescribeEvents", **query)[0] == code
