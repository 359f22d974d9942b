"""Looking for interfaces that an event does not name, or names without their VPC, until they are visible."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import defaultdict
from typing import TYPE_CHECKING

from handler.errors import failed, failure_of, malformed
from handler.model import Failure, Outcome, key_of, result_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from handler.cloud.vpc import Vpc
    from handler.model import Interface, InterfaceKey, Result

# How long, in seconds, to look again for what is not visible yet. RunInstances answers before its instances boot, and
# their interfaces become visible only then; an id that an event names should be there at once.
INSTANCE_DELAYS_S = (0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 5.0, 5.0, 8.0, 8.0, 10.0, 10.0)
INTERFACE_DELAYS_S = (0.5, 1.0, 2.5)
MAX_IN_PLACE = 500
"""A subnet or VPC with more interfaces than this is left to the sweep, which lists it anyway."""
_TOLD = re.compile(r"[1-9]\d{3}-\d\d-\d\d \d\d:\d\d:\d\d")

Found = dict["InterfaceKey", list["Interface"]]


class Search(ABC):
    """What is looked for together, in one region.

    Attributes:
        wanted: what was asked for and is not complete yet, by its key.
        delays: the seconds to wait before each further look.
        hopeless: another look would not help.
        too_soon: the time ran out before the delays did.
    """

    hopeless = False
    too_soon = False

    def __init__(self, region: str, delays: Sequence[float]) -> None:
        """Begin with nothing wanted."""
        self.region = region
        self.delays = delays
        self.wanted: dict[InterfaceKey, Interface] = {}

    @abstractmethod
    def look(self, vpc: Vpc) -> Found:
        """What of the wanted is visible by now; what the cloud answers beside it is left out.

        Raises:
            CloudError: it could not be looked for.
        """

    @abstractmethod
    def give_up(self, asked: Interface, seen: int, /) -> Result | None:
        """The result of what has shown fewer interfaces than expected; None where nothing is left to be said."""

    def invisible(self, asked: Interface, what: str) -> Result:
        """A failure that a redrive may make good."""
        message = f"{what} become visible: redrive it, or let the sweep find it"
        failure = Failure("not_found", "InterfaceNotVisible", message, retryable=True, unfinished=self.too_soon)
        return failed(asked, failure)


class ById(Search):
    """Interfaces whose ids are known."""

    _malformed: frozenset[str] = frozenset()

    def look(self, vpc: Vpc) -> Found:
        """Read them, a hundred in a call."""
        visible = vpc.interfaces_by_id(self.region, [ident for _, ident in self.wanted])
        self._malformed = frozenset(vpc.malformed)
        return {key_of(each): [each] for each in visible}

    def give_up(self, asked: Interface, _seen: int, /) -> Result:
        """It is gone, if it was looked for long enough to say so, and what the cloud says of it could be read."""
        if asked.interface_id in self._malformed:
            return failed(asked, failure_of(malformed(asked.interface_id)))
        if self.too_soon:
            return self.invisible(asked, "this interface has not")
        return result_of(asked, Outcome.GONE, "no such interface: deleted before we came")


class ByInstance(Search):
    """The interfaces of instances: of a new one as many as its RunInstances named."""

    def look(self, vpc: Vpc) -> Found:
        """Read those that are attached to the instances."""
        found: Found = defaultdict(list)
        for each in vpc.interfaces_by_instance(self.region, [ident for _, ident in self.wanted]):
            found[self.region, each.instance_id].append(each)
        return found

    def give_up(self, asked: Interface, seen: int, /) -> Result:
        """A failure that a redrive may make good."""
        what = f"only {seen} of {asked.expected} interfaces of this instance have"
        return self.invisible(asked, what if seen else "no interface of this instance has")


class ByPlace(Search):
    """The new interfaces of a subnet, or of a VPC, of a record that names no interface (facts 4.2)."""

    def look(self, vpc: Vpc) -> Found:
        """Read what is there, and leave out what has a flow log or was there before the event."""
        ((key, asked),) = self.wanted.items()
        there = vpc.interfaces_in(self.region, asked.subnet_id or asked.vpc_id, MAX_IN_PLACE + 1)
        self.hopeless = len(there) > MAX_IN_PLACE
        if self.hopeless:
            return {}
        new = [each for each in there if _is_new(each, asked)]
        covered = vpc.covered_in(self.region, new[0].vpc_id) if new else frozenset()
        return {key: [each for each in new if each.interface_id not in covered]}

    def give_up(self, asked: Interface, seen: int, /) -> Result | None:
        """It waits for the sweep, if nothing of it was seen."""
        if seen:
            return None
        place = asked.subnet_id or asked.vpc_id
        what = f"{place} has more than {MAX_IN_PLACE} interfaces" if self.hopeless else f"none is new in {place}"
        return result_of(asked, Outcome.WAITING, f"the event names no interface, and {what}: left to the sweep")


def searches(interfaces: Iterable[Interface], instance_delays: Sequence[float]) -> list[Search]:
    """What is looked up together. What is long in coming must not hold up what is known by its id."""
    groups: dict[tuple[str, ...], Search] = {}
    for each in interfaces:
        group, search = _search_for(each, instance_delays)
        groups.setdefault(group, search).wanted[key_of(each)] = each
    return list(groups.values())


def _search_for(interface: Interface, instance_delays: Sequence[float]) -> tuple[tuple[str, ...], Search]:
    """A search for an interface, and with which others it is one."""
    region = interface.region
    if interface.interface_id:
        return ("id", region), ById(region, INTERFACE_DELAYS_S)
    if interface.instance_id:
        return ("instance", region), ByInstance(region, instance_delays)
    return ("place", *key_of(interface)), ByPlace(region, instance_delays)


def _is_new(interface: Interface, asked: Interface) -> bool:
    """Whether an interface may be the event's: made since then, where that is told, and attached, if it should be."""
    if asked.attaching and not interface.attached:
        return False
    return not (asked.since and _TOLD.fullmatch(interface.created)) or interface.created >= asked.since
