"""The v3 API at `/`: envelope, signature, limits, faults, parameters, the log and those who watch.

The order is the platform's as far as documents tell it: signature, then the limit (counted at arrival), then
permission, then parameters, then the action (permission before parameters: inferred).
"""

from __future__ import annotations

import json
import logging
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl

from localcloud.core import signatures
from localcloud.core.actions import Context
from localcloud.core.call_log import Call, WriteCall
from localcloud.core.errors import ApiError, DroppedConnection, internal_error, missing
from localcloud.core.faults import Incoming, Reply, as_json
from localcloud.core.notify import notify
from localcloud.core.parameters import Params, unflatten

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request

    from localcloud.core.account import Account, Caller
    from localcloud.core.actions import Action, ActionTable
    from localcloud.core.call_log import CallLog
    from localcloud.core.faults import Faults
    from localcloud.core.limits import Limits

_LOG = logging.getLogger("localcloud")
COMMON = frozenset(
    {
        "Action", "Version", "Region", "Timestamp", "Nonce", "SecretId", "Signature", "SignatureMethod", "Token",
        "Language", "RequestClient",
    }
)  # fmt: skip


class Cloud(Protocol):
    """What the doors need of the cloud behind them: its state, its log, its switches, and who watches."""

    account: Account
    actions: ActionTable
    calls: CallLog
    faults: Faults
    limits: Limits
    subscribers: list[Callable[[WriteCall], None]]
    authorize: Callable[[Caller, str, str, str], ApiError | None]

    def linger(self) -> None:
        """Take the time one call takes."""


@dataclass(frozen=True)
class Envelope:
    """A call as its envelope tells it.

    Attributes:
        region: Empty if it names none.
        from_text: Its values are all text, from a form or a query string.
    """

    service: str
    version: str
    action: str
    region: str
    caller: Caller
    params: Params
    from_text: bool


def serve(cloud: Cloud, request: Request) -> Reply:
    """Answer one request of the v3 API.

    Raises:
        DroppedConnection: A fault says so.
    """
    request_id = cloud.account.ids.uuid()
    try:
        return _Exchange(cloud, request, _open(cloud, request), request_id).run()
    except ApiError as error:
        return _as_reply(error.body(request_id))
    except DroppedConnection:
        raise
    except Exception:  # noqa: BLE001  whatever goes wrong in here, the client gets an answer
        _LOG.exception("the request %s failed", request_id)
        return _as_reply(internal_error().body(request_id))


