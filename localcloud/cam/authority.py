"""May this caller make this call? The account itself may make any, a role what its policies allow.

A session may have a policy of its own (STS AssumeRole's Policy): then both must allow the call.

Inferred: which operation an API is granted by, where it is not called so. SCF's Invoke is `scf:InvokeFunction` on `*`
(docs 583/47932 and 598/70005 list that name and no other; the latter calls it operation-level). The message API of
TDMQ for CMQ is `tdmq:SendMessage` on `qcs::tdmq:REGION:uin/UIN:queue/NAME` (doc 1496/61031), while the older page
598/11082 has `cmqqueue:SendMessage` on `qcs::cmqqueue:::queueName/uin/UIN/NAME`: `queue_service` chooses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.cam import policy
from localcloud.cam.model import Access, parsed
from localcloud.core.errors import ApiError, unauthorized
from localcloud.tdmq.queues import region_of_queue

if TYPE_CHECKING:
    from localcloud.core.account import Account, Caller

MESSAGE_API = "cmqqueue"
"""How the door of the message API names itself."""
_OPERATIONS = {("scf", "Invoke"): "InvokeFunction"}


class Authority:
    """Weighs calls against policies."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.queue_service = "tdmq"

    def refuse(self, caller: Caller, service: str, action: str, resource: str) -> ApiError | None:
        """Return the refusal of a call, or None if it is allowed. The message API gives a queue's name as resource."""
        if not caller.role:
            return None
        if service == MESSAGE_API:
            service, resource = self.queue_service, self._queue(resource)
        operation = _OPERATIONS.get((service, action), action)
        with self._account.lock:
            allowed = self._allows(caller, f"{service}:{operation}", resource)
        return None if allowed else unauthorized(service, operation, resource)

    def _queue(self, name: str) -> str:
        """Return the resource of a queue: in its own region, or at home if there is none of this name."""
        found = region_of_queue(self._account, name)
        uin, region = self._account.uin, found.name if found else self._account.home
        if self.queue_service == MESSAGE_API:
            return f"qcs::cmqqueue:{region}:uin/{uin}:queueName/uin/{uin}/{name}"
        return f"qcs::tdmq:{region}:uin/{uin}:queue/{name}"

    def _allows(self, caller: Caller, operation: str, resource: str) -> bool:
        access = self._account.state(Access)
        role = access.roles.get(caller.role)
        if role is None:
            return False
        weighed = [access.documents_of(role)]
        if caller.session_policy:
            weighed.append([parsed(caller.session_policy)])
        return all(policy.evaluate(documents, operation, resource) for documents in weighed)
