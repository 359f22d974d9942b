"""The v3 API's envelope: what is refused before an action is done, and the form of every answer."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from localcloud.core.actions import Action, ActionTable, Service
from tests.support.client import Client

if TYPE_CHECKING:
    from localcloud import LocalCloud


class Overheard:
    """What stands in the place of the SDK's connection, a public attribute, and keeps the last reply as it came."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.request_length = 0

    def request(self, *sent: Any) -> Any:
        self.reply = self.connection.request(*sent)
        return self.reply


def replied(call: Client, action: str) -> Any:
    """The reply to a call without parameters, as it came over the wire."""
    client = call.sdk("vpc")
    heard = client.request.conn = Overheard(client.request.conn)
    with suppress(TencentCloudSDKException):
        client.call(action, {})
    return heard.reply


def test_an_answer_has_the_platforms_content_type_status_and_a_request_id(call: Client) -> None:
    """The SDK looks for errors only under exactly this Content-Type."""
    answer = replied(call, "DescribeVpcs")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert str(uuid.UUID(json.loads(answer.content)["Response"]["RequestId"]))


def test_an_error_has_status_200_too(call: Client) -> None:
    answer = replied(call, "DeleteVpc")
    assert answer.status_code == 200
    assert set(json.loads(answer.content)["Response"]) == {"Error", "RequestId"}


def test_an_unknown_action_is_refused(call: Client) -> None:
    assert call.refused("vpc", "CreateEverything") == (
        "InvalidAction",
        "The request has an invalid action `CreateEverything`: it does not exist.",
    )


@pytest.mark.parametrize(
    ("service", "version", "code"), [("vpc", "1999-01-01", "NoSuchVersion"), ("abc", "2017-03-12", "NoSuchProduct")]
)
def test_an_unknown_version_or_product_is_refused(call: Client, service: str, version: str, code: str) -> None:
    with pytest.raises(TencentCloudSDKException) as caught:
        call.sdk(service, version).call_json("DescribeVpcs", {})
    assert caught.value.code == code
    assert caught.value.message.startswith("This local cloud has no ")


def test_what_only_the_platform_can_do_is_said(call: Client) -> None:
    """An action that Tencent Cloud has and this cloud has not is told from one that does not exist."""
    assert call.refused("vpc", "CreateNatGateway") == (
        "UnsupportedOperation",
        "Tencent Cloud has the action `CreateNatGateway` of `vpc`; this local cloud does not do it.",
    )


def test_an_unknown_region_is_refused(call: Client) -> None:
    assert call.refused("vpc", "DescribeVpcs", "ap-atlantis") == (
        "UnsupportedRegion",
        "The region `ap-atlantis` is not supported.",
    )


def test_a_call_without_region_is_refused_where_the_service_is_regional(call: Client, cloud: LocalCloud) -> None:
    client = call.sdk("vpc")
    client.region = None
    with pytest.raises(TencentCloudSDKException) as caught:
        client.call_json("DescribeVpcs", {})
    assert caught.value.code == "MissingParameter"
    assert caught.value.message == "The request is missing a required parameter `Region`."
    sts = call.sdk("sts")
    sts.region = None
    assert sts.call_json("GetCallerIdentity", {})["Response"]["AccountId"] == cloud.uin


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"Nonsense": 1}, "UnknownParameter", "The parameter `Nonsense` is not recognized."),
        (
            {"VpcName": "v", "Tags": [{"Key": "k", "Colour": "red"}]},
            "UnknownParameter",
            "The parameter `Tags.0.Colour` is not recognized.",
        ),
        ({}, "MissingParameter", "The request is missing a required parameter `VpcName`."),
        ({"VpcName": None}, "MissingParameter", "The request is missing a required parameter `VpcName`."),
        (
            {"VpcName": "v", "Tags": [{"Value": "1"}]},
            "MissingParameter",
            "The request is missing a required parameter `Tags.0.Key`.",
        ),
        ({"VpcName": 7}, "InvalidParameter", "The type of parameter `VpcName` is not valid: it must be string."),
        (
            {"VpcName": "v", "Tags": {"Key": "k"}},
            "InvalidParameter",
            "The type of parameter `Tags` is not valid: it must be list.",
        ),
        (
            {"VpcName": "v", "Tags": ["k"]},
            "InvalidParameter",
            "The type of parameter `Tags.0` is not valid: it must be object.",
        ),
        (
            {"VpcName": "v", "EnableRouteVpcPublish": "true"},
            "InvalidParameter",
            "The type of parameter `EnableRouteVpcPublish` is not valid: it must be bool.",
        ),
    ],
)
def test_parameters_are_checked_against_the_declaration(
    call: Client, params: dict[str, Any], code: str, message: str
) -> None:
    """Unknown, missing and wrongly typed parameters are refused, also inside of lists and objects."""
    assert call.refused("vpc", "CreateVpc", **params) == (code, message)


