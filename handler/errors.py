"""Everything that can go wrong, and the one table of what an API code means to us.

EniFlowlogError
├── SettingsError         the environment is wrong: raised to the platform, which keeps the event
├── QueueError            the dead-letter queue refused or did not answer
├── QueueUnreachable      raised to the platform after all else is done, so that it keeps the event
└── CloudError            an API call failed for good; what failed goes to the dead-letter queue
    ├── Throttled         too many calls: retried with backoff
    ├── Transient         server or network, no readable answer: retried; a create is looked for before it is sent again
    ├── OutOfTime         the invocation's time ended before the call could be made
    ├── StaleCredentials  the keys went stale: retried once with fresh ones
    ├── AlreadyCovered    the interface has a flow log
    ├── NotAttached       the interface is not attached to an instance: waiting
    ├── NotSupported      the instance's model can have no flow log: skipped
    ├── NotFound          gone, or not visible yet: a short retry, then a look
    ├── NameTaken         another flow log has the name
    └── Refused           everything else, unknown codes included
"""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

from handler.model import Failure, Interface, Outcome, Result, result_of

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")


class EniFlowlogError(Exception):
    """Base of all errors that this function raises by itself."""


class SettingsError(EniFlowlogError):
    """The environment is wrong. The message names every bad variable and what it should be."""


class QueueError(EniFlowlogError):
    """The dead-letter queue refused a call, or did not answer within the time left."""

    def __init__(self, code: int, message: str) -> None:
        """Keep CMQ's code: 0 stands for no answer at all."""
        super().__init__(f"queue error {code}: {message}" if code else f"the queue did not answer: {message}")
        self.code = code


class QueueUnreachable(EniFlowlogError):
    """What failed could not be put on the queue: the platform has to keep the event."""


class CloudError(EniFlowlogError):
    """An API call failed. Carries the cloud's code, message and request id.

    Attributes:
        unfinished: the invocation's time ended before the retries did.
    """

    kind = "refused"
    retryable = False
    unfinished = False

    def __init__(self, code: str, message: str, request_id: str = "") -> None:
        """Take the cloud's own words."""
        super().__init__(f"{code}: {message}" + (f" (request {request_id})" if request_id else ""))
        self.code = code
        self.message = message
        self.request_id = request_id


class Throttled(CloudError):
    """More calls than the documented limit of the action, region and sub-account."""

    kind = "throttled"
    retryable = True


class Transient(CloudError):
    """The server or the network failed, or no readable answer came: the call may well have taken effect."""

    kind = "transient"
    retryable = True


class OutOfTime(CloudError):
    """The invocation's time ended before the call could be made."""

    kind = "transient"
    retryable = True
    unfinished = True


class StaleCredentials(CloudError):
    """The temporary keys have expired, or the signature is too old."""

    kind = "credentials"
    retryable = True


class AlreadyCovered(CloudError):
    """The interface has a flow log already. "Only one flow log can be created for each ENI" (doc 682/18934)."""

    kind = "covered"


class NotAttached(CloudError):
    """The interface is not attached to an instance, and so cannot have a flow log yet."""

    kind = "waiting"
    retryable = True


class NotSupported(CloudError):
    """The interface is attached to an instance whose model takes no flow logs."""

    kind = "unsupported"


class NotFound(CloudError):
    """The interface, or what the call names beside it, is gone or not visible yet."""

    kind = "not_found"
    retryable = True


class NameTaken(CloudError):
    """Another flow log has this name already."""

    kind = "name_taken"


class Refused(CloudError):
    """The call is wrong, not allowed or over a quota; sending it again would not help."""


# Codes of VPC API 2017-03-12 and, below, of the v2 API that it replaces (platform.md section 3). The meaning to us is
# inferred. An entry that ends in "*" is a prefix; the longest match counts. What has no entry, such as LimitExceeded,
# InvalidParameterValue*, UnauthorizedOperation* or v2's InvalidFlowLogName, is refused for good.
CODES: dict[str, type[CloudError]] = {
    "UnsupportedOperation.FlowLogInstanceExisted": AlreadyCovered,
    "UnsupportedOperation.FlowLogsNotSupportNullInstanceEni": NotAttached,
    "UnsupportedOperation.FlowLogsNotSupportKoInstanceEni": NotSupported,
    "ResourceNotFound*": NotFound,
    "RequestLimitExceeded*": Throttled,
    "LimitExceeded.ActionLimited": Throttled,
    "InternalError*": Transient,
    "ClientNetworkError": Transient,
    "ServerNetworkError": Transient,
    "AuthFailure.TokenFailure": StaleCredentials,
    "AuthFailure.SignatureExpire": StaleCredentials,
    "InvalidParameterValue.Duplicate": NameTaken,
    "InvalidNetworkInterface.NotFound": NotFound,
    "InvalidVpc.NotFound": NotFound,
    "InvalidSubnet.NotFound": NotFound,
    "FlowLogNameDuplicate": NameTaken,
}


ACCOUNT_WIDE = frozenset(
    {
        "AuthFailure.UnauthorizedOperation",  # the role may not
        "UnauthorizedOperation",
        "UnauthorizedOperation.InvalidAccount",
        "UnauthorizedOperation.NoRealNameAuthentication",
        "LimitExceeded",  # the quota is used up
        "NoTopicForRegion",  # FLOWLOG_TOPIC_ID has none for the region
        "ResourceNotFound",  # as the last word on an interface that was seen: the topic is gone
    }
)
"""What concerns the whole account, or all of a region, when a create is answered so: by exact codes, for a longer code
of the same beginning names a subject of its own."""


def error_for(code: str, message: str, request_id: str = "") -> CloudError:
    """The error that an API code means to us.

    Args:
        code: the API's `Error.Code`, or the SDK's own for the network.
        message: the API's `Error.Message`.
        request_id: the API's `RequestId`, empty where no answer came.

    Returns:
        An instance of the class that the table names; `Refused` for codes it does not know.
    """
    entries = [each for each in CODES if code == each or (each.endswith("*") and code.startswith(each[:-1]))]
    meaning = CODES[max(entries, key=len)] if entries else Refused
    return meaning(code, message, request_id)


def malformed(interface_id: str) -> Transient:
    """The error for an interface that the cloud describes in a form which is not documented."""
    return Transient("MalformedReply", f"what the cloud tells of {interface_id} is not of its documented form")


def failure_of(error: Exception) -> Failure:
    """The failure that an error stands for. One that is not ours is named by its type and place, never its text."""
    if isinstance(error, CloudError):
        return Failure(error.kind, error.code, error.message, error.request_id, error.retryable, error.unfinished)
    return Failure("unexpected", type(error).__name__, f"a fault of this program at {_place(error)}", retryable=True)


def attempted(work: Callable[[], Value]) -> Value | Failure:
    """What a work gives, or the failure that any error in it stands for, unexpected ones included."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - whatever it is, what else there is to do goes on
        return failure_of(error)


def failed(interface: Interface, failure: Failure) -> Result:
    """The result of an interface that goes to the dead-letter queue."""
    reason = f"{failure.code}: {failure.message}"
    return replace(result_of(interface, Outcome.DEAD_LETTERED, reason), failure=failure)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
