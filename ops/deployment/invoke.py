"""Running the deployed function, and what has come of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

from handler import jsontext
from handler.cloud.api import SCF
from handler.redaction import redact

if TYPE_CHECKING:
    from ops.deployment.cloud import Cloud

SYNC_LIMIT_S = 310.0
"""A synchronous run ends after 300 s at the most (doc 583/58400); the answer needs a moment more."""
_FRAME = '  File "'
_OURS = "InvocationFailed: "


@dataclass(frozen=True)
class Answer:
    """What came of a run.

    Attributes:
        request_id: the run's, by which its log is found.
        returned: what the function returned: of ours a report; None of an asynchronous run.
        fault: why it failed, in one line; empty where it did not.
    """

    request_id: str
    returned: Any = None
    fault: str = ""


def invoke(
    cloud: Cloud, which: tuple[str, str], event: str, *, wait: bool = True, limit_s: float = SYNC_LIMIT_S
) -> Answer:
    """Run a function once: its own API calls are retried, a whole run is the operator's choice.

    Args:
        cloud: the account, at the function's region.
        which: the function's name and namespace.
        event: JSON text.
        wait: for the run to end; without it the platform takes the event and runs the function later.
        limit_s: for how long to wait, in seconds.

    Raises:
        CloudError: the platform refused the call or did not answer.
    """
    params = {
        "FunctionName": which[0],
        "Namespace": which[1],
        "InvocationType": "RequestResponse" if wait else "Event",
        "ClientContext": event,
    }
    reply = cloud.change(SCF, "Invoke", params, answer_limit_s=limit_s)
    result = reply.get("Result") or {}
    request_id = str(result.get("FunctionRequestId") or reply.get("RequestId") or "")
    if result.get("InvokeResult"):
        return Answer(request_id, fault=reason_of(str(result.get("ErrMsg") or "")) or "it said nothing")
    return Answer(request_id, _parsed(str(result.get("RetMsg") or "null")))


def reason_of(text: str) -> str:
    """The error at the end of a stack trace, on one line and without secrets.

    Args:
        text: what the platform says of a failed run: the JSON object of Invoke's ErrMsg (with `stackTrace` and
            `errorMessage`, platform.md section 5), the trace that is the ErrorMessage of a native dead letter
            (doc 583/39704), or a plain sentence.

    Returns:
        The error, without the name of our own exception; empty where there is nothing.
    """
    said = _parsed(text)
    if isinstance(said, dict):
        text = str(said.get("stackTrace") or said.get("errorMessage") or text)
    # The cloud's messages have line breaks: the error is all that follows the last frame, not the last line.
    lines = text.strip().splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith(_FRAME)]
    error = dropwhile(lambda line: line.startswith("    "), lines[frames[-1] + 1 :] if frames else lines)
    words = " ".join(str(redact("\n".join(error))).split())
    return words.partition(_OURS)[2] or words


def _parsed(text: str) -> Any:
    try:
        return jsontext.parse(text)
    except jsontext.NotJson:
        return text
