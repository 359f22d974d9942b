"""`eni-flowlog invoke`: run the deployed function with an event, and show its report or its error."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from requests import RequestException
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from handler import jsontext, schema
from handler import settings as environment_settings
from handler.cloud.api import SCF
from handler.errors import Transient, error_for
from ops import console, options, session
from ops.commands.status import show_coverage, verdict
from ops.errors import Exit, OperatorError
from ops.traces import reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.session import Session

SYNC_LIMIT_S = 310
"""A synchronous run ends after 300 s at the most (doc 583/58400); the answer needs a moment more."""
MAX_SYNC_BYTES = 6 * 1024 * 1024
MAX_ASYNC_BYTES = 128 * 1024

Event = Annotated[
    str,
    typer.Argument(
        metavar="EVENT", help="The event as JSON text, `@FILE` to read it from a file, or `-` from the standard input."
    ),
]
FunctionName = Annotated[
    str,
    typer.Option(
        "--function",
        metavar="NAME",
        help="The function's name. Without it: the name in serverless.yml, else eni-flowlog.",
        show_default=False,
    ),
]
Namespace = Annotated[str, typer.Option("--namespace", metavar="NAME", help="The function's namespace.")]
Asynchronous = Annotated[
    bool,
    typer.Option("--async", help="Do not wait for the report. The platform runs it again, twice, where it fails."),
]


def invoke_command(
    event: Event,
    function: FunctionName = "",
    namespace: Namespace = "default",
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    *,
    asynchronous: Asynchronous = False,
    as_json: options.AsJson = False,
) -> None:
    """Run the deployed function with an event or a command, and show its report, or its error.

    The event is any that the function takes: a command, an interface event, a CloudAudit record, a dead letter.
    Exit code 3 when its report has something dead-lettered, or of a status when not all is covered; 1 when the
    function fails.

    For example:

        eni-flowlog invoke '{"command": "status"}'

        eni-flowlog invoke '{"command": "backfill"}' --async

        eni-flowlog invoke @event.json --json
    """
    text = _read(event)
    limit = MAX_ASYNC_BYTES if asynchronous else MAX_SYNC_BYTES
    if len(text.encode()) > limit:
        raise OperatorError(f"The event is longer than the {limit:,} bytes that the platform takes.", Exit.USAGE)
    run = session.start(profile=profile, region=function_region, with_topic=False)
    name = function or run.config.function
    params = {
        "FunctionName": name,
        "Namespace": namespace,
        "InvocationType": "Event" if asynchronous else "RequestResponse",
        "ClientContext": text,
    }
    with console.working(f"Running {console.plain(name)}"):
        result = _invoke(run, params)
    if asynchronous:
        _show_accepted(name, result, as_json=as_json)
        return
    raise typer.Exit(_show(name, result, as_json=as_json))


def _read(event: str) -> str:
    """The event's text, which must be JSON.

    Raises:
        OperatorError: it cannot be read.
    """
    try:
        if event == "-":
            text = sys.stdin.read()
        elif event.startswith("@"):
            text = Path(event[1:]).read_text("utf-8")
        else:
            text = event
        return json.dumps(jsontext.parse(text))
    except OSError as error:
        raise OperatorError(f"{event[1:]} cannot be read ({error.strerror}).", Exit.USAGE) from None
    except jsontext.NotJson as error:
        raise OperatorError(f"The event is {error}; give JSON, @FILE or - .", Exit.USAGE) from None
    except UnicodeError:
        raise OperatorError("The event is not UTF-8 text; give JSON, @FILE or - .", Exit.USAGE) from None


def _invoke(run: Session, params: Mapping[str, Any]) -> dict[str, Any]:
    """One Invoke call, never repeated: the function's own API calls are retried, a whole run is the operator's choice.

    Raises:
        CloudError: the platform refused the call or did not answer.
    """
    settings, keys = run.invocation.settings, environment_settings.credentials(run.invocation.environment)
    scheme, _, host = settings.api_endpoint.rpartition("://")
    http = HttpProfile(protocol=scheme or "https", endpoint=host.rstrip("/") or None, reqTimeout=SYNC_LIMIT_S)
    profile = ClientProfile(httpProfile=http, language="en-US", request_client="eni-flowlog")
    credential = Credential(keys.secret_id, keys.secret_key, keys.token or None)
    client = CommonClient(SCF.name, SCF.version, credential, settings.region, profile)
    try:
        reply = client.call_json("Invoke", dict(params))["Response"]
        if "Error" in reply:
            # The SDK skips its error check when the Content-Type has a charset.
            raise error_for(str(reply["Error"]["Code"]), str(reply["Error"]["Message"]), str(reply.get("RequestId")))
        result: dict[str, Any] = reply.get("Result") or {}
        return {**result, "RequestId": str(reply.get("RequestId") or "")}
    except TencentCloudSDKException as error:
        raise error_for(str(error.code), str(error.message), str(error.requestId or "")) from None
    except (RequestException, ValueError, KeyError, TypeError) as error:
        raise Transient("ClientNetworkError", f"Invoke: no readable reply ({type(error).__name__})") from None


def _show_accepted(name: str, result: Mapping[str, Any], *, as_json: bool) -> None:
    request_id = str(result.get("FunctionRequestId") or result["RequestId"])
    if as_json:
        console.write_json({"function": name, "request_id": request_id})
    else:
        print(console.plain(f"{name} has taken the event (request {request_id}); its report will be in its log."))


def _show(name: str, result: Mapping[str, Any], *, as_json: bool) -> Exit:
    """Show what the function has returned.

    Raises:
        OperatorError: the function failed.
    """
    if result.get("InvokeResult"):
        request_id = result.get("FunctionRequestId") or result["RequestId"]
        fault = console.plain(reason_of(str(result.get("ErrMsg") or ""))) or "it said nothing"
        raise OperatorError(
            f"{name} failed: {fault} (request {request_id}). Its log has more; `eni-flowlog status` says whether its "
            "settings are right."
        )
    returned = _parsed(str(result.get("RetMsg") or "null"))
    if schema.problems("report", returned):
        console.write_json(returned)
        return Exit.OK
    if as_json:
        console.write_json(returned)
    else:
        _show_report(returned)
    undone = returned["outcomes"]["dead_lettered"] or returned.get("stopped")
    return Exit.UNCOVERED if undone else verdict(returned.get("coverage", ()))


def _show_report(report: Mapping[str, Any]) -> None:
    """Show the report of any command; a status's as `eni-flowlog status` does."""
    if "coverage" in report:
        show_coverage(report)
    else:
        console.show_report(report, listed=("created", "covered", "planned", "waiting", "skipped", "dead_lettered"))
    if report.get("stopped"):
        console.say(report["stopped"], "red")


def _parsed(text: str) -> Any:
    try:
        return jsontext.parse(text)
    except jsontext.NotJson:
        return text