def test_a_negative_unsigned_number_is_refused(call: Client) -> None:
    assert call.refused("vpc", "DescribeFlowLogs", Offset=-1) == (
        "InvalidParameterValue",
        "The value of parameter `Offset` must not be negative.",
    )


def test_a_boolean_is_not_a_number(call: Client) -> None:
    code, message = call.refused("vpc", "DescribeFlowLogs", Limit=True)
    assert (code, message) == ("InvalidParameter", "The type of parameter `Limit` is not valid: it must be int.")


def test_a_null_parameter_is_as_good_as_absent(call: Client) -> None:
    assert call("vpc", "DescribeFlowLogs", ResourceId=None)["TotalNum"] == 0


@pytest.mark.parametrize("body", ["not json", "[1]", '"text"'])
def test_a_body_that_is_not_an_object_is_refused(call: Client, body: str) -> None:
    client = call.sdk("vpc")
    with pytest.raises(TencentCloudSDKException) as caught:
        client.call_octet_stream("DescribeVpcs", {}, body.encode())
    assert caught.value.code == "InvalidParameter"
    assert "The request's body is not" in caught.value.message


def test_a_bug_in_an_action_is_the_platforms_internal_error(call: Client, cloud: LocalCloud) -> None:
    """No broken action takes the connection down."""

    def broken(_ctx: Any, _params: Any) -> dict[str, Any]:
        raise RuntimeError

    cloud.actions = ActionTable([Action(Service("vpc", "2017-03-12"), "DescribeVpcs", broken)])
    assert call.refused("vpc", "DescribeVpcs") == ("InternalError", "An internal error has occurred.")


def post_body(call: Client, action: str, body: bytes) -> tuple[str, str]:
    """Send a body as it is, rightly signed, and return the refusal's code and message."""
    with pytest.raises(TencentCloudSDKException) as caught:
        call.sdk("vpc").call_octet_stream(action, {}, body)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(
    "body",
    [rb'{"VpcName":"\ud800"}', rb'{"\ud800":1}', b'{"VpcName":"\xed\xa0\x80"}', b'{"VpcName":"\xff"}'],
    ids=["a value", "a name", "half a pair in bytes", "no UTF-8"],
)
def test_text_that_no_reply_could_hold_is_refused(call: Client, body: bytes) -> None:
    """Half a surrogate pair is no text: kept, it would spoil every listing that shows it."""
    assert post_body(call, "CreateVpc", body)[0] == "InvalidParameter"
    assert call("vpc", "DescribeVpcs")["TotalCount"] == 1


def test_a_whole_surrogate_pair_is_text(call: Client) -> None:
    assert call("vpc", "CreateVpc", VpcName="\U0001f9ea")["Vpc"]["VpcName"] == "\U0001f9ea"


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b'{"Limit":' + b"9" * 5_000 + b"}"])
def test_a_body_that_cannot_be_read_is_refused(call: Client, body: bytes) -> None:
    """Nested without end, or with a number without end."""
    assert post_body(call, "DescribeVpcs", body) == ("InvalidParameter", "The request's body is not JSON.")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Filters.².Name": "vpc-id"}, "InvalidParameter"),
        ({"NetworkInterfaceIds.²": "eni-00000000"}, "InvalidParameter"),
        ({f"NetworkInterfaceIds.{'1' * 5_000}": "eni-00000000"}, "InvalidParameter"),
        ({"Limit.0": "1"}, "InvalidParameter"),
        ({".".join("a" * 10_000): "deep"}, "InvalidParameter"),
    ],
    ids=["no digit", "no digit at the end", "digits without end", "a list for a number", "nested without end"],
)
def test_a_query_s_odd_names_are_refused(cloud: LocalCloud, params: dict[str, str], code: str) -> None:
    assert Client(cloud, options={"method": "GET"}).refused("vpc", "DescribeNetworkInterfaces", **params)[0] == code


@pytest.mark.parametrize("params", [{"VpcName": "v", "EnableRouteVpcPublish.0": "true"}, {"VpcName.0": "v"}])
def test_a_query_s_list_is_neither_text_nor_a_boolean(cloud: LocalCloud, params: dict[str, str]) -> None:
    assert Client(cloud, options={"method": "GET"}).refused("vpc", "CreateVpc", **params)[0] == "InvalidParameter"


def test_a_bug_before_the_action_is_the_platforms_internal_error(
    call: Client, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is, the client is answered."""
    monkeypatch.setattr(cloud.actions, "product", None)
    assert call.refused("vpc", "DescribeVpcs") == ("InternalError", "An internal error has occurred.")
