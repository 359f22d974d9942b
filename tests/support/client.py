"""Clients of the local cloud: the SDK's, and one for CMQ that signs by itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import requests
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from tests.support.services import VERSIONS

if TYPE_CHECKING:
    from localcloud import LocalCloud


@dataclass
class Client:
    """Calls the cloud as the SDK does."""

    cloud: LocalCloud
    credential: Any = None
    options: dict[str, Any] = field(default_factory=dict)
    clients: dict[tuple[str, str, str | None], Any] = field(default_factory=dict)

    def sdk(self, service: str, version: str | None = None, region: str | None = None) -> Any:
        key = (service, version or VERSIONS[service], region)
        if key not in self.clients:
            http = HttpProfile(
                protocol="http",
                endpoint=self.cloud.endpoint.removeprefix("http://"),
                reqMethod=self.options.get("method", "POST"),
                keepAlive=True,
            )
            profile = ClientProfile(
                httpProfile=http, signMethod=self.options.get("sign", "TC3-HMAC-SHA256"), language="en-US"
            )
            profile.unsignedPayload = self.options.get("unsigned", False)
            credential = self.credential or Credential(self.cloud.secret_id, self.cloud.secret_key)
            self.clients[key] = CommonClient(service, key[1], credential, region or self.cloud.region, profile)
        return self.clients[key]

    def __call__(self, service: str, action: str, region: str | None = None, /, **params: Any) -> dict[str, Any]:
        """Do one action and return its reply without the envelope."""
        reply = self.sdk(service, region=region).call_json(action, params)["Response"]
        assert isinstance(reply, dict)
        return reply

    def refused(self, service: str, action: str, region: str | None = None, /, **params: Any) -> tuple[str, str]:
        """Do one action that must be refused and return the error's code and message."""
        with pytest.raises(TencentCloudSDKException) as caught:
            self(service, action, region, **params)
        return caught.value.code, caught.value.message


@dataclass
class Cmq:
    """Calls CMQ's message API, signing as its documents say."""

    cloud: LocalCloud
    secret_id: str
    secret_key: str
    token: str = ""
    method: str = "HmacSHA256"
    content_type: str | None = "application/x-www-form-urlencoded"

    def __call__(self, action: str, /, *, timestamp: int | None = None, **fields: Any) -> dict[str, Any]:
        host = self.cloud.endpoint.removeprefix("http://")
        form = {
            "Action": action,
            "SecretId": self.secret_id,
            "Timestamp": timestamp or int(time.time()),
            "Nonce": 1,
            "RequestClient": "tests",
            "SignatureMethod": self.method,
            **({"Token": self.token} if self.token else {}),
            **{name.replace("__", "."): value for name, value in fields.items()},
        }
        text = "&".join(f"{name}={form[name]}" for name in sorted(form))
        digest = hashlib.sha256 if self.method == "HmacSHA256" else hashlib.sha1
        signature = hmac.new(self.secret_key.encode(), f"POST{host}/v2/index.php?{text}".encode(), digest).digest()
        form["Signature"] = base64.b64encode(signature).decode()
        headers = {"Content-Type": self.content_type}
        answer = requests.post(
            f"{self.cloud.endpoint}/v2/index.php", data=urlencode(form).encode(), headers=headers, timeout=40
        )
        assert answer.status_code == 200
        reply = json.loads(answer.content)
        assert isinstance(reply, dict)
        return reply
