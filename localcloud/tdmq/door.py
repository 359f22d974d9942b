"""The door of CMQ's message API at `/v2/index.php`: form fields, HmacSHA1 or HmacSHA256, numeric codes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from localcloud.core import signatures
from localcloud.core.call_log import Call
from localcloud.core.door import COMMON, fields_of
from localcloud.core.errors import ApiError, CmqError, DroppedConnection
from localcloud.core.faults import CMQ, Incoming, Reply, as_json
from localcloud.tdmq import messages
from localcloud.tdmq.queues import resource_of

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from localcloud.core.account import Caller
    from localcloud.core.door import Cloud

_LOG = logging.getLogger("localcloud")


def serve(cloud: Cloud, request: Request) -> Reply:
    """Answer one request of the message API.

    Raises:
        DroppedConnection: A fault says so.
    """
    request_id = cloud.account.ids.uuid()
    try:
        fields = fields_of(request)
        return _exchange(cloud, _caller(cloud, request, fields), fields, request_id)
    except CmqError as error:
        return _as_reply(error.body(request_id))
    except DroppedConnection:
        raise
    except Exception:  # noqa: BLE001  whatever goes wrong in here, the client gets an answer
        return _as_reply(_server_error(f"the request {request_id}").body(request_id))


def _caller(cloud: Cloud, request: Request, fields: dict[str, str]) -> Caller:
    try:
        return signatures.verify_form(request, fields, cloud.account)
    except ApiError as error:
        code = messages.UNAUTHENTICATED if error.code.startswith("AuthFailure") else messages.BAD_PARAMETER
        raise CmqError(code, error.message) from None


def _exchange(cloud: Cloud, caller: Caller, fields: dict[str, str], request_id: str) -> Reply:
    """Do the call with its faults and log it, with the code of what it came to, whatever the client is told."""
    action, arrived = fields.get("Action", ""), cloud.account.now()
    params = {name: value for name, value in fields.items() if name not in COMMON}
    codes: list[int] = []
    answered = True

    def refuse(error: CmqError) -> Reply:
        codes.append(error.code)
        return _as_reply(error.body(request_id))

    def proceed() -> Reply:
        try:
            _authorize(cloud, caller, action, params.get("queueName", ""))
            done = messages.run(cloud.account, action, params)
        except CmqError as error:
            return refuse(error)
        except Exception:  # noqa: BLE001  a bug in an action is the platform's server error
            return refuse(_server_error(action))
        return _as_reply({"code": 0, "message": "", "requestId": request_id, **done})

    try:
        cloud.linger()
        return cloud.faults.around(Incoming(CMQ, action, cloud.account.home), proceed)
    except CmqError as error:
        return refuse(error)
    except DroppedConnection:
        answered = False
        raise
    finally:
        cloud.calls.add(
            Call(
                service=CMQ,
                action=action,
                region=cloud.account.home,
                params=params,
                caller=caller,
                code=str(codes[-1]) if codes else None,
                answered=answered,
                time=arrived,
                request_id=request_id,
            )
        )


def _authorize(cloud: Cloud, caller: Caller, action: str, queue: str) -> None:
    service = cloud.account.behaviour.queue_service
    refused = cloud.authorize(caller, service, action, resource_of(cloud.account, service, queue))
    if refused is not None:
        raise CmqError(messages.UNAUTHENTICATED, refused.message)


def _server_error(what: str) -> CmqError:
    _LOG.exception("%s failed", what)
    return CmqError(messages.SERVER_ERROR, "server error")


def _as_reply(body: dict[str, object]) -> Reply:
    return Reply(as_json(body))
