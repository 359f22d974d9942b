"""The door of CMQ's message API at `/v2/index.php`: form fields, HmacSHA1 or HmacSHA256, numeric codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from localcloud import auth
from localcloud.calls import Call
from localcloud.cam.authority import MESSAGE_API
from localcloud.errors import ApiError, CmqError, DroppedConnection
from localcloud.faults import CMQ, Incoming, Reply
from localcloud.tdmq import messages

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from localcloud.account import Caller
    from localcloud.cloud import LocalCloud

_COMMON = frozenset(
    {"Action", "SecretId", "Token", "Timestamp", "Nonce", "RequestClient", "SignatureMethod", "Signature", "Region"}
)


def serve(cloud: LocalCloud, request: Request) -> Reply:
    """Answer one request of the message API.

    Raises:
        DroppedConnection: A fault says so.
    """
    request_id = cloud.account.ids.uuid()
    fields = (request.args if request.method == "GET" else request.form).to_dict()
    try:
        caller = _caller(cloud, request, fields)
    except CmqError as error:
        return _as_reply(error.body(request_id))
    return _exchange(cloud, caller, fields, request_id)


def _caller(cloud: LocalCloud, request: Request, fields: dict[str, str]) -> Caller:
    try:
        return auth.verify_form(request, fields, cloud.account)
    except ApiError as error:
        code = messages.UNAUTHENTICATED if error.code.startswith("AuthFailure") else messages.BAD_PARAMETER
        raise CmqError(code, error.message) from None


def _exchange(cloud: LocalCloud, caller: Caller, fields: dict[str, str], request_id: str) -> Reply:
    action = fields.get("Action", "")
    arrived = cloud.account.now()
    params = {name: value for name, value in fields.items() if name not in _COMMON}
    code: str | None = None
    answered = True

    def proceed() -> Reply:
        nonlocal code
        try:
            _authorize(cloud, caller, action, params.get("queueName", ""))
            done = messages.run(cloud.account, action, params)
        except CmqError as refused:
            code = str(refused.code)
            return _as_reply(refused.body(request_id))
        return _as_reply({"code": 0, "message": "", "requestId": request_id, **done})

    try:
        cloud.linger()
        return cloud.faults.around(Incoming(CMQ, action, cloud.account.home), proceed)
    except CmqError as refused:
        code = str(refused.code)
        return _as_reply(refused.body(request_id))
    except DroppedConnection:
        answered = False
        raise
    finally:
        cloud.calls.add(
            Call(CMQ, action, cloud.account.home, dict(params), caller, code, answered, arrived, request_id)
        )


def _authorize(cloud: LocalCloud, caller: Caller, action: str, queue: str) -> None:
    refused = cloud.authorize(caller, MESSAGE_API, action, queue)
    if refused is not None:
        raise CmqError(messages.UNAUTHENTICATED, refused.message)


def _as_reply(body: dict[str, object]) -> Reply:
    return Reply(json.dumps(body, ensure_ascii=False).encode())
