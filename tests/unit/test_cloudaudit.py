"""A CloudAudit record → its interfaces, in each of the forms that real records take (platform.md section 1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from handler.intake import cloudaudit
from handler.model import Ignored, Interface, Invalid, Item
from tests.support import records
from tests.support.records import ABSENT, INSTANCE_ID, INTERFACE_ID, REGION, SUBNET_ID, VPC_ID

if TYPE_CHECKING:
    from collections.abc import Callable

EMPTY: list[Any] = ["", "[]", [], None, ABSENT]
"""What real records hold where they hold no parameters or no answer: PHP writes an empty map as an array."""


def read(record: dict[str, Any], envelope_region: Any = None) -> Item:
    items = cloudaudit.read(record, {"region": envelope_region})
    assert len(items) == 1
    return items[0]


def interface(record: dict[str, Any], envelope_region: Any = None) -> Interface:
    item = read(record, envelope_region)
    assert isinstance(item, Interface), item
    return item


def problem(record: dict[str, Any], envelope_region: Any = None) -> str:
    item = read(record, envelope_region)
    assert isinstance(item, Invalid), item
    assert item.payload is record
    return item.problem


def test_create_names_everything_in_its_reply() -> None:
    """CreateNetworkInterface: id, VPC, subnet and tags stand in responseElements.NetworkInterface."""
    expected = Interface(REGION, INTERFACE_ID, VPC_ID, SUBNET_ID, tags={"env": "prod"})
    assert interface(records.created(tags={"env": "prod"})) == expected


def test_create_and_attach_is_attaching() -> None:
    """The same, and nobody will tell when the platform is done with attaching."""
    expected = Interface(REGION, INTERFACE_ID, VPC_ID, SUBNET_ID, attaching=True)
    assert interface(records.created(instance_id=INSTANCE_ID)) == expected


@pytest.mark.parametrize("action", ["AttachNetworkInterface", "MigrateNetworkInterface"])
def test_attach_and_migrate_name_the_interface_in_their_request(action: str) -> None:
    """The reply holds a RequestId only, so the VPC is not known."""
    assert interface(records.attached(eventName=action)) == Interface(REGION, INTERFACE_ID, attaching=True)


def test_only_a_create_tells_its_vpc() -> None:
    """Where another call's request names one (a move, to where?), the interface is looked up."""
    parameters = records.request(NetworkInterfaceId=INTERFACE_ID, VpcId=VPC_ID)
    assert interface(records.attached(requestParameters=parameters)).vpc_id == ""


def test_run_instances_names_instances_only() -> None:
    """Each new instance gets a primary interface, which is to be found by its instance; named twice, it is one."""
    items = cloudaudit.read(records.run_instances(INSTANCE_ID, "ins-00000001", INSTANCE_ID))
    assert items == [
        Interface(REGION, instance_id=INSTANCE_ID, attaching=True),
        Interface(REGION, instance_id="ins-00000001", attaching=True),
    ]


@pytest.mark.parametrize("dry_run", [True, "true"])
def test_a_dry_run_starts_nothing(dry_run: Any) -> None:
    """RunInstances with DryRun succeeds and names no instance."""
    item = read(records.run_instances(requestParameters=records.request(DryRun=dry_run)))
    if dry_run is True:
        assert item == Ignored("a dry run", REGION)
    else:
        assert isinstance(item, Invalid)


# Whether the call succeeded -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["errorCode", "apiErrorCode"])
@pytest.mark.parametrize("code", [0, "0", "", None, ABSENT])
def test_success_in_each_of_its_forms(key: str, code: Any) -> None:
    """0, "0", "", null and no code at all are success, in either field."""
    assert interface(records.created(**{key: code})).interface_id == INTERFACE_ID


@pytest.mark.parametrize("message", ["ok", "permission verify", "", None, ABSENT])
def test_a_message_is_no_error(message: Any) -> None:
    """The errorMessage is not empty on success too."""
    assert interface(records.created(errorMessage=message, apiErrorMessage=message)).interface_id == INTERFACE_ID


@pytest.mark.parametrize("key", ["errorCode", "apiErrorCode"])
@pytest.mark.parametrize("code", [4102, -1, "4102", "UnauthorizedOperation", "00", " "])
def test_a_failed_call_made_no_interface(key: str, code: Any) -> None:
    """It is not ours."""
    assert read(records.created(**{key: code})) == Ignored("the API call failed")


@pytest.mark.parametrize("code", [True, [], {}, 1.5])
def test_a_code_of_another_type_is_refused(code: Any) -> None:
    """Neither success nor failure is guessed."""
    assert problem(records.created(errorCode=code)) == "$.errorCode: must be integer or string or null"


def test_a_read_is_not_ours() -> None:
    """CloudAudit keeps reads too."""
    assert read(records.created(actionType="Read")) == Ignored("a read")


