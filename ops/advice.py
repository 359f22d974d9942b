"""What to do about a refusal of the cloud, for people: the one place that puts a next step beside a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handler.errors import CloudError
    from handler.model import Failure

# The longest beginning of the code counts.
_STEPS = {
    "AuthFailure": "Check the keys: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_TOKEN, or the "
    "profile of tccli; temporary keys expire, and all need this machine's clock to be right.",
    "AuthFailure.UnauthorizedOperation": "Give these keys the permission for this action (CAM), or use others.",
    "UnauthorizedOperation": "Give these keys the permission for this action (CAM), or use others.",
    "UnsupportedRegion": "Check the region's name.",
    "RequestLimitExceeded": "Somebody else uses up the account's limit: try again later, or lower FLOWLOG_CREATE_RATE.",
    "ClientNetworkError": "Check the network, the proxy and FLOWLOG_API_ENDPOINT, and run it again.",
    "ServerNetworkError": "Check the network and FLOWLOG_API_ENDPOINT, and run it again.",
    "InternalError": "The cloud had a fault: run it again.",
    "ResourceNotFound.Function": "Deploy the function, or give its --function, --function-region and account.",
    "ResourceNotFound": "Check that it exists, in this region and account.",
    "NoTopicForRegion": "Add the region, or a `default`, to FLOWLOG_TOPIC_ID.",
}
_QUEUE_STEPS = {
    0: "Check the network and FLOWLOG_DLQ_ENDPOINT.",
    4100: "Check the keys, and their permission for the queue.",
    4440: "Check FLOWLOG_DLQ_QUEUE and the region; `eni-flowlog deploy` makes the queue.",
}


def step(code: str) -> str:
    """What to do next about an API code."""
    known = [prefix for prefix in _STEPS if code.startswith(prefix)]
    return _STEPS[max(known, key=len)] if known else "Look the code up in the API's documentation."


def of_failure(failure: Failure) -> str:
    """A failure as a whole sentence, with what to do next."""
    request = f" (request {failure.request_id})" if failure.request_id else ""
    return f"{failure.code}: {failure.message.rstrip('.')}{request}. {step(failure.code)}"


def of_cloud_error(error: CloudError) -> str:
    """The same for an error."""
    request = f" (request {error.request_id})" if error.request_id else ""
    return f"{error.code}: {error.message.rstrip('.')}{request}. {step(error.code)}"


def queue_step(code: int) -> str:
    """What to do next about an answer of the queue; 0 stands for none."""
    return _QUEUE_STEPS.get(code, "Run it again.")
