"""A line for each interface: what `status --csv` and `--json` are made of."""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from handler.commands import status
from handler.commands.inventory import STATES, Inventory
from handler.model import Outcome, State, key_of
from ops.coverage.arrivals import Arrival
from ops.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from handler.commands.inventory import Found
    from ops.coverage.arrivals import Arrivals

NOT_COVERED = ("missing", "broken", "differs")
"""The states that keep the answer from being yes, the worst first."""
COLUMNS = (
    "account", "region", "vpc_id", "subnet_id", "instance_id", "interface_id", "state", "reason", "flow_log_id",
    "topic_id", "traffic_type", "enabled", "seen_at",
)  # fmt: skip
"""The columns of `--csv`; the items of `--json` have the same keys, and their outcome."""
ARRIVAL_COLUMNS = ("arrival", "last_record_at")
"""The columns that --arrivals adds."""
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_OUTCOMES = {state: outcome for outcome, states in STATES.items() for state in states}
_OUTCOMES[State.MISSING] = Outcome.MISSING


@dataclass
class Lines:
    """A line for each interface, as they are found; filled from several threads.

    Attributes:
        account: the account's id.
        found: the interfaces, each with when it was seen, in UTC.
        arrivals: what arrives of each, where that was asked for.
    """

    account: str
    found: list[tuple[Found, datetime]] = field(default_factory=list)
    arrivals: Arrivals | None = None

    def add(self, found: Found) -> None:
        """Take an interface."""
        self.found.append((found, datetime.now(timezone.utc)))

    def drop(self, regions: Collection[str]) -> None:
        """Forget the interfaces of regions whose listing broke off: half a region must not count as a whole one."""
        self.found = [each for each in self.found if each[0].interface.region not in regions]

    def sorted(self) -> list[dict[str, Any]]:
        """The lines by region, VPC and interface id."""
        lines = [self._line(found, seen_at) for found, seen_at in self.found]
        return sorted(lines, key=lambda line: (line["region"], line["vpc_id"], line["interface_id"]))

    def judge(self, arrivals: Arrivals, inventories: Sequence[Inventory]) -> list[Inventory]:
        """Take into account what arrives of each interface, and return the inventories of the regions, made anew."""
        self.arrivals = arrivals
        self.found = [(arrivals.judged(found), seen_at) for found, seen_at in self.found]
        anew = {each.region: Inventory(each.region, wider=each.wider, malformed=each.malformed) for each in inventories}
        for found, _ in self.found:
            anew[found.interface.region].add(found)
        return list(anew.values())

    def _line(self, found: Found, seen_at: datetime) -> dict[str, Any]:
        interface, log = found.interface, found.flow_log
        line = {
            "account": self.account,
            "region": interface.region,
            "vpc_id": interface.vpc_id,
            "subnet_id": interface.subnet_id,
            "instance_id": interface.instance_id,
            "interface_id": interface.interface_id,
            "outcome": _OUTCOMES[found.state].value,
            "state": found.state.value,
            "reason": found.reason,
            "flow_log_id": log.flow_log_id if log else "",
            "topic_id": log.topic_id if log else "",
            "traffic_type": log.traffic_type if log else "",
            "enabled": log.enabled if log else None,
            "seen_at": seen_at.strftime(_TIME),
        }
        if self.arrivals:
            arrival = self.arrivals.of_interface.get(key_of(interface), Arrival(""))
            line["arrival"] = arrival.word or arrival.note
            line["last_record_at"] = arrival.last.strftime(_TIME) if arrival.last else ""
        return line


def whole_report(report: dict[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The report of a status with its lists whole: a line for each interface becomes an item."""
    impaired = [line for line in lines if line["outcome"] == Outcome.IMPAIRED.value]
    drift = [
        {**{name: line[name] for name in ("region", "interface_id", "flow_log_id")}, "drift": line["reason"]}
        for line in impaired
    ]
    whole = {**report, "items": lines, "drift": drift}
    whole.pop("truncated", None)
    return whole


def totals(coverage: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The numbers of some rows together."""
    return {name: sum(row[name] for row in coverage) for name in status.COLUMNS}


def verdict(coverage: Sequence[Mapping[str, Any]]) -> Exit:
    """Whether all is covered: nothing is missing, differs or is broken."""
    return Exit.UNCOVERED if any(row[state] for row in coverage for state in NOT_COVERED) else Exit.OK


def write_csv(lines: Sequence[Mapping[str, Any]]) -> None:
    """Write a line for each interface to the standard output."""
    columns = [*COLUMNS, *(name for name in ARRIVAL_COLUMNS if lines and name in lines[0])]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell(line[name]) for name in columns] for line in lines)


def cell(value: Any) -> str:
    """A value of a line as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value or "")
