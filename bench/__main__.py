"""`python -m bench`: all figures in one run, and a table."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench import calls, cold, contenders, scale, table, throttled, warm
from ops.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.contenders import Field
    from bench.table import Row

    Figures = dict[str, Callable[[], Iterator[Row]]]


def figures(contestants: Field, *, quick: bool) -> Figures:
    """What is measured, by name, each made of repetitions or sizes that a quick run has fewer of."""
    return {
        "cold": lambda: cold.starts(contestants, 5 if quick else 15),
        "memory": lambda: cold.memory(contestants, 1 if quick else 3),
        "warm": lambda: warm.events(contestants, 200 if quick else 1_000),
        "batch": lambda: warm.batch(contestants, 1 if quick else 3),
        "calls": lambda: calls.of_events(contestants),
        "backfill": lambda: calls.of_backfill(contestants, 400),
        "pace": lambda: calls.pace(contestants, 80 if quick else 300),
        "scale": lambda: scale.growth(contestants, (1_000, 10_000) if quick else (1_000, 10_000, 100_000)),
        "throttled": lambda: throttled.figures(contestants, 1 if quick else 3, 80 if quick else 300),
        "size": lambda: scale.package(contestants),
    }


def main() -> int:
    """Measure, print, and return 0; 1 if a target is missed, 4 without the function's Python."""
    options = _options()
    started, load = time.perf_counter(), os.getloadavg()[0]
    try:
        contestants = contenders.gather()
    except OperatorError as error:
        print(error, file=sys.stderr)
        return 4
    rows: list[Row] = []
    for name, measure in figures(contestants, quick=options.quick).items():
        if not options.only or name in options.only:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            rows += measure()
    print(_machine(load, time.perf_counter() - started))
    printed = table.markdown(rows)
    print(printed)
    if options.markdown:
        options.markdown.write_text(printed + "\n", encoding="utf-8")
    missed = [row.figure for row in rows if row.met is False]
    print(f"\n{len(missed)} of {sum(row.met is not None for row in rows)} targets missed", *missed, sep="\n  ")
    return 1 if missed else 0


def _machine(load: float, seconds: float) -> str:
    """Where and in what company it was measured: milliseconds mean nothing without."""
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs ({_cpu()}), "
        f"load {load:.1f} before and {os.getloadavg()[0]:.1f} after, {seconds:.0f} s\n"
    )


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="What the function costs, beside its peers.")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, no account of 100,000 interfaces")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these figures, such as cold memory")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table for docs/performance.md there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
