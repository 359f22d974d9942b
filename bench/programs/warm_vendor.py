"""Event by event: the vendor's documented way."""

from __future__ import annotations

import time

from bench.programs import common
from bench.programs.vendor import main_handler


def _main() -> None:
    times = []
    for event in common.work()["events"]:
        cpu, wall = time.process_time(), time.perf_counter()
        main_handler(event, common.CONTEXT)
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
    common.say(vendor=times)


_main()
