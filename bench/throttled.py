"""Under a twentieth of a core, as SCF's smallest sizes have little of one: in a cgroup, where one can be made."""

from __future__ import annotations

import os
import statistics
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench import calls, cold, scale
from bench.table import Row, beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.contenders import Field

SHARE = 0.05
PERIOD_US = 100_000
INIT_S, TIMEOUT_S = 30, 300
"""`initTimeout` and `timeout` of serverless.yml."""
INTERFACES = 20_000
LATENCY_S = 0.15
_PLACES = (("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "{}"), ("/sys/fs/cgroup", "cpu.max", "{} 100000"))
"""Of cgroups version 1 and 2: where they are made, and the file that holds the quota of a period."""
# The shell enters the cgroup and becomes the program.
_ENTER = 'echo $$ > "$0/cgroup.procs" && exec "$@"'


def figures(contestants: Field, runs: int, creates: int) -> Iterator[Row]:
    """Cold start, pace and status; one row that says so where no cgroup can be made."""
    with _cgroup() as enter:
        if not enter:
            yield Row(f"under {SHARE:.0%} of a core", "not measured: this machine lets us make no cgroup")
            return
        yield from _cold(contestants, runs, enter)
        share, throttled = calls.of_creates(contestants.ours, calls.BACKFILL, LATENCY_S, creates, enter)
        yield Row(
            f"under {SHARE:.0%} of a core: pace at {LATENCY_S * 1e3:.0f} ms latency, share of the limit",
            f"{share:.3f}, {throttled} throttled",
            target=f"≥ {calls.SHARE}, none throttled",
            met=round(share, 2) >= calls.SHARE and not throttled,
        )
        yield _status(contestants, enter)


def _cold(contestants: Field, runs: int, enter: Sequence[str]) -> Iterator[Row]:
    peers = (contestants.peers[0], contestants.peers[2])
    times = cold.measure((contestants.ours, *peers), runs, enter)
    medians = {name: statistics.median(each.wall) for name, each in times.items()}
    ours = medians[contestants.ours.name]
    for peer in peers:
        row = beside(f"under {SHARE:.0%} of a core: cold start, s", ours, peer.name, medians[peer.name])
        yield replace(row, target=f"≤ {INIT_S} s", met=ours <= INIT_S)


def _status(contestants: Field, enter: Sequence[str]) -> Row:
    said = scale.of_account(contestants, INTERFACES, {"event": scale.STATUS}, enter)
    ((cpu_s, wall_s),) = said["runs"]
    return Row(
        f"under {SHARE:.0%} of a core: status of {INTERFACES:,}, s",
        f"{wall_s:.0f}",
        f"CPU: {cpu_s:.1f}",
        target=f"≤ {TIMEOUT_S} s",
        met=wall_s <= TIMEOUT_S,
    )


@contextmanager
def _cgroup() -> Iterator[Sequence[str]]:
    """Make a cgroup, and give what a command must begin with to run in it; nothing where none can be made."""
    for root, file, text in _PLACES:
        folder = Path(root, f"eni-flowlog-bench-{os.getpid()}")
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            if (folder / file).exists():
                (folder / file).write_text(text.format(round(PERIOD_US * SHARE)), encoding="ascii")
                yield ("/bin/sh", "-c", _ENTER, str(folder))
                return
        finally:
            folder.rmdir()
    yield ()
