"""`python -m soak`, or `make soak`: prints the figures, and exits with 1 where a promise was broken."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from soak.soak import Figures, Plan, Soak

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def main() -> int:
    """Run it as asked, and say what came out."""
    options = _options()
    plan = Plan(
        events=options.events,
        failing=options.failing,
        instances=options.instances,
        kills=options.kills,
        seed=options.seed,
    )
    print(
        f"{plan.events:,} events, {plan.failing:.0%} of calls failing, seed {plan.seed}: this takes a while", flush=True
    )
    figures = Soak(plan, _progress(plan.events)).run()
    print("\n".join(table(figures)))
    for text in figures.violations[:20]:
        print(f"VIOLATION  {text}")
    print(
        f"{len(figures.violations)} violations" if figures.violations else "nothing lost, nothing twice, nothing leaked"
    )
    return 1 if figures.violations else 0


def _progress(events: int) -> Callable[[int], None]:
    """Say it at each tenth."""
    started, said = time.monotonic(), [0]

    def say(made: int) -> None:
        if made * 10 // events > said[0]:
            said[0] = made * 10 // events
            print(f"  {made:,} events after {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)

    return say


def table(figures: Figures) -> Iterator[str]:
    """The figures, a line each."""
    yield from (
        _line("events", figures.events),
        _line("  dropped by the bus", figures.dropped),
        _line("  copies delivered on top", figures.copies),
        _line("invocations", sum(figures.runs.values()), figures.runs),
        _line("items received", figures.items, {name: n for name, n in figures.outcomes.items() if n}),
        _line("calls", figures.calls),
        _line("failures injected", sum(figures.injected.values()), dict(figures.injected.most_common())),
        _line("queue outages", figures.outages),
        _line("clock jumps", figures.clock_jumps),
        _line("sweeps under faults", figures.sweeps),
        _line("interfaces refused for good", figures.refused),
        _line("flow logs switched off or without topic", figures.spoilt),
        _line("flow logs of somebody else", figures.theirs),
        _line("keys replaced", figures.keys),
        _line("dead letters written", figures.letters_written),
        _line("  the platform's own", figures.native_letters),
        _line("  made good since", figures.letters_written - sum(figures.letters_left.values())),
        _line("  left on the queue", sum(figures.letters_left.values()), figures.letters_left),
        _line("uncovered before the sweep", sum(figures.uncovered_before.values()), figures.uncovered_before),
        _line("eligible interfaces", figures.eligible),
        _line("lost", figures.lost),
        _line("duplicate flow logs", figures.duplicates),
        _line("secrets found in any output", figures.secrets),
        _line("longest invocation, s", round(figures.longest_s)),
        _line("seconds", round(figures.seconds)),
    )


def _line(name: str, number: int, parts: Mapping[str, int] | None = None) -> str:
    of_which = ", ".join(f"{part} {count:,}" for part, count in (parts or {}).items())
    return f"{name:<42}{number:>10,}" + (f"   {of_which}" if of_which else "")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--events", type=int, default=Plan.events)
    parser.add_argument("--failing", type=float, default=Plan.failing, help="the share of calls that fail")
    parser.add_argument("--instances", type=int, default=Plan.instances, help="instances of the function side by side")
    parser.add_argument("--kills", type=float, default=Plan.kills, help="the share of invocations that are killed")
    parser.add_argument("--seed", type=int, default=Plan.seed)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
