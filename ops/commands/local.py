"""`eni-flowlog local`: the local cloud in the foreground, with a line for each thing that happens in it."""

from __future__ import annotations

import itertools
import json
import signal
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from localcloud import LocalCloud
from localcloud.scf.invoker import DeadLetter, Invocation
from ops import console
from ops.commands.demo import shell

if TYPE_CHECKING:
    from localcloud.core.call_log import Call

LONGEST = 300
"""Characters of a result that a line shows: it may have 6 MB."""
_EVERY_S = 0.25

Tell = Callable[[Text], None]
"""What takes a line for a person."""

Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Where to listen on 127.0.0.1; 0 picks a port.")]
TimeScale = Annotated[
    float,
    typer.Option("--time-scale", min=0.0, help="Factor on the platform's own waits, such as its retry after a minute."),
]
Fresh = Annotated[
    bool,
    typer.Option(
        "--fresh", help="An account in which nothing has been activated yet: neither service roles nor events."
    ),
]


def local_command(port: Port = 0, time_scale: TimeScale = 1.0, *, fresh: Fresh = False) -> None:
    """Run a Tencent Cloud for one machine in the foreground, and watch what happens in it.

    Prints the environment to copy for tccli, the SDKs and eni-flowlog itself, then each API call, event, invocation
    and dead letter as it comes. Ctrl-C ends it, and all that was in it is gone.

    For example:

        eni-flowlog local --port 8080 --time-scale 0.1
    """
    with LocalCloud(port, time_scale=time_scale, fresh=fresh) as local:
        console.out().print(Text(environment_lines(local)), soft_wrap=True)
        news: SimpleQueue[Text] = SimpleQueue()
        watch(local, news.put)
        stopped = threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: stopped.set())
        last: Call | None = None
        while not stopped.wait(_EVERY_S):
            last = _tell_calls(local, last, news.put)
            # Printed here, not where it happens: a reader that has gone, such as `head`, ends this command, no event.
            while not news.empty():
                console.out().print(news.get(), soft_wrap=True)


def environment_lines(local: LocalCloud) -> str:
    """What to copy into another terminal."""
    exports = "\n".join(f"export {name}={value}" for name, value in shell(local).items())
    return (
        f"{exports}\n\n"
        "# The function and all around it, and an interface, which has its flow log seconds later:\n"
        "eni-flowlog deploy --yes && \\\n"
        f"  tccli vpc CreateAndAttachNetworkInterface --endpoint {local.endpoint} --NetworkInterfaceName one \\\n"
        f"    --VpcId {local.vpc_id} --SubnetId {local.subnet_id} --InstanceId {local.instance_id}\n"
        f'# SDKs: HttpProfile(protocol="http", endpoint="{local.endpoint.removeprefix("http://")}")\n'
    )


def watch(local: LocalCloud, tell: Tell) -> None:
    """Tell a line of each event, invocation and dead letter of a local cloud from now on, as it comes."""
    local.eventbridge.watchers.append(lambda event: tell(_of_event(event)))
    local.scf.watchers.append(lambda news: tell(_of_run(news)))


def _tell_calls(local: LocalCloud, last: Call | None, tell: Tell) -> Call | None:
    """Tell a line of each call that came after the last one that was told, and return which that is now."""
    latest = list(itertools.takewhile(lambda call: call is not last, reversed(list(local.calls))))
    for call in reversed(latest):
        who = call.caller.role if call.caller and call.caller.role else "owner"
        style = "red" if call.code else "green"
        tell(_line("call", f"{call.service}:{call.action} in {call.region} by {who}: {call.code or 'ok'}", style))
    return latest[0] if latest else last


def _of_event(event: dict[str, Any]) -> Text:
    name, subject = event["data"]["eventName"], event.get("subject") or "-"
    return _line("event", f"{event['type']} {name} ({subject})", "cyan")


def _of_run(news: Invocation | DeadLetter) -> Text:
    if isinstance(news, DeadLetter):
        return _line("dead letter", f"of the platform, for {news.function}", "red")
    how = f"{'cold' if news.cold else 'warm'}, {news.duration_ms:.0f} ms, {news.memory_mb:.0f} MB"
    detail = f"{news.function} by {news.source}, {how}: {_ended(news)}"
    return _line("invocation", detail, "red" if news.error else "yellow")


def _line(what: str, detail: str, style: str) -> Text:
    return Text(f"{time.strftime('%H:%M:%S')} {what}  {console.plain(detail)}", style)


def _ended(run: Invocation) -> str:
    """How a run ended, as JSON: SCF's error, our report's outcomes, or whatever another function returned."""
    if run.error:
        return json.dumps(run.error)
    result = run.result
    if isinstance(result, dict) and isinstance(counts := result.get("outcomes"), dict):
        result = {outcome: number for outcome, number in counts.items() if number}
    text = json.dumps(result)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
