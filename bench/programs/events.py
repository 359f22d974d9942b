"""The function with some payloads, one after the other: its reports, and the wall and CPU time of each."""

from __future__ import annotations

import time
from importlib import import_module

from bench.programs import common


def _main() -> None:
    work = common.work()
    if work.get("reads_unpaced"):
        # How its cost grows is to be seen, not the documented limits under which it reads.
        listing = import_module("handler.commands.listing")
        vars(listing).update(FLOW_LOG_READS_PER_S=1e6, INTERFACE_READS_PER_S=1e6)
    handle = import_module("index").main_handler
    runs = []
    for event in work["events"]:
        cpu, wall = time.process_time(), time.perf_counter()
        report = handle(event, common.CONTEXT)
        runs.append({"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall, **_of(report)})
    common.say(runs=runs)


def _of(report: dict[str, object]) -> dict[str, object]:
    return {key: report.get(key) for key in ("outcomes", "continued", "stopped")}


_main()
