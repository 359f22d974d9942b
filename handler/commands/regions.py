"""Which regions a command looks at: those that it names, those of FLOWLOG_REGIONS, or all that hold an interface."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from handler.cloud import cvm
from handler.cloud.many import together
from handler.errors import CloudError, attempted
from handler.model import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from handler.invocation import Invocation

Made = TypeVar("Made")

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


def find(invocation: Invocation, arguments: Mapping[str, Any], *, everywhere: bool = False) -> Regions:
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
        every = cvm.regions(invocation.api, invocation.settings.region)
    except CloudError as error:
        known = invocation.settings.known_regions()
        problem = (
            f"the account's regions could not be asked for ({error.code}: {error.message}), so that only "
            f"{', '.join(known)} were looked at; let the role call cvm:DescribeRegions, by `eni-flowlog deploy`"
        )
        return Regions(known, problem=problem)
    return _counted(invocation, every, named)


def side_by_side(work: Callable[[str], Made], regions: Sequence[str]) -> tuple[dict[str, Made], dict[str, Failure]]:
    """Do a work for all regions at once, so that none waits for another.

    Returns:
        What it made of each region that it did not fail for, and its failures, by region.
    """
    tried = together(lambda region: attempted(lambda: work(region)), regions, len(regions))
    ended = dict(zip(regions, tried, strict=True))
    made = {region: each for region, each in ended.items() if not isinstance(each, Failure)}
    return made, {region: each for region, each in ended.items() if isinstance(each, Failure)}


def _counted(invocation: Invocation, every: Sequence[str], named: Sequence[str]) -> Regions:
    def count(region: str) -> int:
        page = invocation.vpc().interface_page(region, 0, limit=1)
        return max(page.total, page.number)

    counted, failures = side_by_side(count, [region for region in every if region not in named])
    failures = {region: each for region, each in failures.items() if each.code != NOT_OPENED}
    numbers = {region: number for region, number in counted.items() if number}
    if named:
        return Regions(named, every, failures, left_out=numbers)
    return Regions(list(numbers), every, failures)
