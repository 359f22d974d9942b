"""The table: one row a figure, ours beside a peer."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEADINGS = ("figure", "ours", "peer", "ratio", "target", "met")


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        figure: what was measured, with its unit.
        ours: of the package.
        peer: the peer's name and figure.
        ratio: ours over the peer's, with the middle half of its spread where there were repetitions.
        target: the issue's; empty where it has none.
        met: whether the target is.
    """

    figure: str
    ours: str
    peer: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """As printed."""
        met = {True: "yes", False: "NO", None: ""}[self.met]
        return (self.figure, self.ours, self.peer, self.ratio, self.target, met)


@dataclass(frozen=True)
class Ratio:
    """Ours over the peer's, pair by pair: what disturbs the machine disturbs both of a pair."""

    pairs: tuple[float, ...]

    @classmethod
    def of(cls, ours: Sequence[float], peers: Sequence[float]) -> Ratio:
        """Take measurements that were made in turn."""
        return cls(tuple(mine / theirs for mine, theirs in zip(ours, peers, strict=True)))

    @property
    def median(self) -> float:
        """The ratio."""
        return statistics.median(self.pairs)

    def __str__(self) -> str:
        """With the quartiles."""
        if len(self.pairs) < 4:  # noqa: PLR2004 - quartiles need four
            return f"{self.median:.2f}"
        low, _, high = statistics.quantiles(self.pairs, n=4)
        return f"{self.median:.2f} ({low:.2f}-{high:.2f})"


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which that part, between 0 and 1, of the values lies."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def plain(rows: Iterable[Row]) -> str:
    """As text for a terminal."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    lines.insert(1, tuple("─" * width for width in widths))
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def markdown(rows: Iterable[Row]) -> str:
    """As a table for docs/performance.md."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
