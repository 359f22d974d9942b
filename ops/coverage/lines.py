"""A line for each interface: what `status --csv` and `--json` are made of."""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from handler.model import Outcome, State
from ops.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from handler.commands.coverage import Found

NOT_COVERED = ("missing", "differs", "broken")
COLUMNS = (
    "account", "region", "vpc_id", "subnet_id", "instance_id", "interface_id", "state", "reason", "flow_log_id",
    "topic_id", "traffic_type", "enabled", "seen_at",
)  # fmt: skip
"""Of `--csv`; the items of `--json` have them too, and their outcome."""
_OUTCOMES = {
    State.COVERED: Outcome.COVERED,
    State.DIFFERS: Outcome.IMPAIRED,
    State.BROKEN: Outcome.IMPAIRED,
    State.MISSING: Outcome.MISSING,
    State.WAITING: Outcome.WAITING,
}
"""What the report calls an interface in a state; the others are skipped."""


@dataclass
class Lines:
    """A line for each interface, as they are found; filled from several threads.

    Attributes:
        account: the account's id.
        found: the interfaces, each with when it was seen, in UTC.
    """

    account: str
    found: list[tuple[Found, datetime]] = field(default_factory=list)

    def add(self, found: Found) -> None:
        """Take an interface."""
        self.found.append((found, datetime.now(timezone.utc)))

    def sorted(self) -> list[dict[str, Any]]:
        """The lines by region, VPC and interface id."""
        lines = [self._line(found, seen_at) for found, seen_at in self.found]
        return sorted(lines, key=lambda line: (line["region"], line["vpc_id"], line["interface_id"]))

    def _line(self, found: Found, seen_at: datetime) -> dict[str, Any]:
        interface, log = found.interface, found.flow_log
        return {
            "account": self.account,
            "region": interface.region,
            "vpc_id": interface.vpc_id,
            "subnet_id": interface.subnet_id,
            "instance_id": interface.instance_id,
            "interface_id": interface.interface_id,
            "outcome": _OUTCOMES.get(found.state, Outcome.SKIPPED).value,
            "state": found.state.value,
            "reason": found.reason,
            "flow_log_id": log.flow_log_id if log else "",
            "topic_id": log.topic_id if log else "",
            "traffic_type": log.traffic_type if log else "",
            "enabled": log.enabled if log else None,
            "seen_at": seen_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def whole_report(report: dict[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The report of a status with its lists whole: each interface is an item, and each impaired one in `drift`."""
    impaired = [line for line in lines if line["state"] in ("differs", "broken")]
    drift = [
        {**{name: line[name] for name in ("region", "interface_id", "flow_log_id")}, "drift": line["reason"]}
        for line in impaired
    ]
    cut = {name: value for name, value in report.items() if name != "truncated"}
    return {**cut, "items": lines, "drift": drift}


def verdict(coverage: Sequence[Mapping[str, Any]]) -> Exit:
    """Whether all is covered: nothing is missing, differs or is broken."""
    return Exit.UNCOVERED if any(row[state] for row in coverage for state in NOT_COVERED) else Exit.OK


def write_csv(lines: Sequence[Mapping[str, Any]]) -> None:
    """Write a line for each interface to the standard output."""
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**line, "enabled": _yes_or_no(line["enabled"])} for line in lines)


def _yes_or_no(value: bool | None) -> str:  # noqa: FBT001 - a conversion of one value
    return "" if value is None else "yes" if value else "no"
