"""Who may call: TC3 signatures and their variants, forms, temporary keys."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from tests.support.client import Client

if TYPE_CHECKING:
    from localcloud import LocalCloud


def signed_headers(  # the documented algorithm, written again from the document
    cloud: LocalCloud,
    *,
    host: str = "",
    sign_host: str = "",
    timestamp: int | None = None,
    lower: bool = False,
    body: bytes = b"{}",
    date: str = "",
) -> dict[str, str]:
    host = host or cloud.endpoint.removeprefix("http://")
    stamp = str(timestamp or int(time.time()))
    date = date or time.strftime("%Y-%m-%d", time.gmtime(int(stamp)))
    names = "content-type;host;x-tc-action"
    action = "describevpcs" if lower else "DescribeVpcs"
    headers = f"content-type:application/json\nhost:{sign_host or host}\nx-tc-action:{action}\n"
    digest = hashlib.sha256(body).hexdigest()
    canonical = f"POST\n/\n\n{headers}\n{names}\n{digest}"
    scope = f"{date}/vpc/tc3_request"
    text = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"TC3" + cloud.secret_key.encode()
    for part in (date, "vpc", "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return {
        "Host": host,
        "Content-Type": "application/json",
        "X-TC-Action": "DescribeVpcs",
        "X-TC-Version": "2017-03-12",
        "X-TC-Region": "ap-guangzhou",
        "X-TC-Timestamp": stamp,
        "Authorization": f"TC3-HMAC-SHA256 Credential={cloud.secret_id}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}",
    }


def post(cloud: LocalCloud, headers: dict[str, str], body: bytes = b"{}") -> dict[str, Any]:
    reply = requests.post(cloud.endpoint, data=body, headers=headers, timeout=10).json()["Response"]
    assert isinstance(reply, dict)
    return reply


def code_of(reply: dict[str, Any]) -> str:
    return str(reply["Error"]["Code"])


@pytest.mark.parametrize("sent", ["{host}", "http://{host}"])
@pytest.mark.parametrize("signed", ["{host}", "127.0.0.1"])
def test_the_host_may_be_signed_as_clients_spell_it(cloud: LocalCloud, sent: str, signed: str) -> None:
    """The SDK signs host and port, tccli sends and signs a scheme too, the Node SDK leaves out the port."""
    host = cloud.endpoint.removeprefix("http://")
    headers = signed_headers(cloud, host=sent.format(host=host), sign_host=signed.format(host=host))
    assert post(cloud, headers)["TotalCount"] == 1


def test_the_scheme_may_be_part_of_the_signed_host(cloud: LocalCloud) -> None:
    headers = signed_headers(cloud, host=cloud.endpoint, sign_host=cloud.endpoint)
    assert post(cloud, headers)["TotalCount"] == 1


def test_signed_header_values_may_be_in_lower_case(cloud: LocalCloud) -> None:
    """The document lowers them, the SDK does not."""
    assert post(cloud, signed_headers(cloud, lower=True))["TotalCount"] == 1


def test_another_host_in_the_signature_is_refused(cloud: LocalCloud) -> None:
    headers = signed_headers(cloud, host=cloud.endpoint, sign_host="vpc.tencentcloudapi.com")
    assert code_of(post(cloud, headers)) == "AuthFailure.SignatureFailure"


def test_a_signature_of_another_day_than_its_timestamp_is_refused(cloud: LocalCloud) -> None:
    reply = post(cloud, signed_headers(cloud, date="2020-01-01"))
    assert code_of(reply) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize("age", [-301, 330])  # those of the future come nearer while the call is made
def test_a_signature_more_than_five_minutes_off_is_expired(cloud: LocalCloud, age: int) -> None:
    headers = signed_headers(cloud, timestamp=int(time.time()) + age)
    reply = post(cloud, headers)
    assert code_of(reply) == "AuthFailure.SignatureExpire"
    assert "differ by more than 300 seconds" in reply["Error"]["Message"]


@pytest.mark.parametrize(
    "timestamp", ["\xb2", "9" * 5_000, "soon", "-1"], ids=["no digit", "endless", "word", "negative"]
)
def test_a_timestamp_that_is_no_number_is_refused(cloud: LocalCloud, timestamp: str) -> None:
    headers = signed_headers(cloud)
    reply = post(cloud, {**headers, "X-TC-Timestamp": timestamp.encode("latin-1")})  # type: ignore[dict-item]
    assert (code_of(reply), "Timestamp" in reply["Error"]["Message"]) == ("InvalidParameter", True)


def test_a_signature_four_minutes_old_is_good(cloud: LocalCloud) -> None:
    headers = signed_headers(cloud, timestamp=int(time.time()) - 240)
    assert post(cloud, headers)["TotalCount"] == 1


def test_a_missing_version_is_told_before_the_body_is_read(cloud: LocalCloud) -> None:
    headers = signed_headers(cloud, body=b"not JSON")
    del headers["X-TC-Version"]
    reply = post(cloud, headers, b"not JSON")
    assert reply["Error"]["Message"] == "The request is missing a required parameter `Version`."


def test_another_body_than_the_signed_one_is_refused(cloud: LocalCloud) -> None:
    headers = signed_headers(cloud)
    assert code_of(post(cloud, headers, b'{"Limit":"5"}')) == "AuthFailure.SignatureFailure"


def test_a_call_without_signature_is_refused(cloud: LocalCloud) -> None:
    reply = post(cloud, {"X-TC-Action": "DescribeVpcs", "X-TC-Version": "2017-03-12"})
    assert code_of(reply) == "AuthFailure.SignatureFailure"
    assert code_of(post(cloud, {"Authorization": "SKIP"})) == "AuthFailure.SignatureFailure"


def test_a_wrong_key_is_refused(cloud: LocalCloud) -> None:
    client = Client(cloud, Credential(cloud.secret_id, "wrong"))
    assert client.refused("vpc", "DescribeVpcs") == (
        "AuthFailure.SignatureFailure",
        "The provided credentials could not be validated. Please check your signature is correct.",
    )


def test_an_unknown_key_id_is_refused(cloud: LocalCloud) -> None:
    client = Client(cloud, Credential("AKIDnobody", cloud.secret_key))
    assert client.refused("vpc", "DescribeVpcs") == (
        "AuthFailure.SecretIdNotFound",
        "The SecretId is not found, please ensure that your SecretId is correct.",
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"unsigned": True},
        {"method": "GET"},
        {"sign": "HmacSHA1"},
        {"sign": "HmacSHA256"},
        {"sign": "HmacSHA256", "method": "GET"},
    ],
    ids=str,
)
def test_every_way_the_sdk_signs_is_understood(cloud: LocalCloud, options: dict[str, Any]) -> None:
    """Nested parameters come through each of them, numbers and booleans too."""
    client = Client(cloud, options=options)
    interface = cloud.seed_interface(cloud.region, tags={"team": "net work"})
    filters = [{"Name": "tag:team", "Values": ["net work"]}, {"Name": "is-primary", "Values": ["false"]}]
    reply = client("vpc", "DescribeNetworkInterfaces", Filters=filters, Limit=5)
    assert [one["NetworkInterfaceId"] for one in reply["NetworkInterfaceSet"]] == [interface]
    made = client("vpc", "CreateVpc", VpcName="v", EnableRouteVpcPublish=True)
    assert made["Vpc"]["VpcName"] == "v"


@pytest.mark.parametrize("options", [{}, {"sign": "HmacSHA1"}], ids=str)
def test_temporary_keys_need_their_token(cloud: LocalCloud, options: dict[str, Any]) -> None:
    keys = cloud.issue_keys("local-role", 3600)
    good = Client(cloud, Credential(keys.secret_id, keys.secret_key, keys.token), options)
    assert good("vpc", "DescribeVpcs")["TotalCount"] == 1
    for token in (None, "another"):
        bad = Client(cloud, Credential(keys.secret_id, keys.secret_key, token), options)
        assert bad.refused("vpc", "DescribeVpcs") == ("AuthFailure.TokenFailure", "The token is wrong or has expired.")


def test_temporary_keys_end(cloud: LocalCloud) -> None:
    keys = cloud.issue_keys("local-role", 3600)
    client = Client(cloud, Credential(keys.secret_id, keys.secret_key, keys.token))
    assert client("vpc", "DescribeVpcs")["TotalCount"] == 1
    cloud.clock.advance(3600)
    assert client.refused("vpc", "DescribeVpcs")[0] == "AuthFailure.TokenFailure"


def test_a_token_on_permanent_keys_is_refused(cloud: LocalCloud) -> None:
    client = Client(cloud, Credential(cloud.secret_id, cloud.secret_key, "token"))
    assert client.refused("vpc", "DescribeVpcs")[0] == "AuthFailure.TokenFailure"


@pytest.mark.parametrize("method", ["HmacSHA1", "HmacSHA256", "HmacMD5"])
def test_a_form_with_a_wrong_signature_is_refused(cloud: LocalCloud, method: str) -> None:
    """Whatever its method, one that there is not as well."""
    form = {
        "SignatureMethod": method,
        "Action": "DescribeVpcs",
        "Version": "2017-03-12",
        "SecretId": cloud.secret_id,
        "Timestamp": str(int(time.time())),
        "Signature": "bm90IHRoZSBzaWduYXR1cmU=",
    }
    reply = json.loads(requests.post(cloud.endpoint, data=form, timeout=10).content)["Response"]
    assert code_of(reply) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(("stamp", "code"), [("soon", "InvalidParameter"), ("", "MissingParameter")])
def test_a_timestamp_that_is_none_is_refused(cloud: LocalCloud, stamp: str, code: str) -> None:
    form = {"Action": "DescribeVpcs", "Version": "2017-03-12", "SecretId": cloud.secret_id, "Timestamp": stamp}
    reply = json.loads(requests.post(cloud.endpoint, data=form, timeout=10).content)["Response"]
    assert code_of(reply) == code


def test_the_node_sdk_signs_a_part_of_the_address_as_the_service(cloud: LocalCloud) -> None:
    """It takes the endpoint's first part for the product: "127" at 127.0.0.1. The action and its version tell."""
    reply = Client(cloud).sdk("127", "2017-03-12", cloud.region).call_json("DescribeVpcs", {})
    assert reply["Response"]["TotalCount"] >= 1


def test_a_product_that_there_is_not(cloud: LocalCloud) -> None:
    """Any other name is taken at its word."""
    with pytest.raises(TencentCloudSDKException, match="NoSuchProduct"):
        Client(cloud).sdk("vpx", "2017-03-12", cloud.region).call_json("DescribeVpcs", {})