@pytest.mark.parametrize("action", ["DeleteNetworkInterface", "createnetworkinterface", "RunCommand", "x" * 500])
def test_another_action_is_not_ours_whatever_else_it_holds(action: str) -> None:
    """Records of other actions are not held against any schema."""
    assert read({"eventName": action, "errorCode": []}) == Ignored("another action")


@pytest.mark.parametrize("name", [None, "", 5, [], {}])
def test_a_record_needs_an_action(name: Any) -> None:
    """Its eventName says what the record is about."""
    assert problem(records.created(eventName=name)).startswith("$.eventName: ")


@pytest.mark.parametrize("field", ["errorCode", "apiErrorCode"])
@pytest.mark.parametrize("code", ["Success", "success", "OK", "0.0", 0.0, "200", 200])
def test_success_may_be_spelt_out(code: Any, field: str) -> None:
    """It is believed where there is an answer that is no error."""
    assert interface(records.created(**{field: code})).interface_id == INTERFACE_ID
    assert interface(records.attached(**{field: code})).interface_id == INTERFACE_ID
    if code:
        assert read(records.created(**{field: code}, responseElements="")) == Ignored("the API call failed")
        error = {"Response": {"Error": {"Code": "InvalidVpc"}}}
        assert read(records.created(**{field: code}, responseElements=error)) == Ignored("the API call failed")


# Parameters: text, object, empty, absent ------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [json.dumps, lambda value: value, lambda value: json.dumps(value, indent=2)])
@pytest.mark.parametrize("envelope", [lambda reply: reply, lambda reply: {"Response": reply}])
def test_parameters_as_text_or_object(wrap: Any, envelope: Any) -> None:
    """JSON text in real records, objects in others, with or without the API's Response around them."""
    reply = {"NetworkInterface": {"NetworkInterfaceId": INTERFACE_ID, "VpcId": VPC_ID}}
    record = records.created(requestParameters=wrap({"Region": REGION}), responseElements=wrap(envelope(reply)))
    assert interface(record) == Interface(REGION, INTERFACE_ID, VPC_ID)


@pytest.mark.parametrize("request_parameters", [*EMPTY, "  ", "not JSON", "{", "null", {}])
def test_a_create_can_do_without_its_request(request_parameters: Any) -> None:
    """Older records have none: the reply and eventRegion tell enough."""
    record = records.created(requestParameters=request_parameters)
    assert interface(record) == Interface(REGION, INTERFACE_ID, VPC_ID, SUBNET_ID)


@pytest.mark.parametrize("reply", [*EMPTY, "not JSON", "{", {}, {"NetworkInterface": []}, {"Response": {}}])
def test_a_create_without_its_reply_falls_back_on_the_resources(reply: Any) -> None:
    """Both resourceSet and resourceName may hold the id; the VPC is then that of the request."""
    expected = Interface(REGION, INTERFACE_ID, VPC_ID)
    by_set = [{"resourceId": INTERFACE_ID, "resourceType": "eni"}]
    assert interface(records.created(responseElements=reply, resourceSet=by_set)) == expected
    assert interface(records.created(responseElements=reply, resourceName=f"eni/{INTERFACE_ID}")) == expected


@pytest.mark.parametrize(
    "record", [records.created, records.attached, records.run_instances], ids=lambda build: build.__name__
)
def test_nothing_leads_to_an_interface(record: Callable[..., dict[str, Any]]) -> None:
    """Only such a record is a dead letter, which says so."""
    bare = record(requestParameters=records.request(), responseElements="")
    assert problem(bare) == f"{bare['eventName']} names no interface, instance, subnet or VPC"


@pytest.mark.parametrize(
    "resources",
    [
        {"resourceSet": json.dumps([{"resourceId": INTERFACE_ID}])},
        {"resourceSet": "not JSON", "resourceName": INTERFACE_ID},
        {"resourceSet": '{"resourceId": "x"}', "resourceName": INTERFACE_ID},
        {"resourceSet": None, "resourceName": f"vpc/{VPC_ID}|eni/{INTERFACE_ID}| eni/{INTERFACE_ID} "},
        {"resourceSet": [1, None, {"resourceId": 5}, {"resourceId": f"qcs::vpc:::eni/{INTERFACE_ID}"}]},
        {"resourceSet": [{"resourceId": INTERFACE_ID}], "resourceName": f"eni/{INTERFACE_ID}"},
        {"resources": f'["qcs:id\\/0:vpc:ap-shanghai:uin\\/1:eni\\/{INTERFACE_ID}","*"]'},
        {"resources": [f"qcs:id/0:vpc:ap-shanghai:uin/1:eni/{INTERFACE_ID}", 5], "resourceName": None},
    ],
)
def test_the_resources_in_each_of_their_forms(resources: dict[str, Any]) -> None:
    """Text or list, several joined by |, with or without a path before the id, the same one named twice."""
    assert interface(records.created(responseElements="", **resources)).interface_id == INTERFACE_ID


