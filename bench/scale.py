"""How plan and status grow with the account, in the function's CPU time and memory; and the package's size."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bench import process
from bench.programs.common import REGION
from bench.table import Row, beside
from localcloud import LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from bench.contenders import Field

GROWTH = 11.0
OVER_IDS = 1.5
ZIP_MB = 5.0
STATUS = {"command": "status", "regions": [REGION]}
PLAN = {"command": "backfill", "regions": [REGION], "dry_run": True}
_PAGE = 100
_LOGS_PER_S, _INTERFACES_PER_S = 19.0, 95.0  # of handler/cloud/vpc.py


@dataclass(frozen=True)
class Size:
    """One account size: seconds of CPU and wall time, and peak kB."""

    number: int
    status_s: float
    wall_s: float
    plan_s: float
    peak_kb: int
    ids_kb: int

    @property
    def paced_s(self) -> float:
        """What the documented limits of the reads ask for at least, half of the interfaces having a flow log."""
        return self.number / _PAGE / _INTERFACES_PER_S + self.number / 2 / _PAGE / _LOGS_PER_S


def growth(contestants: Field, numbers: Sequence[int]) -> Iterator[Row]:
    """Status and plan of ever more interfaces, half of them covered; limits and the pace of the reads off."""
    sizes = [_measure(contestants, number) for number in numbers]
    for size in sizes:
        yield Row(
            f"status of {size.number:,}, CPU s (plan: {size.plan_s:.2f})",
            f"{size.status_s:.2f}",
            f"the reads' limits, s: {size.paced_s:.1f}",
            f"{size.status_s / size.paced_s:.2f}",
        )
    for before, after in pairwise(sizes):
        last = after is sizes[-1]
        factor, plan_factor = after.status_s / before.status_s, after.plan_s / before.plan_s
        yield Row(
            f"growth of status, {before.number:,} → {after.number:,}",
            f"{factor:.1f} times CPU, {after.wall_s / before.wall_s:.1f} times wall",
            f"linear: {after.number / before.number:.0f}; plan: {plan_factor:.1f}",
            f"{factor / (after.number / before.number):.2f}",
            f"≤ {GROWTH:.0f} times" if last else "",
            factor <= GROWTH if last else None,
        )
    first, last_size = sizes[-2], sizes[-1]
    ours, ids = last_size.peak_kb - first.peak_kb, last_size.ids_kb - first.ids_kb
    yield Row(
        f"status's memory, {first.number:,} → {last_size.number:,}",
        f"{first.peak_kb / 1024:.1f} → {last_size.peak_kb / 1024:.1f} MB",
        f"the ids alone: +{ids / 1024:.1f} MB",
        f"{ours / ids:.2f}",
        f"≤ {OVER_IDS}",
        ours <= ids * OVER_IDS,
    )


def _measure(contestants: Field, number: int) -> Size:
    status, plan = (
        of_account(contestants, number, {"event": event, "reads_unpaced": True}) for event in (STATUS, PLAN)
    )
    ids = process.run(contestants.with_ours("ids"), {"number": number}, {})
    ((status_s, wall_s),), ((plan_s, _),) = status["runs"], plan["runs"]
    return Size(number, status_s, wall_s, plan_s, status["peak_kb"], ids["peak_kb"])


def of_account(contestants: Field, number: int, work: Mapping[str, Any], enter: Sequence[str] = ()) -> dict[str, Any]:
    """What ours says that has looked at an account of so many interfaces, half of them covered."""
    with LocalCloud(enforce_limits=False) as cloud:
        cloud.seed_interfaces(REGION, number - 1, flow_logs=number // 2)  # and the instance's own
        said = process.in_cloud(cloud, contestants.ours, work, enter)
    assert sum(said["outcomes"].values()) == number, said
    return said


def package(contestants: Field) -> Iterator[Row]:
    """The zip and what it unpacks to, beside the pinned dependencies whole with the typed client."""
    built = contestants.package
    unpacked = _size(contestants.compiled)
    yield Row("zip, MB", f"{built.size / 1e6:.2f}", "", "", f"≤ {ZIP_MB:.0f} MB", built.size <= ZIP_MB * 1e6)
    yield beside("unpacked, MB", built.unpacked / 1e6, "(b)", unpacked / 1e6)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
