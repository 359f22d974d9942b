"""One call on its way through the cloud, by whichever API it comes: its faults, its answer, its place in the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from localcloud.core.call_log import Call
from localcloud.core.errors import DroppedConnection, Refusal
from localcloud.core.faults import Reply, as_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self
    from werkzeug.wrappers import Request

    from localcloud.core.account import Account, Caller
    from localcloud.core.actions import ActionTable
    from localcloud.core.call_log import CallLog, WriteCall
    from localcloud.core.errors import ApiError
    from localcloud.core.faults import Faults, Incoming
    from localcloud.core.limits import Limits

_LOG = logging.getLogger("localcloud")


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


class Exchange:
    """One call. Its action may have a reply or an error, whatever the client is told.

    Attributes:
        broken: What a client is told where something went wrong in here.
        error: Why the call was refused, if it was: by its action, before it, or by a fault.
    """

    broken: ClassVar[Refusal]

    def __init__(self, cloud: Cloud, incoming: Incoming, caller: Caller, request_id: str) -> None:
        self.cloud = cloud
        self.incoming = incoming
        self.caller = caller
        self.request_id = request_id
        self.arrived = cloud.account.now()
        self.error: Refusal | None = None

    @classmethod
    def opened(cls, cloud: Cloud, request: Request, request_id: str) -> Self:
        """Return the call that a request is.

        Raises:
            Refusal: It is none, or its signature is wrong.
        """
        raise NotImplementedError

    def admit(self) -> None:
        """Let the call in.

        Raises:
            Refusal: It is not even begun.
        """

    def act(self) -> dict[str, Any]:
        """Do the action and return the whole of its reply.

        Raises:
            Refusal: The action does.
        """
        raise NotImplementedError

    def log(self, call: Call) -> None:
        """Write the call, which has ended, into the log."""
        self.cloud.calls.add(call)

    @classmethod
    def serve(cls, cloud: Cloud, request: Request) -> Reply:
        """Answer one request.

        Raises:
            DroppedConnection: A fault says so.
        """
        request_id = cloud.account.ids.uuid()
        try:
            return cls.opened(cloud, request, request_id).run()
        except Refusal as error:
            return _as_reply(error.body(request_id))
        except DroppedConnection:
            raise
        except Exception:  # noqa: BLE001  whatever goes wrong in here, the client gets an answer
            _LOG.exception("the request %s failed", request_id)
            return _as_reply(cls.broken.body(request_id))

    def run(self) -> Reply:
        """Do the call with its faults, log it, and return what goes over the wire.

        Raises:
            Refusal: It is refused before its action, or a fault says so.
            DroppedConnection: A fault says so.
        """
        answered = True
        try:
            self.admit()
            self.cloud.linger()
            return self.cloud.faults.around(self.incoming, self._proceed)
        except Refusal as refused:
            self.error = refused
            raise
        except DroppedConnection:
            answered = False
            raise
        finally:
            self.log(
                Call(
                    service=self.incoming.service,
                    action=self.incoming.action,
                    region=self.incoming.region,
                    params=self.incoming.params,
                    caller=self.caller,
                    code=self.error.code if self.error else None,
                    answered=answered,
                    time=self.arrived,
                    request_id=self.request_id,
                )
            )

    def _proceed(self) -> Reply:
        try:
            return _as_reply(self.act())
        except Refusal as refused:
            self.error = refused
        except Exception:  # noqa: BLE001  a bug in an action is the platform's own error
            _LOG.exception("%s.%s failed", self.incoming.service, self.incoming.action)
            self.error = self.broken
        return _as_reply(self.error.body(self.request_id))


def _as_reply(body: dict[str, Any]) -> Reply:
    return Reply(as_json(body))
