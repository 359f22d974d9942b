"""How a command of `eni-flowlog` ends: its exit codes, and every error as one sentence with what to do next."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from handler.errors import CloudError, EniFlowlogError, QueueError, SettingsError, failure_of

if TYPE_CHECKING:
    from handler.model import Failure


class Exit(IntEnum):
    """The exit codes of all commands."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNCOVERED = 3
    NO_PYTHON = 4
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "done, and all that was asked for is covered; with --dry-run: it has said what would be done",
    Exit.FAILED: "it failed, or was declined; one sentence on the standard error says why, and what to do",
    Exit.USAGE: "wrong usage; nothing was done",
    Exit.UNCOVERED: "done, but not all is covered: interfaces without a flow log, flow logs that have drifted from the "
    "settings, or something that failed and is on the dead-letter queue",
    Exit.NO_PYTHON: "no Python 3.10 was found to build the package with",
    Exit.INTERRUPTED: "interrupted (Ctrl-C); what was done is done, and the same command goes on from there",
}

EPILOG = "**Exit codes**\n\n" + "\n".join(f"- {code.value}: {meaning}" for code, meaning in MEANINGS.items())
"""The exit codes as the help texts and docs/cli.md show them."""


class OperatorError(Exception):
    """A command cannot go on: what happened, to what, and what to do next, in whole sentences without secrets."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        """Take the message and the exit code."""
        super().__init__(message)
        self.code = code


# The longest beginning of the code counts.
_STEPS = {
    "AuthFailure": "Check the keys: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_TOKEN, or the "
    "profile of tccli; temporary keys expire, and all need this machine's clock to be right.",
    "AuthFailure.UnauthorizedOperation": "Give these keys the permission for this action (CAM), or use others.",
    "UnauthorizedOperation": "Give these keys the permission for this action (CAM), or use others.",
    "UnsupportedRegion": "Check the region's name.",
    "InvalidParameterValue.Runtime": "Set `runtime` of serverless.yml to one that SCF has, such as Python3.10; the "
    "package is built for the same.",
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


def exit_code(error: Exception) -> Exit:
    """How a command ends that an error has stopped."""
    return error.code if isinstance(error, OperatorError) else Exit.FAILED


def sentence(error: Exception) -> str:
    """What happened, to what, and what to do next."""
    if isinstance(error, SettingsError):
        _, _, faults = str(error).partition(": ")
        return (
            f"The settings are wrong: {faults}. Correct them in the environment or in serverless.yml; "
            "`eni-flowlog deploy` brings them to the function."
        )
    if isinstance(error, QueueError):
        return f"The dead-letter queue could not be used: {error}. {_QUEUE_STEPS.get(error.code, 'Run it again.')}"
    if isinstance(error, CloudError):
        return explained(error)
    if isinstance(error, (OperatorError, EniFlowlogError)):
        return str(error)
    failure = failure_of(error)
    return f"{failure.code}: {failure.message}. Please report it, with what --verbose shows."


def explained(refusal: CloudError | Failure) -> str:
    """What the cloud has refused, and what to do about it, in whole sentences."""
    request = f" (request {refusal.request_id})" if refusal.request_id else ""
    return f"{refusal.code}: {refusal.message.rstrip('.')}{request}. {next_step(refusal.code)}"


def next_step(code: str) -> str:
    """What to do about an API code."""
    known = [prefix for prefix in _STEPS if code.startswith(prefix)]
    return _STEPS[max(known, key=len)] if known else "Look the code up in the API's documentation."
