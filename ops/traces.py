"""Why an invocation failed, in one line: what of a function's error an operator has to read."""

from __future__ import annotations

from itertools import dropwhile

from handler import jsontext
from handler.log import redact

_FRAME = '  File "'
_OURS = "InvocationFailed: "


def reason_of(text: str) -> str:
    """The error at the end of a stack trace, on one line and without secrets.

    Args:
        text: what the platform says of a failed run: the JSON object of Invoke's ErrMsg (with `stackTrace` and
            `errorMessage`, platform.md section 5), the trace that is the ErrorMessage of a native dead letter
            (doc 583/39704), or a plain sentence.

    Returns:
        The error, without the name of our own exception; empty where there is nothing.
    """
    try:
        said = jsontext.parse(text)
    except jsontext.NotJson:
        said = None
    if isinstance(said, dict):
        text = str(said.get("stackTrace") or said.get("errorMessage") or text)
    # The cloud's messages have line breaks: the error is all that follows the last frame, not the last line.
    lines = text.strip().splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith(_FRAME)]
    error = dropwhile(lambda line: line.startswith("    "), lines[frames[-1] + 1 :] if frames else lines)
    words = " ".join(str(redact("\n".join(error))).split())
    return words.partition(_OURS)[2] or words
