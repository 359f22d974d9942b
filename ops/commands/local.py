"""`eni-flowlog local`: the local cloud in the foreground, with a live view of what happens in it."""

from __future__ import annotations

import itertools
import json
import signal
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.live import Live
from rich.text import Text

from localcloud import LocalCloud
from localcloud.scf.invoker import DeadLetter, Invocation
from ops import console
from ops.commands.demo import shell

if TYPE_CHECKING:
    from localcloud.core.call_log import Call

ROWS = 24
LONGEST = 300
"""Characters of a result that the view shows: it may have 6 MB."""
_EVERY_S = 0.25

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
        view = View(local)
        if sys.stdout.isatty():
            with Live(view.table(), console=console.out(), auto_refresh=False) as live:
                view.follow(lambda: live.update(view.table(), refresh=True))
        else:
            view.follow(view.print_news)


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


class View:
    """The last things that happened, newest last."""

    def __init__(self, local: LocalCloud) -> None:
        """Begin to watch."""
        self._local = local
        self._lock = threading.Lock()
        self._shown: deque[tuple[str, Text]] = deque(maxlen=ROWS)
        self._unprinted: list[tuple[str, Text]] = []
        self._last_call: Call | None = None
        local.eventbridge.watchers.append(self._event)
        local.scf.watchers.append(self._scf)

    def follow(self, show: Any) -> None:
        """Show what is new, until interrupted."""
        stopped = threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: stopped.set())
        while not stopped.wait(_EVERY_S):
            self._take_calls()
            show()

    def table(self) -> Any:
        """The last rows."""
        rows = console.table(f"Local cloud at {self._local.endpoint}", ("Time", "What", "Detail"), fold=("Detail",))
        with self._lock:
            self._unprinted.clear()
            for moment, line in self._shown:
                what, _, detail = line.plain.partition("  ")
                rows.add_row(moment, Text(what, line.style), detail)
        return rows

    def print_news(self) -> None:
        """Print what has not been printed yet, a line each."""
        with self._lock:
            news, self._unprinted = self._unprinted, []
        for moment, line in news:
            print(moment, line.plain, flush=True)

    def _say(self, what: str, detail: str, style: str) -> None:
        row = (time.strftime("%H:%M:%S"), Text(f"{what}  {console.plain(detail)}", style))
        with self._lock:
            self._shown.append(row)
            self._unprinted.append(row)

    def _take_calls(self) -> None:
        latest = list(itertools.takewhile(lambda call: call is not self._last_call, reversed(list(self._local.calls))))
        for call in reversed(latest):
            who = call.caller.role if call.caller and call.caller.role else "owner"
            style = "red" if call.code else "green"
            self._say("call", f"{call.service}:{call.action} in {call.region} by {who}: {call.code or 'ok'}", style)
        self._last_call = latest[0] if latest else self._last_call

    def _event(self, event: dict[str, Any]) -> None:
        data = event["data"]
        self._say("event", f"{event['type']} {data['eventName']} ({event.get('subject') or '-'})", "cyan")

    def _scf(self, news: Invocation | DeadLetter) -> None:
        if isinstance(news, DeadLetter):
            self._say("dead letter", f"of the platform, for {news.function}", "red")
            return
        how = f"{'cold' if news.cold else 'warm'}, {news.duration_ms:.0f} ms, {news.memory_mb:.0f} MB"
        detail = f"{news.function} by {news.source}, {how}: {_ended(news)}"
        self._say("invocation", detail, "red" if news.error else "yellow")


def _ended(run: Invocation) -> str:
    """How a run ended, as JSON: SCF's error, our report's outcomes, or whatever another function returned."""
    if run.error:
        return json.dumps(run.error)
    result = run.result
    if isinstance(result, dict) and isinstance(counts := result.get("outcomes"), dict):
        result = {outcome: number for outcome, number in counts.items() if number}
    text = json.dumps(result)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
