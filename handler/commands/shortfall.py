"""What a backfill could not cover: few dead letters of many interfaces each, or, of a sweep, few log lines and none.

A sweep is its own retry: the next one finds what is still missing in the cloud's state. So it writes no letter for a
single interface, and one that is refused for good does not fill the queue hour by hour.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from handler.deadletters import INTERFACES_PER_LETTER
from handler.log import logger
from handler.model import Failure, Interface, Outcome, Result, State

if TYPE_CHECKING:
    from handler.invocation import Invocation

NAMED = 5
"""How many interfaces a log line names."""


@dataclass
class Shortfall:
    """Takes the results of a backfill, a repair or a letter, and keeps what failed by region and code.

    Attributes:
        invocation: where results and letters go.
        sweeping: whether this is a sweep.
    """

    invocation: Invocation
    sweeping: bool
    _failed: dict[tuple[str, str], list[tuple[Interface, Failure]]] = field(default_factory=lambda: defaultdict(list))

    def settle(self, interface: Interface, result: Result) -> None:
        """Report the result of one interface, and keep it if it failed."""
        if result.failure:
            failed = self._failed[interface.region, result.failure.code]
            failed.append((interface, result.failure))
            if self.sweeping:
                result = replace(result, outcome=Outcome.MISSING, state=State.MISSING)
            elif len(failed) >= INTERFACES_PER_LETTER:
                self.invocation.letters.add_interfaces(failed)
                failed.clear()
        self.invocation.report.add(replace(result, failure=None))

    def close(self) -> None:
        """Keep what has not been kept yet: as letters, or as the sweep's log lines."""
        for (region, code), failed in self._failed.items():
            if not self.sweeping:
                self.invocation.letters.add_interfaces(failed)
            else:
                ids = [interface.interface_id for interface, _ in failed[:NAMED]]
                about = {"region": region, "code": code, "reason": failed[-1][1].message}
                logger.warning("missing", extra={**about, "number": len(failed), "interface_ids": ids})
        self._failed.clear()
