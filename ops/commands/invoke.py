"""`eni-flowlog invoke`: run the deployed function with an event, and show its report or its error."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handler import jsontext, schema
from handler.intake import events
from handler.model import Invalid
from ops import console, options, session
from ops.coverage.lines import verdict
from ops.coverage.screen import show_coverage
from ops.deployment.invoke import invoke
from ops.errors import Exit, OperatorError

if TYPE_CHECKING:
    from ops.deployment.invoke import Answer

MAX_SYNC_BYTES = 6 * 1024 * 1024
MAX_ASYNC_BYTES = 128 * 1024
_LISTED = ("created", "covered", "planned", "waiting", "skipped", "dead_lettered")

Event = Annotated[
    str,
    typer.Argument(
        metavar="EVENT", help="The event as JSON text, `@FILE` to read it from a file, or `-` from the standard input."
    ),
]
FunctionName = Annotated[
    str,
    options.unset(
        "--function", "NAME", "The function's name. Without it: the name in serverless.yml, else eni-flowlog."
    ),
]
Namespace = Annotated[
    str,
    options.unset("--namespace", "NAME", "The function's namespace. Without it: that of serverless.yml, else default."),
]
Asynchronous = Annotated[
    bool,
    typer.Option("--async", help="Do not wait for the report. If it fails, the platform runs it twice more."),
]


Unchecked = Annotated[bool, typer.Option("--unchecked", help="Send the event even if the function would refuse it.")]


def invoke_command(
    event: Event,
    *,
    unchecked: Unchecked = False,
    function: FunctionName = "",
    namespace: Namespace = "",
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    asynchronous: Asynchronous = False,
    as_json: options.AsJson = False,
) -> None:
    """Run the deployed function with an event or a command, and show its report, or its error.

    The event is any that the function takes: a command, an interface event, a CloudAudit record, a dead letter. It is
    checked first, by the function's own reader: what it would not understand is not sent, for a typo would become a
    dead letter.
    Exit code 3 when its report has something dead-lettered, or of a status when not all is covered; 1 when the
    function fails.

    For example:

        eni-flowlog invoke '{"command": "status"}'

        eni-flowlog invoke '{"command": "backfill"}' --async

        eni-flowlog invoke '{"command": "ensure", "interfaces": [{"region": "ap-guangzhou", "interface_id":
        "eni-78ysaex1"}]}'

        eni-flowlog invoke @event.json --json
    """
    text = _read(event)
    if not unchecked:
        _refuse_invalid(text)
    limit = MAX_ASYNC_BYTES if asynchronous else MAX_SYNC_BYTES
    if len(text.encode()) > limit:
        raise OperatorError(
            f"The event is longer than the {limit:,} bytes that the platform takes: send it in parts.", Exit.USAGE
        )
    config, cloud = session.connect(profile=profile, function_region=function_region)
    name = function or config.function
    with console.working(f"Running {console.plain(name)}"):
        answer = invoke(cloud, (name, namespace or config.namespace), text, wait=not asynchronous)
    if asynchronous:
        _show_accepted(name, answer, as_json=as_json)
        return
    raise typer.Exit(_show(name, answer, as_json=as_json))


def _read(event: str) -> str:
    """The event's text, which must be JSON.

    Raises:
        OperatorError: it cannot be read.
    """
    text: str | bytes = event
    try:
        if event == "-":
            text = sys.stdin.buffer.read()
        elif event.startswith("@"):
            text = Path(event[1:]).read_bytes()
        return json.dumps(jsontext.parse(text))
    except OSError as error:
        raise OperatorError(f"{event[1:]} cannot be read ({error.strerror}): name another.", Exit.USAGE) from None
    except jsontext.NotJson as error:
        raise OperatorError(f"The event is {error}; give JSON, @FILE or - .", Exit.USAGE) from None


def _refuse_invalid(text: str) -> None:
    """Refuse what would become a dead letter.

    Raises:
        OperatorError: says where and why its schema refuses it.
    """
    found = [item.problem for item in events.read_text(text) if isinstance(item, Invalid)]
    if found:
        raise OperatorError(
            f"Not sent, for the function would refuse it: {'; '.join(dict.fromkeys(found))}. Correct it, or send it as "
            "it is with --unchecked.",
            Exit.USAGE,
        )


def _show_accepted(name: str, answer: Answer, *, as_json: bool) -> None:
    if as_json:
        console.write_json({"function": name, "request_id": answer.request_id})
    else:
        print(
            console.plain(f"{name} has taken the event (request {answer.request_id}); its report will be in its log.")
        )


def _show(name: str, answer: Answer, *, as_json: bool) -> Exit:
    """Show what the function has returned.

    Raises:
        OperatorError: the function failed.
    """
    if answer.fault:
        raise OperatorError(
            f"{name} failed: {console.plain(answer.fault)} (request {answer.request_id}). `eni-flowlog logs` has more; "
            "`eni-flowlog status` says whether its settings are right."
        )
    report = answer.returned
    if schema.problems("report", report):
        console.write_json(report)
        return Exit.OK
    if "coverage" in report and not as_json:
        show_coverage(report)
    else:
        console.show_report(report, listed=_LISTED, as_json=as_json)
    undone = report["outcomes"]["dead_lettered"] or report.get("stopped")
    return Exit.UNCOVERED if undone else verdict(report.get("coverage", ()))
