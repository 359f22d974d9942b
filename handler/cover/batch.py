"""Bring the interfaces of an event, or of an `ensure` command, to their outcomes: look up what is missing, then ensure.

A failure stays with its interface: it becomes a result that the caller puts on the dead-letter queue.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from handler.cover import ensure, rules
from handler.errors import failed, failure_of
from handler.model import Failure, Interface, Outcome, Result, result_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from handler.budget import Budget
    from handler.cloud.vpc import Vpc
    from handler.settings import Settings

WORKERS = 16
# How long, in seconds, to look again for what is not visible yet. RunInstances answers before its instances boot, and
# their interfaces become visible only then; an id that an event names should be there at once.
INSTANCE_DELAYS_S = (0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 5.0, 5.0, 8.0, 8.0, 10.0, 10.0)
INTERFACE_DELAYS_S = (0.5, 1.0, 2.5)

Given = TypeVar("Given")
Made = TypeVar("Made")
Key = tuple[str, str]
Done = list[tuple[Interface, Result]]


class Batch:
    """The interfaces of one event."""

    def __init__(
        self, vpc: Vpc, settings: Settings, budget: Budget, instance_delays: Sequence[float] = INSTANCE_DELAYS_S
    ) -> None:
        """Take what the interfaces are looked up and ensured with; the delays are those of an instance's interfaces."""
        self._vpc = vpc
        self._settings = settings
        self._budget = budget
        self._instance_delays = instance_delays
        self._lock = threading.Lock()
        self._claims: dict[Key, _Claim] = {}

    def run(self, interfaces: Sequence[Interface]) -> list[Done]:
        """Bring each interface to its outcome, those that need no look first. The same one is called for once.

        Returns:
            For each of `interfaces`, in their order: itself as far as it is known by now, with its result. An instance
            with several interfaces gives several. Whatever failed has a `failure` in its result.
        """
        unique = without_duplicates(interfaces)
        unclear = [each for each in unique if rules.needs_look(each, self._settings)]
        ready = [each for each in unique if not rules.needs_look(each, self._settings)]
        done = {key_of(each): [each_done] for each, each_done in zip(ready, together(self._ensure, ready), strict=True)}
        for found in together(self._look_up_and_ensure, _searches(unclear)):
            done |= found
        return _in_order(interfaces, done)

    def _look_up_and_ensure(self, search: tuple[str, bool, dict[Key, Interface]]) -> dict[Key, Done]:
        region, by_id, wanted = search
        if by_id:
            return self._until_found(region, wanted, self._find_by_id, INTERFACE_DELAYS_S, _gone)
        return self._until_found(region, wanted, self._find_by_instance, self._instance_delays, _invisible)

    def _until_found(
        self,
        region: str,
        wanted: dict[Key, Interface],
        look: Callable[[str, list[str]], dict[str, list[Interface]]],
        delays: Iterable[float],
        give_up: Callable[[Interface], Result],
    ) -> dict[Key, Done]:
        """Look until everything is found or the delays or the time run out; ensure what each look finds."""
        done: dict[Key, Done] = {}
        patience = iter(delays)
        while wanted:
            try:
                found = look(region, [ident for _, ident in wanted])
            except Exception as error:  # noqa: BLE001 - whatever it is, it ends as a dead letter of each interface
                return done | {key: [(each, failed(each, failure_of(error)))] for key, each in wanted.items()}
            done |= self._ensure_found({key: (wanted[key], found[key[1]]) for key in wanted if found.get(key[1])})
            wanted = {key: each for key, each in wanted.items() if key not in done}
            delay = next(patience, None)
            if wanted and (delay is None or not self._budget.wait(delay)):
                last = give_up if delay is None else _too_soon
                return done | {key: [(each, last(each))] for key, each in wanted.items()}
        return done

    def _ensure_found(self, found: dict[Key, tuple[Interface, list[Interface]]]) -> dict[Key, Done]:
        keys = [key for key, (_, known) in found.items() for _ in known]
        results = together(self._ensure, [_merge(asked, one) for asked, known in found.values() for one in known])
        done: dict[Key, Done] = defaultdict(list)
        for key, result in zip(keys, results, strict=True):
            done[key].append(result)
        return done

    def _find_by_id(self, region: str, interface_ids: list[str]) -> dict[str, list[Interface]]:
        return {each.interface_id: [each] for each in self._vpc.interfaces_by_id(region, interface_ids)}

    def _find_by_instance(self, region: str, instance_ids: list[str]) -> dict[str, list[Interface]]:
        found: dict[str, list[Interface]] = defaultdict(list)
        for each in self._vpc.interfaces_by_instance(region, instance_ids):
            found[each.instance_id].append(each)
        return found

    def _ensure(self, interface: Interface) -> tuple[Interface, Result]:
        """Ensure an interface once: it may be found by its id and by its instance."""
        with self._lock:
            known = self._claims.get(key_of(interface))
            claim = known or self._claims.setdefault(key_of(interface), _Claim())
        if known:
            known.settled.wait()
            assert known.result is not None, "whoever settles a claim has a result"
            return interface, _again(known.result)
        _, claim.result = safely(self._create, interface)
        claim.settled.set()
        return interface, claim.result

    def _create(self, interface: Interface) -> Result:
        return ensure.ensure(interface, self._vpc, self._settings, self._budget)


