"""May this caller make this call? The account itself may make any, a role what its policies allow.

A session may have a policy of its own (STS AssumeRole's Policy): then both must allow the call.

Inferred: which operation an API is granted by, where it is not called so. SCF's Invoke is `scf:InvokeFunction` on `*`
(docs 583/47932 and 598/70005 list that name and no other; the latter calls it operation-level).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.cam import policy
from localcloud.cam.model import Access, parsed
from localcloud.core.errors import ApiError, unauthorized

if TYPE_CHECKING:
    from localcloud.core.account import Account, Caller

_OPERATIONS = {("scf", "Invoke"): "InvokeFunction"}


def refuse(account: Account, caller: Caller, service: str, action: str, resource: str) -> ApiError | None:
    """Return the refusal of a call, or None if it is allowed.

    Args:
        account: Whose policies they are.
        caller: Who calls.
        service: The service that policies name.
        action: The API's action.
        resource: Its six segments, or `*` for an API that knows no resources.
    """
    operation = _OPERATIONS.get((service, action), action)
    allowed = not caller.role or _allows(account, caller, f"{service}:{operation}", resource)
    return None if allowed else unauthorized(service, operation, resource)


def _allows(account: Account, caller: Caller, operation: str, resource: str) -> bool:
    with account.lock:
        access = account.state(Access)
        role = access.roles.get(caller.role)
        grants = [access.documents_of(role)] if role else [[]]
    if caller.session_policy:
        grants.append([parsed(caller.session_policy)])
    return all(policy.evaluate(one, operation, resource) for one in grants)
