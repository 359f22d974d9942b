"""The API's refusals, which know their own wire form.

::

    Refusal                   what a call gets in the place of its reply
      ApiError                any code of the v3 API, HTTP 200, {"Response": {"Error": {...}, "RequestId": "..."}}
      CmqError                a numeric code of the CMQ message API, HTTP 200, {"code": 4000, "message": "...", ...}
    DroppedConnection         not an answer at all: the socket closes (see faults.py)

Codes are documented ones (the error list of each action; common ones: doc 215/15696). Messages are English sentences in
the platform's manner; clients must go by the code.
"""

from __future__ import annotations

from typing import Any, TypeVar

Row = TypeVar("Row")


class Refusal(Exception):
    """What a call gets in the place of its reply: a documented code, and a message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the whole reply for this error."""
        raise NotImplementedError


class ApiError(Refusal):
    """A refusal of the v3 API."""

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the whole reply for this error."""
        return {"Response": {"Error": {"Code": self.code, "Message": self.message}, "RequestId": request_id}}


class CmqError(Refusal):
    """A refusal of the CMQ message API (doc 1496/70948), by number; `extra` holds fields such as `errorList`."""

    def __init__(self, code: int, message: str, **extra: Any) -> None:
        super().__init__(str(code), message)
        self.extra = extra

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the whole reply for this error."""
        return {"code": int(self.code), "message": self.message, "requestId": request_id, **self.extra}


class DroppedConnection(ConnectionError):
    """The client gets no answer: its connection is closed."""


def existing(row: Row | None, code: str, what: str) -> Row:
    """Return what was looked for.

    Args:
        row: What was found, if anything.
        code: The service's code for that there is none.
        what: What was looked for, by kind and name.

    Raises:
        ApiError: With that code.
    """
    if row is None:
        raise ApiError(code, f"The {what} does not exist.")
    return row


def missing(name: str) -> ApiError:
    """Refuse a call that lacks the parameter `name`."""
    return ApiError("MissingParameter", f"The request is missing a required parameter `{name}`.")


def malformed(name: str, value: object) -> ApiError:
    """Refuse a value of the wrong form, such as an id."""
    return ApiError("InvalidParameterValue.Malformed", f"The format of parameter `{name}` is invalid: `{value}`.")


def out_of_range(name: str, value: object, allowed: str) -> ApiError:
    """Refuse a value outside of the documented ones."""
    return ApiError(
        "InvalidParameterValue.Range",
        f"The value `{value}` of parameter `{name}` is not in the valid range: {allowed}.",
    )


def not_found(resource_id: str) -> ApiError:
    """Refuse a call about a resource that does not exist in this region."""
    return ApiError("ResourceNotFound", f"The resource `{resource_id}` does not exist.")


def unauthorized(service: str, action: str, resource: str) -> ApiError:
    """Refuse a call that no policy allows.

    The message's two line ends are the platform's own: recorded replies have them
    (https://github.com/ddgth/cf2dns/issues/100, https://github.com/TencentCloud/tencentcloud-sdk-java/issues/78).
    """
    operation = f"{service}:{action}"
    return ApiError(
        "UnauthorizedOperation",
        f"you are not authorized to perform operation ({operation})\nresource ({resource}) has no permission\n",
    )
