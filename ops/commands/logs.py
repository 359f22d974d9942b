"""`eni-flowlog logs`: the function's last invocations, and what came of each."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from handler import jsontext
from handler.redaction import redact
from ops import console, options, session
from ops.deployment import topic
from ops.deployment.invoke import reason_of
from ops.deployment.reply import described
from ops.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from handler.budget import Budget
    from ops.deployment.cloud import Cloud

Line = tuple[int, "Mapping[str, Any]"]
"""When a line was written, in milliseconds since 1970, and its fields."""
PAGE = 1000
"""The most lines that one SearchLog gives (its parameter Limit)."""
LOOK_AGAIN_S = 2.0
LONGEST_RUN_MS = 16 * 60_000
"""A run lasts 900 s at the most (doc 583/11637), and its lines may be found a little later than they were written: so
far a follower looks back, and passes over what it has shown."""
_SHORT = 8
_END = "Report RequestId"


Request = Annotated[str, options.unset("--request", "ID", "Only this invocation, with all its lines.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on, and show each invocation as it ends.")]


@dataclass
class Run:
    """One invocation, as far as its log has come.

    Attributes:
        request_id: the invocation's.
        began_ms: when its first line was written, in milliseconds since 1970.
        fields: the fields that SCF writes beside a line (doc 583/60336), each as it was said last.
        lines: what was written, in order.
    """

    request_id: str
    began_ms: int
    fields: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether the platform has said how it ended."""
        return any(line.startswith(_END) for line in self.lines)

    @property
    def failed(self) -> bool:
        """Whether the platform calls it a failure."""
        return self.ended and self.fields.get("SCF_StatusCode") not in (None, 200, "200")

    @property
    def began(self) -> str:
        """When it began, by the operator's clock."""
        return datetime.fromtimestamp(self.began_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")

    def report(self) -> Mapping[str, Any]:
        """What the function has logged of its report; empty where it has not come so far."""
        entries = (_object(line) for line in reversed(self.lines))
        return next((entry for entry in entries if entry.get("message") == "report"), {})

    def why(self) -> str:
        """Why it failed, or why it stopped before its work was done; empty where neither is so."""
        if not self.failed:
            return str(self.report().get("stopped") or "")
        errors = [each for each in (_object(line).get("error") for line in self.lines) if each]
        if errors:
            return str(errors[-1])
        text = [line for line in self.lines if not _object(line) and not line.startswith(_END)]
        return reason_of("\n".join(text)) or f"status {self.fields['SCF_StatusCode']}"

    def as_dict(self) -> dict[str, Any]:
        """The invocation as `--json` gives it."""
        return {
            "request_id": self.request_id,
            "began_ms": self.began_ms,
            "duration_ms": _number(self.fields.get("SCF_Duration")),
            "memory": _number(self.fields.get("SCF_MemUsage")),
            "ended": self.ended,
            "failed": self.failed,
            "report": dict(self.report()),
            "why": self.why(),
            "lines": self.lines,
        }


def logs_command(
    *,
    since: options.Since = "1h",
    request: Request = "",
    follow: Follow = False,
    function_region: options.FunctionRegion = "",
    profile: options.Profile = "",
    as_json: options.AsJson = False,
) -> None:
    """Show the function's last invocations: when, how long, and what came of each.

    Reads the function's log topic in CLS, in which a line may be found some seconds after it was written. After
    `eni-flowlog invoke --async` this is where the report is.

    For example:

        eni-flowlog logs --since 2h

        eni-flowlog logs --follow

        eni-flowlog logs --request b615b896-0000-4000-8000-0242ac110002
    """
    began_ms = int((time.time() - options.seconds_of(since)) * 1000)
    config, cloud = session.connect(profile=profile, function_region=function_region)
    topic_id = _topic_of(cloud, config.function, config.namespace)
    query = f'SCF_Namespace:"{config.namespace}" AND SCF_FunctionName:"{config.function}"'
    if request:
        query = f'SCF_RequestId:"{request}"'
    stop = session.Stop()
    with stop.on_interrupt():
        for news in _new_runs(cloud, topic_id, query, began_ms, stop.budget() if follow else None):
            _show(news, lines=bool(request), as_json=as_json, heading=not follow)


def _topic_of(cloud: Cloud, function: str, namespace: str) -> str:
    """The topic of the function's log.

    Raises:
        OperatorError: there is no function, or it writes no log.
    """
    found = described(cloud, function, namespace)
    if found is None:
        raise OperatorError(f"There is no function {function} in {cloud.region}: say where by --function-region.")
    topic_id = str(found.get("ClsTopicId") or "")
    if not topic_id:
        raise OperatorError(f"{function} has no log topic: choose one in its log configuration in the console.")
    return topic_id


def _new_runs(cloud: Cloud, topic_id: str, query: str, began_ms: int, follow: Budget | None) -> Iterator[list[Run]]:
    """The invocations in the log; of a followed one those that have ended since, until it is stopped."""
    shown: set[str] = set()
    while True:
        until_ms = int(time.time() * 1000) + 1
        runs = _runs(_lines(cloud, topic_id, query, began_ms, until_ms))
        yield [run for run in runs if run.request_id not in shown and (run.ended or follow is None)]
        if follow is None or not follow.wait(LOOK_AGAIN_S):
            return
        shown |= {run.request_id for run in runs if run.ended}
        began_ms = max(began_ms, until_ms - LONGEST_RUN_MS)


def _lines(cloud: Cloud, topic_id: str, query: str, from_ms: int, to_ms: int) -> Iterator[Line]:
    """The lines of a log with their times, in their order, read page by page."""
    where: dict[str, Any] = {}
    while True:
        reply = topic.search(cloud, topic_id, query, (from_ms, to_ms), Sort="asc", Limit=PAGE, **where)
        for entry in reply.get("Results") or []:
            yield int(entry.get("Time") or 0), _object(str(entry.get("LogJson") or ""))
        if reply.get("ListOver") is not False:
            return
        where = {"Context": reply.get("Context")}


def _runs(lines: Iterator[Line]) -> list[Run]:
    runs: dict[str, Run] = {}
    for moment, line in lines:
        request_id = str(line.get("SCF_RequestId") or "")
        run = runs.setdefault(request_id, Run(request_id, moment))
        run.fields |= {name: value for name, value in line.items() if name.startswith("SCF_") and name != "SCF_Message"}
        run.lines.append(str(redact(str(line.get("SCF_Message") or ""))))
    return list(runs.values())


def _show(runs: Sequence[Run], *, lines: bool, as_json: bool, heading: bool) -> None:
    if as_json:
        console.write_json({"invocations": [run.as_dict() for run in runs]})
        return
    if heading and not runs:
        console.out().print(Text("No invocations in this time.", "dim"))
    for run in runs:
        console.out().print(_line(run), soft_wrap=True)
        for line in run.lines if lines else ():
            print(console.plain(line))


def _line(run: Run) -> Text:
    """An invocation on one line."""
    took = f"{_number(run.fields.get('SCF_Duration')):,.0f} ms" if run.ended else "running"
    head = Text(f"{run.began}  {run.request_id[:_SHORT]}  {took:>9}  ", "dim")
    counts = run.report().get("outcomes")
    what = console.summary(counts) if isinstance(counts, dict) else Text("")
    why = Text(("failed: " if run.failed else " ") + console.plain(run.why()), "red") if run.why() else Text("")
    return head + what + why


def _object(text: str) -> Mapping[str, Any]:
    parsed = jsontext.said(text)
    return parsed if isinstance(parsed, dict) else {}


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0