@dataclass
class _Claim:
    """Who came first ensures an interface; whoever else finds it waits for the result."""

    settled: threading.Event = field(default_factory=threading.Event)
    result: Result | None = None


def together(work: Callable[[Given], Made], given: Sequence[Given]) -> list[Made]:
    """Do a work for each of what is given, several at once where there are several."""
    if len(given) <= 1:
        return [work(each) for each in given]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - most events hold one interface: no threads

    with ThreadPoolExecutor(min(WORKERS, len(given))) as pool:
        return list(pool.map(work, given))


def safely(ensure: Callable[[Interface], Result], interface: Interface) -> tuple[Interface, Result]:
    """The interface with its result; an error becomes a result that has a failure."""
    try:
        return interface, ensure(interface)
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends as a dead letter of this interface
        return interface, failed(interface, failure_of(error))


def key_of(interface: Interface) -> Key:
    """What makes two mentions the same interface."""
    return interface.region, interface.interface_id or interface.instance_id


def without_duplicates(interfaces: Sequence[Interface]) -> list[Interface]:
    """Each interface once, with what all its mentions tell."""
    unique: dict[Key, Interface] = {}
    for each in interfaces:
        known = unique.get(key_of(each))
        unique[key_of(each)] = _joined(known, each) if known else each
    return list(unique.values())


def _in_order(interfaces: Sequence[Interface], done: dict[Key, Done]) -> list[Done]:
    seen: set[Key] = set()
    ordered: list[Done] = []
    for each in interfaces:
        key = key_of(each)
        ordered.append([(replace(one, history=each.history), _again(result)) for one, result in done[key]])
        if key not in seen:
            ordered[-1] = done[key]
        seen.add(key)
    return ordered


def _again(result: Result) -> Result:
    """The outcome of a further mention of an interface: what was created is covered now, all else is as it was."""
    if result.outcome is Outcome.CREATED:
        return replace(result, outcome=Outcome.COVERED, reason="named twice: its flow log was made just before")
    return replace(result, failure=None)


def _joined(known: Interface, other: Interface) -> Interface:
    return replace(
        known,
        vpc_id=known.vpc_id or other.vpc_id,
        subnet_id=known.subnet_id or other.subnet_id,
        tags=known.tags if known.tags is not None else other.tags,
        attaching=known.attaching or other.attaching,
        history=known.history or other.history,
    )


def _merge(asked: Interface, known: Interface) -> Interface:
    # What an attach event names was looked up while the platform may still be attaching it: CreateFlowLog will tell.
    attached = None if asked.attaching and not known.attached else known.attached
    return replace(known, attached=attached, attaching=asked.attaching, history=asked.history)


def _gone(interface: Interface) -> Result:
    return result_of(interface, Outcome.GONE, "no such interface: deleted before we came")


def _invisible(interface: Interface, *, unfinished: bool = False) -> Result:
    what = "this interface has not" if interface.interface_id else "no interface of this instance has"
    message = f"{what} become visible: redrive it, or let the sweep find it"
    failure = Failure("not_found", "InterfaceNotVisible", message, retryable=True, unfinished=unfinished)
    return failed(interface, failure)


def _too_soon(interface: Interface) -> Result:
    """The time ran out before it was looked for long enough to say what has become of it."""
    return _invisible(interface, unfinished=True)


def _searches(interfaces: Iterable[Interface]) -> list[tuple[str, bool, dict[Key, Interface]]]:
    """What is looked up together. An instance that is long in coming must not hold up the rest."""
    groups: dict[tuple[str, bool], dict[Key, Interface]] = defaultdict(dict)
    for each in interfaces:
        groups[each.region, bool(each.interface_id)][key_of(each)] = each
    return [(region, by_id, wanted) for (region, by_id), wanted in groups.items()]
