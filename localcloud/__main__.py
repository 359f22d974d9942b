"""`python -m localcloud`: a local cloud until it is told to stop."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from typing import Any

from localcloud.cloud import LocalCloud


def main() -> None:
    """Start a cloud, print one JSON line that says where it is and how to sign, and serve until SIGTERM or SIGINT."""
    options = _parser().parse_args()
    stopped = threading.Event()

    def stop(*_: Any) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with LocalCloud(
        options.port,
        time_scale=options.time_scale,
        enforce_limits=not options.no_limits,
        latency_s=options.latency,
        fresh=options.fresh,
    ) as cloud:
        print(json.dumps(cloud.description()), flush=True)
        stopped.wait()


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:  # noqa: PLR2004  the highest port there is
        raise ValueError(text)
    return port


def _not_negative(text: str) -> float:
    number = float(text)
    if not number >= 0:
        raise ValueError(text)
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localcloud", description="A Tencent Cloud for one machine.")
    parser.add_argument("--port", type=_port, default=0, help="where to listen on 127.0.0.1; 0 picks a free port")
    parser.add_argument(
        "--time-scale", type=_not_negative, default=1.0, help="factor on the platform's waits: 0.1 is ten times faster"
    )
    parser.add_argument("--latency", type=_not_negative, default=0.0, help="seconds each call takes at least")
    parser.add_argument("--no-limits", action="store_true", help="do not enforce the documented call limits")
    parser.add_argument(
        "--fresh", action="store_true", help="an account in which nothing has been activated: see GET /console"
    )
    return parser


if __name__ == "__main__":
    main()