@pytest.mark.parametrize("build", [records.created, records.attached], ids=lambda build: build.__name__)
def test_the_resources_may_name_several_interfaces(build: Callable[..., dict[str, Any]]) -> None:
    """Which of them the call was about is not guessed: each is looked at, which harms none."""
    record = build(requestParameters=[], responseElements="", resourceName=f"eni/{INTERFACE_ID}|eni/eni-00000001")
    items = cloudaudit.read(record)
    assert [getattr(item, "interface_id", None) for item in items] == [INTERFACE_ID, "eni-00000001"]


@pytest.mark.parametrize("reply", ["", {"InstanceIdSet": []}, {"InstanceIdSet": None}, {"InstanceIdSet": "ins-1"}])
def test_run_instances_falls_back_on_the_resources(reply: Any) -> None:
    """Several instances may be named there; they are all new."""
    name = f"instance/{INSTANCE_ID}|instance/ins-muaimkix"
    items = cloudaudit.read(records.run_instances(responseElements=reply, resourceName=name))
    assert [item.instance_id for item in items if isinstance(item, Interface)] == [INSTANCE_ID, "ins-muaimkix"]


@pytest.mark.parametrize("tag_set", [None, "x", {}, [], ABSENT])
def test_tags_are_unknown_where_the_record_names_none(tag_set: Any) -> None:
    """Just after a create that proves nothing: a rule about tags will look."""
    fields = {"NetworkInterfaceId": INTERFACE_ID, "VpcId": VPC_ID, "TagSet": tag_set}
    created = {key: value for key, value in fields.items() if value is not ABSENT}
    assert interface(records.created(responseElements={"NetworkInterface": created})).tags is None


@pytest.mark.parametrize(
    "asked",
    [
        {"Tags": [{"Key": "env", "Value": "prod"}]},
        {"TagSpecification": [{"ResourceType": "eni", "Tags": [{"Key": "env", "Value": "prod"}]}]},
        {"Tags": [{"Key": "env", "Value": "prod"}, "x"], "TagSpecification": "x"},
    ],
)
def test_the_tags_that_the_call_asked_for_count(asked: dict[str, Any]) -> None:
    """The answer to a create need not name them yet; what both name is one."""
    record = records.created(tags={"team": "network"}, requestParameters=records.request(**asked))
    assert interface(record).tags == {"env": "prod", "team": "network"}
    without = records.created(requestParameters=records.request(**asked))
    assert interface(without).tags == {"env": "prod"}


# The region, by order of trust ----------------------------------------------------------------------------------------


def regions(request: Any, resources: Any, event: Any, envelope: Any) -> Item:
    """Read a record whose places of a region hold these."""
    record = records.attached(
        requestParameters=records.request(request, NetworkInterfaceId=INTERFACE_ID),
        resourceSet=[{"resourceRegion": resource} for resource in resources],
        eventRegion=event,
    )
    return read(record, envelope)


@pytest.mark.parametrize(
    ("request_region", "resources", "event", "envelope", "expected"),
    [
        ("ap-tokyo", ["ap-seoul"], "ap-beijing", "ap-guangzhou", "ap-tokyo"),
        (ABSENT, ["ap-seoul"], "ap-beijing", "ap-guangzhou", "ap-seoul"),
        ("", ["Global", "ap-seoul"], "ap-beijing", "ap-guangzhou", "ap-seoul"),
        (ABSENT, ["gz", "AP-SEOUL", 5, "ap-seoul"], "ap-beijing", "ap-guangzhou", "ap-seoul"),
        (ABSENT, ["gz"], "ap-beijing", "ap-guangzhou", "ap-beijing"),
        (None, ["", "global", None], "ap-beijing", "ap-guangzhou", "ap-beijing"),
        ("Global", [], "", "ap-guangzhou", "ap-guangzhou"),
        ("global", [], "global", "ap-guangzhou", "ap-guangzhou"),
        (ABSENT, [], ABSENT, "ap-guangzhou", "ap-guangzhou"),
        ("ap-shanghai-fsi", [], "ap-beijing", "ap-guangzhou", "ap-shanghai-fsi"),
        ("na-siliconvalley", [], "ap-beijing", "ap-guangzhou", "na-siliconvalley"),
    ],
)
def test_the_region_by_order_of_trust(
    request_region: Any, resources: list[Any], event: Any, envelope: Any, expected: str
) -> None:
    """The request's, the resources' (not Global), the record's, and last the bus's, which lies in Guangzhou."""
    item = regions(request_region, resources, event, envelope)
    assert isinstance(item, Interface)
    assert item.region == expected


