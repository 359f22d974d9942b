"""How all regions stand: which regions are meant, and the inventory of each, taken side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from handler.commands import coverage
from handler.commands.coverage import Inventory
from handler.cover import rules
from handler.errors import failure_of
from handler.log import logger
from handler.model import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from handler.commands.coverage import Found
    from handler.invocation import Invocation


@dataclass
class Survey:
    """The regions as they were listed, and those that could not be."""

    inventories: list[Inventory]
    failures: dict[str, Failure] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """How many interfaces should have a flow log and have none, as far as they are kept."""
        return sum(len(each.missing) for each in self.inventories)

    def cut(self, limit: int | None) -> None:
        """Keep the first `limit` missing interfaces, in the order of the regions."""
        room = limit if limit is not None else self.missing
        for each in self.inventories:
            each.missing = each.missing[:room]
            room -= len(each.missing)

    def say_failures(self, invocation: Invocation) -> None:
        """Say in the report which regions could not be listed, and why."""
        for region, failure in sorted(self.failures.items()):
            invocation.report.stop(f"{region} could not be listed: {failure.code}: {failure.message}")


def take(invocation: Invocation, arguments: Mapping[str, Any], tell: Callable[[Found], None] | None = None) -> Survey:
    """List the regions side by side.

    Args:
        invocation: its settings say which regions, where the arguments do not; its time ends the listing.
        arguments: those of the command: `regions`, `vpc_ids`, `after` and `limit` count.
        tell: gets each interface as it is found, from several threads.

    Returns:
        What was found. A region that could not be listed is one of its `failures`.
    """
    for over in rules.expired(invocation.settings):
        logger.warning("rule expired", extra={"rule": over})
    scope = coverage.Scope(arguments.get("vpc_ids", ()), arguments.get("after", ""), tell)
    regions: Sequence[str] = arguments.get("regions") or invocation.settings.known_regions()

    def inventory(region: str) -> Inventory | Failure:
        try:
            return coverage.take(region, invocation.vpc(), invocation.settings, scope)
        except Exception as error:  # noqa: BLE001 - one region's failure is not the others'
            return failure_of(error)

    with ThreadPoolExecutor(len(regions)) as pool:
        taken = dict(zip(regions, pool.map(inventory, regions), strict=True))
    whole = Survey(
        [each for each in taken.values() if isinstance(each, Inventory)],
        {region: each for region, each in taken.items() if isinstance(each, Failure)},
    )
    whole.cut(arguments.get("limit"))
    return whole
