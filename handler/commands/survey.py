"""How all regions stand: the inventory of each that a command looks at, taken side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handler.commands import coverage, regions
from handler.cover import rules
from handler.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handler.commands.inventory import Found, Inventory
    from handler.commands.regions import Regions
    from handler.cover.cure import Wish
    from handler.invocation import Invocation
    from handler.model import Failure

LISTING_SHARE = 0.5
"""The part of its time that a command's listing may take, where it has more to do; 100,000 interfaces take 40 s."""
MANY = 4
"""So many regions are a number in a sentence, not names."""


@dataclass
class Survey:
    """The regions as they were listed, and those that could not be.

    Attributes:
        inventories: the regions as they were listed.
        failures: the regions that could not be, and why.
        regions: which regions there are.
    """

    inventories: list[Inventory]
    failures: dict[str, Failure]
    regions: Regions

    @property
    def missing(self) -> int:
        """How many interfaces should have a flow log and have none, as far as they are kept."""
        return sum(len(each.missing) for each in self.inventories)

    @property
    def complete(self) -> bool:
        """Whether every region that holds an interface was listed: else nothing of it proves that all is covered."""
        unread = any(each.malformed for each in self.inventories)
        return not (self.failures or self.regions.left_out or self.regions.problem or unread)

    @property
    def where(self) -> str:
        """The regions that were looked at, in words."""
        names = self.regions.names or self.regions.asked
        return " and ".join(names) if len(names) < MANY else f"{len(names)} regions"

    def cut(self, limit: int | None, *, of_cures: bool) -> None:
        """Keep the first `limit` missing interfaces, or cures, in the order of the regions."""
        if limit is None:
            return
        for each in self.inventories:
            if of_cures:
                each.cures, each.cures_cut = each.cures[:limit], 0
            else:
                each.missing = each.missing[:limit]
            limit -= len(each.cures if of_cures else each.missing)

    def say_failures(self, invocation: Invocation) -> None:
        """Say in the report which regions could not be listed, and why."""
        for region, failure in sorted(self.failures.items()):
            invocation.report.stop(f"{region} could not be listed: {failure.code}: {failure.message}")
        self.say_what_is_left_out(invocation)

    def say_what_is_left_out(self, invocation: Invocation) -> None:
        """Say in the report what is not looked at beside regions that failed."""
        if self.regions.problem:
            invocation.report.stop(self.regions.problem)
        for region, number in sorted(self.regions.left_out.items()):
            invocation.report.stop(f"{number} interfaces in {region} are not looked at: FLOWLOG_REGIONS leaves it out")
        for each in self.inventories:
            if each.malformed:
                invocation.report.stop(
                    f"{each.malformed} rows of {each.region} were passed over: the cloud's listing has them in a form "
                    "that is not documented"
                )


def take(
    invocation: Invocation,
    arguments: Mapping[str, Any],
    tell: Callable[[Found], None] | None = None,
    *,
    for_status: bool = False,
    wish: Wish | None = None,
) -> Survey:
    """List the regions side by side.

    Args:
        invocation: its settings say which regions, where the arguments do not; its time ends the listing.
        arguments: those of the command: `regions`, `vpc_ids`, `after` and `limit` count.
        tell: gets each interface as it is found, from several threads.
        for_status: also tell by its instance's model what can have no flow log, and look what FLOWLOG_REGIONS leaves
            out. The models are for an answer only: whoever creates tries all the same, for the list may be stale.
        wish: what may be repaired, where that is to be found; the limit is then of that, else of what is missing.

    Returns:
        What was found. A region that could not be listed is one of its `failures`.
    """
    for over in rules.expired(invocation.settings):
        logger.warning("rule expired", extra={"rule": over})
    scope = coverage.Scope(
        arguments.get("vpc_ids", ()),
        arguments.get("after", ""),
        tell,
        models_from=invocation.api if for_status else None,
        wish=wish,
    )

    def inventory(region: str) -> Inventory:
        return coverage.take(region, invocation.vpc(paced=True), scope)

    found = regions.find(invocation, arguments, everywhere=for_status)
    taken, failures = regions.side_by_side(inventory, found.names)
    whole = Survey(list(taken.values()), found.failures | failures, found)
    whole.cut(arguments.get("limit"), of_cures=wish is not None)
    return whole
