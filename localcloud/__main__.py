"""`python -m localcloud`: a local cloud until it is told to stop."""

from __future__ import annotations

import json
import signal
import threading
from typing import Annotated

import typer

from localcloud.cloud import LocalCloud

Port = Annotated[int, typer.Option(min=0, max=65535, help="Where to listen on 127.0.0.1; 0 picks a free port.")]
TimeScale = Annotated[float, typer.Option(min=0, help="Factor on the platform's waits: 0.1 is ten times faster.")]
Latency = Annotated[float, typer.Option(min=0, help="Seconds each call takes at least.")]
NoLimits = Annotated[bool, typer.Option("--no-limits", help="Do not enforce the documented call limits.")]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="An account in which nothing has been activated: see GET /console.")
]


def main(
    port: Port = 0,
    time_scale: TimeScale = 1.0,
    latency: Latency = 0.0,
    *,
    no_limits: NoLimits = False,
    fresh: Fresh = False,
) -> None:
    """Run a Tencent Cloud for one machine: say where it is and how to sign, and serve until SIGTERM or SIGINT."""
    stopped = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stopped.set())
    with LocalCloud(port, time_scale=time_scale, enforce_limits=not no_limits, latency_s=latency, fresh=fresh) as cloud:
        print(json.dumps(cloud.description()), flush=True)
        stopped.wait()


if __name__ == "__main__":
    typer.run(main)
