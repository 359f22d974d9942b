"""One signed API call: the SDK's CommonClient, our retry, our time budget, our errors.

CommonClient needs no generated models: a quarter of the cold start of the typed VPC client (docs/performance.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from requests import PreparedRequest, Request, RequestException, Session
from requests.adapters import HTTPAdapter
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from handler import jsontext
from handler.cloud.retry import Patience, delays
from handler.errors import CloudError, LostAnswer, OutOfTime, StaleCredentials, Throttled, Transient, error_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handler.budget import Budget
    from handler.cloud.pace import Pacer
    from handler.settings import Credentials

CALL_TIMEOUT_S = 10.0
CONNECTIONS = 32
MAX_CLIENTS = 64
"""More than there are regions. An event may name any number of others, each of which would cost 70 kB for good."""
_THROTTLE_ATTEMPTS = 1_000  # until the time budget ends it


@dataclass(frozen=True)
class Service:
    """A product of the cloud and the version of its API."""

    name: str
    version: str


VPC = Service("vpc", "2017-03-12")
SCF = Service("scf", "2018-04-16")

# Clients live as long as the process, so that their connections are kept alive between invocations.
_clients: dict[tuple[Service, str, str], CommonClient] = {}


class Api:
    """Signed calls with the keys of this invocation."""

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
        self._endpoint = endpoint
        self._read_credentials = credentials
        self._keys = credentials()
        self._budget = budget
        self._call_timeout_s = call_timeout_s

    def call(  # noqa: PLR0913 - what a call is, and the two ways in which calls differ
        self,
        service: Service,
        action: str,
        region: str,
        params: Mapping[str, Any],
        pacer: Pacer | None = None,
        *,
        again_when_lost: bool = True,
    ) -> dict[str, Any]:
        """Call an action and return its `Response`.

        Throttles are retried until the time budget ends, other transient errors a few times, stale keys once. Whether a
        call is made again whose answer was lost, `again_when_lost` says.

        Raises:
            CloudError: the call failed for good; the subclass says what that means.
        """
        throttled = Patience(self._budget.wait, delays(_THROTTLE_ATTEMPTS))
        transient = Patience(self._budget.wait)
        last: CloudError | None = None
        while True:
            try:
                return self._with_fresh_keys(service, action, region, params, pacer)
            except OutOfTime as error:
                reason = last or error  # what was in the way until then says more
                reason.unfinished = True
                raise reason from None
            except (Throttled, Transient) as error:
                if isinstance(error, LostAnswer) and not again_when_lost:
                    raise
                patience = transient
                if isinstance(error, Throttled):  # then the server works: its own trouble is counted anew
                    patience, transient = throttled, Patience(self._budget.wait)
                if not patience.again():
                    error.unfinished = patience.out_of_time
                    raise
                last = error

    def _with_fresh_keys(
        self, service: Service, action: str, region: str, params: Mapping[str, Any], pacer: Pacer | None
    ) -> dict[str, Any]:
        try:
            return self._paced(service, action, region, params, pacer)
        except StaleCredentials:
            self._keys = self._read_credentials()
            return self._paced(service, action, region, params, pacer)

    def _paced(
        self, service: Service, action: str, region: str, params: Mapping[str, Any], pacer: Pacer | None
    ) -> dict[str, Any]:
        if self._budget.left() <= 0 or (pacer and not pacer.wait_turn(self._budget.wait)):
            raise OutOfTime("OutOfTime", f"the invocation's time ran out before {action} could be called")
        try:
            response = self._once(service, action, region, params)
        except Throttled:
            if pacer:
                pacer.slow_down()
            raise
        if pacer:
            pacer.accepted()
        return response

    def _once(self, service: Service, action: str, region: str, params: Mapping[str, Any]) -> dict[str, Any]:
        client = self._client(service, region)
        try:
            reply = client.call_json(action, dict(params))
        except TencentCloudSDKException as error:
            if error.code == "ServerNetworkError":
                raise _server_error(error, action) from None
            raise error_for(_text(error.code), _text(error.message), _text(error.requestId)) from None
        except (RequestException, ValueError, KeyError, TypeError, RecursionError) as error:
            # The SDK reads the body outside its own error handling: a reply cut short comes out raw.
            raise LostAnswer("ClientNetworkError", f"{action}: unreadable reply ({type(error).__name__})") from None
        return _response_of(reply, action)

    def _client(self, service: Service, region: str) -> CommonClient:
        key = (service, region, self._endpoint)
        client = _clients.get(key)
        if client is None:
            if len(_clients) >= MAX_CLIENTS:
                _clients.clear()
            client = _clients.setdefault(key, _new_client(service, region, self._endpoint, self._keys))
        if client.credential.get_credential_info() != _info(self._keys):
            client.credential = Credential(*_info(self._keys))
        client.request.conn.timeout = max(0.2, min(self._call_timeout_s, self._budget.left()))
        return client


def _new_client(service: Service, region: str, endpoint: str, keys: Credentials) -> CommonClient:
    scheme, _, host = endpoint.rpartition("://")
    http = HttpProfile(protocol=scheme or "https", endpoint=host.rstrip("/") or None, keepAlive=True)
    profile = ClientProfile(httpProfile=http, language="en-US", request_client="eni-flowlog")
    client = CommonClient(service.name, service.version, Credential(*_info(keys)), region, profile)
    client.request.conn._session = _Session()  # noqa: SLF001 - there is no other way to give it one
    return client


class _Session(Session):
    """What the SDK sends its calls over: more connections than its ten, and no work that a call does not need."""

    def __init__(self) -> None:
        super().__init__()
        adapter = HTTPAdapter(pool_maxsize=CONNECTIONS)
        for prefix in ("https://", "http://"):
            self.mount(prefix, adapter)
        # The SDK has read the proxies already; requests would look for them, and for ~/.netrc, at each call.
        self.trust_env = False
        self._headers = dict(self.headers)

    def prepare_request(self, request: Request) -> PreparedRequest:
        """The request as the SDK made it: there are no cookies, parameters or hooks of a session to merge with it."""
        prepared = PreparedRequest()
        headers = {**self._headers, **request.headers}
        prepared.prepare(method=request.method, url=request.url, headers=headers, data=request.data)
        return prepared


def _info(keys: Credentials) -> tuple[str, str, str | None]:
    return keys.secret_id, keys.secret_key, keys.token or None


def _server_error(error: TencentCloudSDKException, action: str) -> CloudError:
    """What an answer with another status than 200 says, if it is an answer of the API at all."""
    try:
        _response_of(jsontext.parse(error.message), action)
    except LostAnswer:
        pass
    except CloudError as inside:
        return inside
    except (jsontext.NotJson, TypeError):
        pass
    return error_for(_text(error.code), _text(error.message), _text(error.requestId))


def _text(value: object) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
    return text[:500]


def _response_of(reply: Any, action: str) -> dict[str, Any]:
    """The reply's content. The SDK skips its error check when the Content-Type has a charset, so it is checked here."""
    response = reply.get("Response") if isinstance(reply, dict) else None
    if not isinstance(response, dict):
        raise LostAnswer("ClientNetworkError", f"{action}: a reply without Response")
    error = response.get("Error")
    if error is not None and not isinstance(error, dict):
        raise LostAnswer("ClientNetworkError", f"{action}: an Error that is no object")
    if error is not None:
        request_id = _text(response.get("RequestId"))
        raise error_for(_text(error.get("Code")), _text(error.get("Message")), request_id)
    return response