def test_no_region_at_all() -> None:
    """Without one there is nowhere to call."""
    parameters = records.request("", NetworkInterfaceId=INTERFACE_ID)
    assert problem(records.attached(requestParameters=parameters, eventRegion="")) == "no region"


@pytest.mark.parametrize(
    "region",
    ["ap", "evil.example", "ap-guangzhou.evil.example", "ap-guangzhou/x", "ap-guangzhou@evil", "ap-guangzhou\n",
     "AP-X", "ap-guangzhou#", "ap-guangzhou?x=", "ap-guangzhou:80", "-ap", "ap-", 5, ["ap-guangzhou"], {"a": 1},
     "ap-" + "x" * 99],
)  # fmt: skip
def test_a_region_of_another_form_is_refused(region: Any) -> None:
    """It would become part of a request: what could be a host, a path or a header's end is no region."""
    item = regions(region, [], "ap-beijing", "ap-guangzhou")
    assert isinstance(item, Invalid)
    assert item.problem == "the region has not the form of a region, such as ap-guangzhou"


# Ids of the wrong form ------------------------------------------------------------------------------------------------

WRONG_INTERFACES = [
    "eni-",
    "eni-78ysaex1\n",
    "ENI-78ysaex1",
    "eni-78ysaex1/..",
    "eni-" + "x" * 21,
    "eni-*",
    "eni-\uff17\uff18ysaex1",
    "http://evil.example/eni-78ysaex1",
    'eni-78ysaex1","Filters":[]',
    "ins-8dn9vdif",
    5,
    {},
    [],
]


@pytest.mark.parametrize("value", WRONG_INTERFACES)
def test_an_interface_id_of_the_wrong_form_is_refused(value: Any) -> None:
    """It is checked before it is used for anything, and is not replaced by a fallback."""
    reply = {"NetworkInterface": {"NetworkInterfaceId": value, "VpcId": VPC_ID}}
    record = records.created(responseElements=reply, resourceName=INTERFACE_ID)
    assert problem(record) == "NetworkInterfaceId has not the form eni-[0-9a-z]{6,20}"
    parameters = {"Region": REGION, "NetworkInterfaceId": value}
    assert problem(records.attached(requestParameters=parameters)) == (
        "NetworkInterfaceId has not the form eni-[0-9a-z]{6,20}"
    )


@pytest.mark.parametrize("value", ["vpc-pq9vxykj\n", "vpc-", "pq9vxykj", 5, {"a": 1}])
def test_a_vpc_id_of_the_wrong_form_is_refused(value: Any) -> None:
    """The same for the VPC."""
    reply = {"NetworkInterface": {"NetworkInterfaceId": INTERFACE_ID, "VpcId": value}}
    assert problem(records.created(responseElements=reply)) == "VpcId has not the form vpc-[0-9a-z]{6,20}"


def test_a_subnet_id_of_the_wrong_form_is_refused() -> None:
    """The same for the subnet."""
    reply = {"NetworkInterface": {"NetworkInterfaceId": INTERFACE_ID, "VpcId": VPC_ID, "SubnetId": "subnet"}}
    assert problem(records.created(responseElements=reply)) == "SubnetId has not the form subnet-[0-9a-z]{6,20}"


@pytest.mark.parametrize("value", ["", None, 0, "ins-", f"{INSTANCE_ID}\n", {}, []])
def test_an_instance_id_of_the_wrong_form_is_refused(value: Any) -> None:
    """One bad id among good ones: the record stays whole, in one dead letter."""
    record = records.run_instances(responseElements={"InstanceIdSet": [INSTANCE_ID, value]})
    assert problem(record) == "InstanceIdSet has not the form ins-[0-9a-z]{6,20}"


# The rest of the record -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("time", [1680513809, "2019-03-20 12:36:27", "", None, ABSENT])
def test_the_time_in_each_of_its_forms(time: Any) -> None:
    """Seconds or a string: it is not used, and must not be in the way."""
    assert interface(records.created(eventTime=time)).interface_id == INTERFACE_ID


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("requestParameters", [1], "$.requestParameters: must keep to maxItems 0"),
        ("responseElements", 5, "$.responseElements: must be string or object or array or null"),
        ("resources", 5, "$.resources: must be array or string or object or null"),
        ("resourceSet", 5, "$.resourceSet: must be array or string or object or null"),
        ("resourceName", 5, "$.resourceName: must be string or null"),
        ("eventRegion", 5, "$.eventRegion: must be string or null"),
        ("eventTime", [1], "$.eventTime: must be number or string or null"),
        ("actionType", 5, "$.actionType: must be string or null"),
        ("errorMessage", {}, "$.errorMessage: must be string or null"),
    ],
)
def test_a_field_of_another_type_is_refused(field: str, value: Any, expected: str) -> None:
    """The dead letter says where and what it should be."""
    assert problem(records.created(**{field: value})) == expected
