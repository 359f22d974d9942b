"""The function as it is deployed: where it is, which settings it has, and what comes of running it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

from handler import jsontext, schema
from handler.cloud.api import SCF
from handler.errors import CloudError
from handler.redaction import redact
from ops.deployment.reply import described, elsewhere, variables_of
from ops.errors import OperatorError, explained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.config import Config
    from ops.deployment.cloud import Cloud

SYNC_LIMIT_S = 310.0
"""A synchronous run ends after 300 s at the most (doc 583/58400); the answer needs a moment more."""
HERE = "serverless.yml, .env and the shell"

_OF_HERE = ("FLOWLOG_API_ENDPOINT", "FLOWLOG_DLQ_ENDPOINT")
_FILLED_IN = ("FLOWLOG_TOPIC_REGION", "FLOWLOG_DLQ_REGION")
"""What deploy finds out by itself where serverless.yml does not say it."""
_FRAME = '  File "'
_OURS = "InvocationFailed: "


@dataclass(frozen=True)
class Source:
    """Which settings a command works with.

    Attributes:
        settings: the FLOWLOG_* variables.
        region: the function's.
        said: where they come from, in a sentence.
        differences: how those of this machine differ from them, a sentence each.
        certain: whether they are those that were asked for: not where the function could not be looked at.
    """

    settings: Mapping[str, str]
    region: str
    said: str
    differences: tuple[str, ...] = ()
    certain: bool = True


def source(config: Config, cloud: Cloud) -> Source:
    """The settings of the deployed function; those of this machine where there is none or it may not be looked at.

    FLOWLOG_API_ENDPOINT and FLOWLOG_DLQ_ENDPOINT are always this machine's: they say from where the cloud is reached.

    Raises:
        OperatorError: the function stands in several regions, none of them the one that this machine names.
        CloudError: the cloud cannot be spoken to.
    """
    name = config.function
    try:
        region, found = _find(config, cloud)
    except CloudError as error:
        if "UnauthorizedOperation" not in error.code:
            raise
        said = f"Settings: {HERE}. Those of the function {name} in {config.region} may not be read: {explained(error)}"
        return Source(config.settings, config.region, said, certain=False)
    if found is None:
        said = f"Settings: {HERE}, because no function {name} is deployed{region}."
        return Source(config.settings, config.region, said)
    of_here = {name: text for name, text in config.settings.items() if name in _OF_HERE}
    known = schema.document("settings")["properties"]
    deployed = {name: text for name, text in variables_of(found).items() if name in known and name not in _OF_HERE}
    elsewhere = "" if region == config.region else f" (there is none in {config.region})"
    said = f"Settings: those of the function {name} in {region}{elsewhere}."
    return Source(
        {**deployed, **of_here}, region, said, tuple(differences(config.settings, deployed, whole=bool(config.inputs)))
    )


def _find(config: Config, cloud: Cloud) -> tuple[str, dict[str, Any] | None]:
    """The function's region and GetFunction's reply.

    Without a function: None, and in which regions it was not looked for, as the end of a sentence.
    """
    which = config.function, config.namespace
    found = described(cloud, *which, config.region)
    if found is not None:
        return config.region, found
    try:
        there = elsewhere(cloud, *which)
    except CloudError as error:
        return f" in {config.region}; the other regions could not be listed ({error.code})", None
    if len(there) > 1:
        raise OperatorError(
            f"There is no function {config.function} in {config.region}, but in {' and in '.join(sorted(there))}: say "
            "which one is meant by --function-region."
        )
    return next(iter(there.items()), ("", None))


def differences(here: Mapping[str, str], deployed: Mapping[str, str], *, whole: bool = True) -> list[str]:
    """How this machine's settings differ from the function's, a sentence for each variable.

    Args:
        here: the FLOWLOG_* variables of serverless.yml, .env and the shell.
        deployed: the function's.
        whole: whether a variable that is not set here is meant to be its default: so it is where there is a
            serverless.yml. What deploy fills in itself, and the addresses of where a command runs, never differ.
    """
    known = schema.document("settings")["properties"]
    found = []
    for name in sorted(set(known) - set(_OF_HERE)):
        default = str(known[name].get("default", ""))
        there, mine = deployed.get(name, default), here.get(name, default)
        unsaid = name not in here and (not whole or name in _FILLED_IN)
        if there.strip() != mine.strip() and not unsaid:
            found.append(f"{name} is {there or 'not set'} in the function, and {mine or 'not set'} here.")
    return found


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
