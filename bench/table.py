"""The table: one row a figure, ours beside a peer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def beside(figure: str, ours: float, peer: str, theirs: float, digits: int = 1) -> Row:
    """A figure of ours beside one of a peer, with that many digits, and their ratio; without a target."""
    return Row(figure, f"{ours:.{digits}f}", f"{peer}: {theirs:.{digits}f}", f"{ours / theirs:.2f}")


def markdown(rows: Iterable[Row]) -> str:
    """As a table for docs/performance.md, its columns aligned so that it is read in a terminal too."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    )
