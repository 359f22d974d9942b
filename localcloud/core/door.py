"""The v3 API at `/`: envelope, signature, limits, faults, parameters, the log and those who watch.

The order is the platform's as far as documents tell it: signature, then the limit (counted at arrival), then
permission, then parameters, then the action (permission before parameters: inferred).
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from localcloud.core import signatures
from localcloud.core.actions import Context
from localcloud.core.call_log import WriteCall
from localcloud.core.errors import ApiError, missing
from localcloud.core.exchange import Exchange
from localcloud.core.faults import Incoming
from localcloud.core.notify import notify
from localcloud.core.parameters import Params, unflatten

if TYPE_CHECKING:
    from typing_extensions import Self
    from werkzeug.wrappers import Request

    from localcloud.core.account import Caller
    from localcloud.core.actions import Action
    from localcloud.core.call_log import Call
    from localcloud.core.exchange import Cloud

COMMON = frozenset(
    {
        "Action", "Version", "Region", "Timestamp", "Nonce", "SecretId", "Signature", "SignatureMethod", "Token",
        "Language", "RequestClient",
    }
)  # fmt: skip


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


class ApiExchange(Exchange):
    """One call of the v3 API: with its limits and its parameters' check, and those who watch are told of it."""

    broken = ApiError("InternalError", "An internal error has occurred.")

    def __init__(self, cloud: Cloud, request: Request, envelope: Envelope, request_id: str) -> None:
        region = envelope.region or cloud.account.home
        incoming = Incoming(envelope.service, envelope.action, region, envelope.params)
        super().__init__(cloud, incoming, envelope.caller, request_id)
        self.request = request
        self.envelope = envelope
        self.reply: dict[str, Any] | None = None
        self.action: Action | None = None

    @classmethod
    def opened(cls, cloud: Cloud, request: Request, request_id: str) -> Self:
        """Return the call that a request's envelope tells of."""
        return cls(cloud, request, _open(cloud, request), request_id)

    def admit(self) -> None:
        """Let the call in, if there is such an action, in its region, and its limit is not reached."""
        envelope, region = self.envelope, self.incoming.region
        self.action = action = self.cloud.actions.find(envelope.service, envelope.version, envelope.action)
        if not envelope.region and action.regional:
            raise missing("Region")
        if region not in action.api.regions - self.cloud.account.behaviour.closed_regions:
            raise ApiError("UnsupportedRegion", f"The region `{region}` is not supported.")
        self.cloud.limits.arrive(envelope.action, region, self.caller.limit_key)

    def act(self) -> dict[str, Any]:
        """Do the action, if the caller may do it and its parameters are the platform's."""
        action, envelope, account = self.action, self.envelope, self.cloud.account
        assert action is not None
        refused = self.cloud.authorize(self.caller, envelope.service, envelope.action, "*")
        if refused is not None:
            raise refused
        params = action.checked(envelope.params, from_text=envelope.from_text)
        context = Context(account, account.region(self.incoming.region), self.caller, self.request_id)
        with account.lock if action.locked else nullcontext():
            self.reply = {**action.run(context, params), "RequestId": self.request_id}
        return {"Response": self.reply}

    def log(self, call: Call) -> None:
        """Write the call into the log, and tell the watchers of it if it was to change something."""
        super().log(call)
        if self.action is not None and self.action.writes and (self.reply is not None or self.error is not None):
            write = WriteCall(
                **vars(call),
                version=self.envelope.version,
                reply=self.reply,
                error=self.error if self.reply is None else None,
                source_ip=self.request.remote_addr or "",
                http_method=self.request.method,
                user_agent=self.request.headers.get("X-TC-RequestClient", ""),
            )
            notify(self.cloud.subscribers, write)


def _open(cloud: Cloud, request: Request) -> Envelope:
    in_headers = bool(request.headers.get("Authorization") or request.headers.get("X-TC-Action"))
    if in_headers:
        caller, signed_service = signatures.verify_tc3(request, cloud.account)
        told = {name: request.headers.get(f"X-TC-{name}", "") for name in ("Version", "Action", "Region")}
    else:
        told = fields_of(request)
        caller, signed_service = signatures.verify_form(request, told, cloud.account), ""
    for name in ("Version", "Action"):
        if not told.get(name):
            raise missing(name)
    service = cloud.actions.product(signed_service, told["Version"], told["Action"])
    from_text = not in_headers or request.method == "GET"
    if from_text:
        fields = request.args.to_dict() if in_headers else told
        params = unflatten({name: value for name, value in fields.items() if in_headers or name not in COMMON})
    else:
        params = _json_body(request)
    return Envelope(service, told["Version"], told["Action"], told.get("Region", ""), caller, params, from_text)


def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a query string or a form, whatever Content-Type says of it.

    The vendor's CMQ SDK sends none, its CLI application/json (both seen).
    """
    if request.method == "GET":
        return request.args.to_dict()
    return dict(parse_qsl(request.get_data(as_text=True), keep_blank_values=True))


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
