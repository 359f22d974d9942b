"""How all regions stand: which a command looks at, and the inventory of each, taken side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from handler.cloud.cvm import Cvm
from handler.cloud.pace import Pacer
from handler.commands import coverage
from handler.commands.coverage import Inventory
from handler.cover import rules
from handler.errors import CloudError, attempted
from handler.log import logger
from handler.model import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from handler.commands.coverage import Found, Scope
    from handler.cover.cure import Wish
    from handler.invocation import Invocation

INSTANCE_READS_PER_S = 35.0
"""DescribeInstances keeps under its documented limit of 40 a second (doc 213/15728)."""
LISTING_SHARE = 0.5
"""The part of its time that a command's listing may take, where it has more to do; 100,000 interfaces take 40 s."""
MANY = 4
"""So many regions are a number in a sentence, not names."""

ASKERS = 16
NOT_OPENED = "UnsupportedRegion"


@dataclass
class Regions:
    """The regions of a command.

    Attributes:
        names: those that are looked at.
        asked: those that were asked whether they hold an interface.
        failures: those that could not say so, and why.
        left_out: how many interfaces are in those that FLOWLOG_REGIONS leaves out, where that was asked for.
        problem: why nobody knows whether these are all, in a sentence; empty where it is known.
    """

    names: Sequence[str]
    asked: Sequence[str] = ()
    failures: dict[str, Failure] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    problem: str = ""


@dataclass
class Survey:
    """The regions as they were listed, and those that could not be.

    Attributes:
        inventories: the regions as they were listed.
        failures: the regions that could not be, and why.
        regions: which regions there are.
    """

    inventories: list[Inventory]
    failures: dict[str, Failure] = field(default_factory=dict)
    regions: Regions = field(default_factory=lambda: Regions(()))

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
    found = find_regions(invocation, arguments, everywhere=for_status)

    def inventory(region: str) -> Inventory:
        scope = coverage.Scope(
            arguments.get("vpc_ids", ()),
            arguments.get("after", ""),
            tell,
            wish=wish,
            monotonic=invocation.budget.monotonic,
        )
        scope = _with_models(scope, region, invocation) if for_status else scope
        return coverage.take(region, invocation.vpc(), invocation.settings, scope)

    with ThreadPoolExecutor(max(1, len(found.names))) as pool:
        taken = dict(
            zip(found.names, pool.map(lambda region: attempted(lambda: inventory(region)), found.names), strict=True)
        )
    failures = {region: each for region, each in taken.items() if isinstance(each, Failure)}
    whole = Survey(
        [each for each in taken.values() if isinstance(each, Inventory)], {**found.failures, **failures}, found
    )
    whole.cut(arguments.get("limit"), of_cures=wish is not None)
    return whole


def _with_models(scope: Scope, region: str, invocation: Invocation) -> Scope:
    cvm, pacer = Cvm(invocation.api), Pacer(INSTANCE_READS_PER_S, invocation.budget.monotonic)
    return replace(scope, models=lambda ids: cvm.models(region, ids, pacer))


def find_regions(invocation: Invocation, arguments: Mapping[str, Any], *, everywhere: bool = False) -> Regions:
    """Find the regions of a command: by two calls and one for each region, where they are not named.

    Args:
        invocation: its settings say which regions, where the arguments do not.
        arguments: those of the command; `regions` counts.
        everywhere: also look what is in regions that FLOWLOG_REGIONS leaves out.
    """
    named: Sequence[str] = arguments.get("regions") or invocation.settings.regions
    if named and (arguments.get("regions") or not everywhere):
        return Regions(named)
    try:
        every = Cvm(invocation.api).regions(invocation.settings.region)
    except CloudError as error:
        known = invocation.settings.known_regions()
        problem = (
            f"the account's regions could not be asked for ({error.code}: {error.message}), so that only "
            f"{', '.join(known)} were looked at; let the role call cvm:DescribeRegions, by `eni-flowlog deploy`"
        )
        return Regions(known, problem=problem)
    return _counted(invocation, every, named)


def _counted(invocation: Invocation, every: Sequence[str], named: Sequence[str]) -> Regions:
    def count(region: str) -> int | Failure:
        page = attempted(lambda: invocation.vpc().interface_page(region, 0, limit=1))
        return page if isinstance(page, Failure) else max(page.total, page.number)

    asked = [region for region in every if region not in named]
    with ThreadPoolExecutor(ASKERS) as pool:
        counted = dict(zip(asked, pool.map(count, asked), strict=True))
    failures = {name: each for name, each in counted.items() if not isinstance(each, int) and each.code != NOT_OPENED}
    numbers = {region: each for region, each in counted.items() if isinstance(each, int) and each}
    if named:
        return Regions(named, every, failures, left_out=numbers)
    return Regions(list(numbers), every, failures)