class _Exchange:
    """One call on its way through the cloud. Its action may have a reply or an error, whatever the client is told."""

    def __init__(self, cloud: Cloud, request: Request, envelope: Envelope, request_id: str) -> None:
        self.cloud = cloud
        self.request = request
        self.envelope = envelope
        self.request_id = request_id
        self.region = envelope.region or cloud.account.home
        self.arrived = cloud.account.now()
        self.reply: dict[str, Any] | None = None
        self.error: ApiError | None = None
        self.action: Action | None = None

    def run(self) -> Reply:
        """Do the call with its limits and faults, log it, tell the watchers, and return what goes over the wire.

        Raises:
            ApiError: It is refused before its action, or a fault says so.
            DroppedConnection: A fault says so.
        """
        envelope = self.envelope
        answered = True
        try:
            self.action = self.cloud.actions.find(envelope.service, envelope.version, envelope.action)
            self._check_region()
            self.cloud.limits.arrive(envelope.action, self.region, envelope.caller.limit_key)
            self.cloud.linger()
            incoming = Incoming(envelope.service, envelope.action, self.region, envelope.params)
            return self.cloud.faults.around(incoming, self._proceed)
        except ApiError as refused:
            self.error = refused
            raise
        except DroppedConnection:
            answered = False
            raise
        finally:
            self._record(answered=answered)

    def _proceed(self) -> Reply:
        try:
            self.reply = {**self._do(), "RequestId": self.request_id}
            return _as_reply({"Response": self.reply})
        except ApiError as refused:
            self.error = refused
        except Exception:  # noqa: BLE001  whatever goes wrong in here, the client gets the platform's InternalError
            _LOG.exception("%s.%s failed", self.envelope.service, self.envelope.action)
            self.error = internal_error()
        return _as_reply(self.error.body(self.request_id))

    def _do(self) -> dict[str, Any]:
        action, envelope, account = self.action, self.envelope, self.cloud.account
        assert action is not None
        refused = self.cloud.authorize(envelope.caller, envelope.service, envelope.action, "*")
        if refused is not None:
            raise refused
        params = action.checked(envelope.params, from_text=envelope.from_text)
        context = Context(account, account.region(self.region), envelope.caller, self.request_id)
        with account.lock if action.locked else nullcontext():
            return action.run(context, params)

    def _check_region(self) -> None:
        assert self.action is not None
        if not self.envelope.region and self.action.regional:
            raise missing("Region")
        if self.region not in self.action.regions - self.cloud.account.behaviour.closed_regions:
            raise ApiError("UnsupportedRegion", f"The region `{self.region}` is not supported.")

    def _record(self, *, answered: bool) -> None:
        envelope, error = self.envelope, self.error
        call = Call(
            service=envelope.service,
            action=envelope.action,
            region=self.region,
            params=envelope.params,
            caller=envelope.caller,
            code=error.code if error else None,
            answered=answered,
            time=self.arrived,
            request_id=self.request_id,
        )
        self.cloud.calls.add(call)
        if self.action is not None and self.action.writes and (self.reply is not None or error is not None):
            write = WriteCall(
                **vars(call),
                version=envelope.version,
                reply=self.reply,
                error=error if self.reply is None else None,
                source_ip=self.request.remote_addr or "",
                http_method=self.request.method,
                user_agent=self.request.headers.get("X-TC-RequestClient", ""),
            )
            notify(self.cloud.subscribers, write)


def _open(cloud: Cloud, request: Request) -> Envelope:
    if request.headers.get("Authorization") or request.headers.get("X-TC-Action"):
        return _open_tc3(cloud, request)
    return _open_form(cloud, request)


def _open_tc3(cloud: Cloud, request: Request) -> Envelope:
    caller, signed_service = signatures.verify_tc3(request, cloud.account)
    headers = request.headers
    from_text = request.method == "GET"
    version, action = _required(headers.get("X-TC-Version"), "Version"), _required(headers.get("X-TC-Action"), "Action")
    return Envelope(
        service=cloud.actions.product(signed_service, version, action),
        version=version,
        action=action,
        region=headers.get("X-TC-Region", ""),
        caller=caller,
        params=unflatten(request.args.to_dict()) if from_text else _json_body(request),
        from_text=from_text,
    )


def _open_form(cloud: Cloud, request: Request) -> Envelope:
    fields = fields_of(request)
    caller = signatures.verify_form(request, fields, cloud.account)
    version, action = _required(fields.get("Version"), "Version"), _required(fields.get("Action"), "Action")
    return Envelope(
        service=cloud.actions.service_of(version, action),
        version=version,
        action=action,
        region=fields.get("Region", ""),
        caller=caller,
        params=unflatten({name: value for name, value in fields.items() if name not in COMMON}),
        from_text=True,
    )


def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a query string or a form, whatever Content-Type says of it.

    The vendor's CMQ SDK sends none, its CLI application/json (both seen).
    """
    if request.method == "GET":
        return request.args.to_dict()
    return dict(parse_qsl(request.get_data(as_text=True), keep_blank_values=True))


def _required(value: str | None, name: str) -> str:
    if not value:
        raise missing(name)
    return value


def _json_body(request: Request) -> Params:
    try:
        params = json.loads(request.get_data().decode() or "{}")
        json.dumps(params, ensure_ascii=False).encode()
    except UnicodeError:  # also half of a surrogate pair, "\\ud800": once kept, no reply that shows it could be sent
        raise ApiError("InvalidParameter", "The request's body holds what is not Unicode text.") from None
    except (ValueError, RecursionError):
        raise ApiError("InvalidParameter", "The request's body is not JSON.") from None
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise ApiError("InvalidParameter", "The request's body is not a JSON object.")
    return params


def _as_reply(body: dict[str, Any]) -> Reply:
    return Reply(as_json(body))
