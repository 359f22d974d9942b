"""What the measured programs share. It imports nothing that costs a cold start anything."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGION = "ap-guangzhou"
INTERFACE_ID = "eni-78ysaex1"
"""Of the event that the work gives: `events` puts another in its place each time."""
CONTEXT = {
    "memory_limit_in_mb": 64,
    "time_limit_in_ms": 900_000,
    "request_id": "b615b896-0000-4000-8000-0242ac110002",
    "function_version": "$LATEST",
    "function_name": "eni-flowlog",
    "namespace": "default",
    "tencentcloud_region": REGION,
}


def work() -> dict[str, Any]:
    """What there is to do."""
    with open(os.environ["BENCH_WORK"], encoding="utf-8") as file:  # noqa: PTH123 - pathlib costs a cold start 5 ms
        content: dict[str, Any] = json.load(file)
    return content


def say(**found: Any) -> None:
    """Tell the bench what was found, and this process's peak memory in kB."""
    with open(os.environ["BENCH_RESULT"], "w", encoding="utf-8") as file:  # noqa: PTH123 - see above
        json.dump({**found, "peak_kb": peak_kb()}, file)


def peak_kb() -> int:
    """The peak resident size, not by getrusage: its peak is inherited from the process that started this one."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - see above
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def events(given: dict[str, Any]) -> Iterator[Any]:
    """The work's `event`, so many `times`; what names INTERFACE_ID names another interface each time."""
    text = json.dumps(given["event"])
    for number in range(given.get("times", 1)):
        yield json.loads(text.replace(INTERFACE_ID, f"eni-{number:08d}"))


def run(handle: Callable[[Any, dict[str, Any]], Any]) -> None:
    """Handle events one after the other, as an instance does; tell the CPU and wall time of each, and the last report.

    No report but the last is kept: the memory of many events is to be that of the handler.
    """
    runs, report = [], None
    for event in events(work()):
        cpu, wall = time.process_time(), time.perf_counter()
        report = handle(event, CONTEXT)
        runs.append((time.process_time() - cpu, time.perf_counter() - wall))
    say(runs=runs, outcomes=report and report.get("outcomes"))
