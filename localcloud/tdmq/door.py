"""The door of CMQ's message API at `/v2/index.php`: form fields, HmacSHA1 or HmacSHA256, numeric codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.core import signatures
from localcloud.core.door import COMMON, fields_of
from localcloud.core.errors import ApiError, CmqError
from localcloud.core.exchange import Exchange
from localcloud.core.faults import CMQ, Incoming
from localcloud.tdmq import messages
from localcloud.tdmq.queues import resource_of

if TYPE_CHECKING:
    from typing_extensions import Self
    from werkzeug.wrappers import Request

    from localcloud.core.exchange import Cloud


class CmqExchange(Exchange):
    """One call of the message API. It has no region of its own: it is logged as one to the home region."""

    broken = CmqError(messages.SERVER_ERROR, "server error")

    @classmethod
    def opened(cls, cloud: Cloud, request: Request, request_id: str) -> Self:
        """Return the call that a request's fields spell."""
        fields = fields_of(request)
        try:
            caller = signatures.verify_form(request, fields, cloud.account)
        except ApiError as error:
            code = messages.UNAUTHENTICATED if error.code.startswith("AuthFailure") else messages.BAD_PARAMETER
            raise CmqError(code, error.message) from None
        params = {name: value for name, value in fields.items() if name not in COMMON}
        return cls(cloud, Incoming(CMQ, fields.get("Action", ""), cloud.account.home, params), caller, request_id)

    def act(self) -> dict[str, Any]:
        """Do the action, if the caller may do it to the queue."""
        account, action, params = self.cloud.account, self.incoming.action, self.incoming.params
        service = account.behaviour.queue_service
        resource = resource_of(account, service, params.get("queueName", ""))
        refused = self.cloud.authorize(self.caller, service, action, resource)
        if refused is not None:
            raise CmqError(messages.UNAUTHENTICATED, refused.message)
        return {"code": 0, "message": "", "requestId": self.request_id, **messages.run(account, action, params)}
