"""Under a twentieth of a core, as SCF's smallest sizes have little of one: in a cgroup, where one can be made."""

from __future__ import annotations

import os
import statistics
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench import calls, cold, process, scale
from bench.programs.common import REGION
from bench.table import Row
from localcloud import LocalCloud

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
        share, throttled = calls.of_ours(contestants, LATENCY_S, creates, enter)
        yield Row(
            f"under {SHARE:.0%} of a core: pace at {LATENCY_S * 1e3:.0f} ms latency, share of the limit",
            f"{share:.3f}, {throttled} throttled",
            target=f"≥ {calls.SHARE}, none throttled",
            met=round(share, 2) >= calls.SHARE and not throttled,
        )
        yield _status(contestants, enter)


def _cold(contestants: Field, runs: int, enter: Sequence[str]) -> Iterator[Row]:
    peers = (contestants.peers[0], contestants.peers[2])
    times = cold.measure(contestants, (contestants.ours, *peers), runs, enter)
    ours = statistics.median(times[contestants.ours.name].wall)
    for peer in peers:
        theirs = statistics.median(times[peer.name].wall)
        yield Row(
            f"under {SHARE:.0%} of a core: cold start, s",
            f"{ours:.1f}",
            f"{peer.name}: {theirs:.1f}",
            f"{ours / theirs:.2f}",
            f"≤ {INIT_S} s",
            ours <= INIT_S,
        )


def _status(contestants: Field, enter: Sequence[str]) -> Row:
    with LocalCloud(enforce_limits=False) as cloud:
        cloud.seed_interfaces(REGION, INTERFACES - 1, flow_logs=INTERFACES // 2)  # and the instance's own
        work = {"events": [scale.STATUS]}
        settings = process.cloud_settings(cloud)
        said = process.run(contestants.python, contestants.ours, work, settings, enter)
    (run,) = said["runs"]
    assert sum(run["outcomes"].values()) == INTERFACES, run
    return Row(
        f"under {SHARE:.0%} of a core: status of {INTERFACES:,}, s",
        f"{run['wall_s']:.0f}",
        f"CPU: {run['cpu_s']:.1f}",
        target=f"≤ {TIMEOUT_S} s",
        met=run["wall_s"] <= TIMEOUT_S,
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
