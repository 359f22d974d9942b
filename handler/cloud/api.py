"""One signed API call: the SDK's CommonClient, our retry, our time budget, our errors.

CommonClient needs no generated models: a quarter of the cold start of the typed VPC client (docs/performance.md).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from handler import jsontext
from handler.cloud.connection import Connection
from handler.cloud.retry import Patience, delays
from handler.errors import CloudError, OutOfTime, StaleCredentials, Throttled, Transient, error_for
from handler.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handler.budget import Budget
    from handler.cloud.pace import Pacer
    from handler.settings import Credentials

CALL_TIMEOUT_S = 10.0
MAX_CLIENTS = 64
"""More than there are regions. An event may name any number of others."""
_THROTTLE_ATTEMPTS = 1_000  # until the time budget ends it


@dataclass(frozen=True)
class Service:
    """A product of the cloud and the version of its API."""

    name: str
    version: str


VPC = Service("vpc", "2017-03-12")
SCF = Service("scf", "2018-04-16")


@dataclass(frozen=True)
class _Call:
    """What is called; the pacer says when it may be sent."""

    service: Service
    action: str
    region: str
    params: Mapping[str, Any]
    pacer: Pacer | None


class Api:
    """Signed calls with the keys of this invocation.

    Attributes:
        budget: the time of this invocation.
    """

    def __init__(
        self,
        endpoint: str,
        credentials: Callable[[], Credentials],
        budget: Budget,
        call_timeout_s: float = CALL_TIMEOUT_S,
    ) -> None:
        """Take the keys now.

        Args:
            endpoint: another API address than the cloud's own, or empty.
            credentials: reads the keys; asked again when the cloud says that they are stale.
            budget: the time of this invocation.
            call_timeout_s: how long one answer may take, in seconds.
        """
        self._read_credentials = credentials
        self._keys = credentials()
        self.budget = budget
        # Not a method of this: the cache would hold it, its keys and itself until a garbage collection.
        self._client = lru_cache(MAX_CLIENTS)(partial(_new_client, endpoint, Connection(budget, call_timeout_s)))

    def call(
        self, service: Service, action: str, region: str, params: Mapping[str, Any], pacer: Pacer | None = None
    ) -> dict[str, Any]:
        """Call an action and return its `Response`.

        Throttles are retried until the time budget ends, other transient errors a few times, stale keys once.

        Raises:
            CloudError: the call failed for good; the subclass says what that means.
        """
        return self._retried(_Call(service, action, region, params, pacer), again_when_lost=True)

    def call_unless_lost(
        self, service: Service, action: str, region: str, params: Mapping[str, Any], pacer: Pacer | None = None
    ) -> dict[str, Any]:
        """The same for an action that must not be done twice: a call that may have taken effect is not made again.

        Raises:
            Transient: it may have taken effect.
            CloudError: see `call`.
        """
        return self._retried(_Call(service, action, region, params, pacer), again_when_lost=False)

    def _retried(self, call: _Call, *, again_when_lost: bool) -> dict[str, Any]:
        throttled = Patience(self.budget.wait, delays(_THROTTLE_ATTEMPTS))
        transient = Patience(self.budget.wait)
        last: CloudError | None = None
        while True:
            try:
                return self._with_fresh_keys(call)
            except OutOfTime as error:
                reason = last or error  # what was in the way until then says more
                reason.unfinished = True
                raise reason from None
            except (Throttled, Transient) as error:
                if isinstance(error, Transient) and not again_when_lost:
                    raise
                patience = transient
                if isinstance(error, Throttled):  # then the server works: its own trouble is counted anew
                    patience, transient = throttled, Patience(self.budget.wait)
                if not patience.again():
                    error.unfinished = patience.out_of_time
                    raise
                last = error

    def _with_fresh_keys(self, call: _Call) -> dict[str, Any]:
        try:
            return self._paced(call)
        except StaleCredentials:
            self._keys = self._read_credentials()
            return self._paced(call)

    def _paced(self, call: _Call) -> dict[str, Any]:
        if self.budget.left() <= 0 or (call.pacer and not call.pacer.wait_turn(self.budget.wait)):
            raise OutOfTime("OutOfTime", f"the invocation's time ran out before {call.action} could be called")
        try:
            response = self._once(call)
        except Throttled:
            if call.pacer:
                call.pacer.slow_down()
            raise
        if call.pacer:
            call.pacer.accepted()
        return response

    def _once(self, call: _Call) -> dict[str, Any]:
        client = self._client(call.service, call.region, self._keys)
        try:
            reply = jsontext.parse(client.call(call.action, dict(call.params)))
        except TencentCloudSDKException as error:
            if error.code == "ServerNetworkError":  # another status than 200, with what may be an answer of the API
                with suppress(Transient):
                    _response_of(jsontext.said(error.message), call.action)
            raise error_for(_text(error.code), _text(error.message), _text(error.requestId)) from None
        except jsontext.NotJson as error:
            raise Transient("ClientNetworkError", f"{call.action}: unreadable reply ({error})") from None
        return _response_of(reply, call.action)


def _new_client(
    endpoint: str, connection: Connection, service: Service, region: str, keys: Credentials
) -> CommonClient:
    scheme, _, host = endpoint.rpartition("://")
    http = HttpProfile(protocol=scheme or "https", endpoint=host.rstrip("/") or None, keepAlive=True)
    profile = ClientProfile(httpProfile=http, language="en-US", request_client="eni-flowlog")
    credential = Credential(keys.secret_id, keys.secret_key, keys.token or None)
    client = CommonClient(service.name, service.version, credential, region, profile)
    client.request.conn = connection
    return client


def _text(value: object) -> str:
    """Words of the cloud, which may repeat what it was sent. They are cut only when they are redacted."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
    return str(redact(text))[:500]


def _response_of(reply: Any, action: str) -> dict[str, Any]:
    """The reply's content. The SDK checks for an error only under two exact content types, so it is done here."""
    response = reply.get("Response") if isinstance(reply, dict) else None
    if not isinstance(response, dict):
        raise Transient("ClientNetworkError", f"{action}: a reply without Response")
    error = response.get("Error")
    if error is None:
        return response
    if not isinstance(error, dict) or not error.get("Code"):
        raise Transient("ClientNetworkError", f"{action}: an Error without Code")
    raise error_for(_text(error["Code"]), _text(error.get("Message")), _text(response.get("RequestId")))
