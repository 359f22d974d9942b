"""Bring the interfaces of an event, or of an `ensure` command, to their outcomes: look up what is missing, then ensure.

A failure stays with its interface: it becomes a result that the caller puts on the dead-letter queue.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from handler.cloud.many import together
from handler.cloud.retry import Patience
from handler.cover import ensure, rules
from handler.cover.cure import Repair
from handler.cover.search import INSTANCE_DELAYS_S, searches
from handler.errors import attempted, failed
from handler.model import Failure, Outcome, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from handler.cloud.vpc import Vpc
    from handler.cover.search import Found, Search
    from handler.model import Interface, InterfaceKey, Result

Done = list[tuple["Interface", "Result"]]


class Batch:
    """The interfaces of one event."""

    def __init__(self, vpc: Vpc, instance_delays: Sequence[float] = INSTANCE_DELAYS_S) -> None:
        """Take what the interfaces are looked up and ensured with; the delays are for what boots with an instance."""
        self._vpc = vpc
        self._repair = Repair(vpc)
        self._instance_delays = instance_delays
        self._settled = threading.Condition()
        self._results: dict[InterfaceKey, Result | None] = {}

    def run(self, interfaces: Sequence[Interface]) -> list[Done]:
        """Bring each interface to its outcome, those that need no look first. The same one is called for once.

        Returns:
            For each of `interfaces`, in their order: itself as far as it is known by now, with its result. An instance
            or a place with several interfaces gives several. Whatever failed has a `failure` in its result.
        """
        done = attempted(lambda: self._run(interfaces))
        return [[(each, failed(each, done))] for each in interfaces] if isinstance(done, Failure) else done

    def _run(self, interfaces: Sequence[Interface]) -> list[Done]:
        unique = without_duplicates(interfaces)
        unclear = [each for each in unique if rules.needs_look(each, self._vpc.settings)]
        ready = [each for each in unique if not rules.needs_look(each, self._vpc.settings)]
        done = {key_of(each): [(each, result)] for each, result in together(self._ensure, ready)}
        for found in together(self._search, searches(unclear, self._instance_delays)):
            done |= found
        return _in_order(interfaces, done)

    def _search(self, search: Search) -> dict[InterfaceKey, Done]:
        """Look until all is seen that is expected, or the delays or the time run out; ensure at once what is seen."""
        done: dict[InterfaceKey, Done] = defaultdict(list)
        patience = Patience(self._vpc.budget.wait, search.delays)
        while search.wanted:
            found = attempted(lambda: search.look(self._vpc))
            if isinstance(found, Failure):
                for key, asked in search.wanted.items():
                    done[key].append((asked, failed(asked, found)))
                break
            self._ensure_found(search, found, done)
            search.wanted = {key: each for key, each in search.wanted.items() if len(done[key]) < each.expected}
            if search.wanted and (search.hopeless or not patience.again()):
                search.too_soon = patience.out_of_time
                _give_up(search, done)
                break
        return done

    def _ensure_found(self, search: Search, found: Found, done: dict[InterfaceKey, Done]) -> None:
        """Ensure what one look found and none before, several at once."""
        seen = {(key, one.interface_id) for key, results in done.items() for one, _ in results}
        new = [
            (key, ensure.as_known(asked, one))
            for key, asked in search.wanted.items()
            for one in found.get(key, ())
            if (key, one.interface_id) not in seen
        ]
        for (key, _), result in zip(new, together(self._ensure, [one for _, one in new]), strict=True):
            done[key].append(result)

    def _ensure(self, interface: Interface) -> tuple[Interface, Result]:
        """Ensure an interface once: whoever comes second, finding it by its instance too, waits for the result."""
        key = key_of(interface)
        with self._settled:
            if key in self._results:
                known = self._settled.wait_for(lambda: self._results[key])
                assert known, "who comes first always has a result"
                return interface, _again(known)
            self._results[key] = None
        result = safely(self._create, interface)
        with self._settled:
            self._results[key] = result
            self._settled.notify_all()
        return interface, result

    def _create(self, interface: Interface) -> Result:
        result = ensure.ensure(interface, self._vpc)
        if result.outcome is Outcome.IMPAIRED:
            repaired = self._repair.of_event(interface, result)
            return replace(repaired, flow_log=None)  # those of ten thousand interfaces would take 7 MB
        return result


def safely(ensure: Callable[[Interface], Result], interface: Interface) -> Result:
    """The result of an interface; an error becomes a result that has a failure."""
    result = attempted(lambda: ensure(interface))
    return failed(interface, result) if isinstance(result, Failure) else result


def without_duplicates(interfaces: Sequence[Interface]) -> list[Interface]:
    """Each interface once, with what all its mentions tell."""
    unique: dict[InterfaceKey, Interface] = {}
    for each in interfaces:
        known = unique.get(key_of(each))
        unique[key_of(each)] = _joined(known, each) if known else each
    return list(unique.values())


def _give_up(search: Search, done: dict[InterfaceKey, Done]) -> None:
    """Add the result of each that is not complete."""
    for key, asked in search.wanted.items():
        result = search.give_up(asked, len(done[key]))
        if result:
            done[key].append((asked, result))


def _in_order(interfaces: Sequence[Interface], done: dict[InterfaceKey, Done]) -> list[Done]:
    seen: set[InterfaceKey] = set()
    ordered: list[Done] = []
    for each in interfaces:
        key = key_of(each)
        again = [(replace(one, history=each.history), _again(result)) for one, result in done[key]]
        ordered.append(again if key in seen else done[key])
        seen.add(key)
    return ordered


def _again(result: Result) -> Result:
    """The outcome of a further mention: what was created or repaired is covered now, all else is as it was."""
    if result.outcome in (Outcome.CREATED, Outcome.REPAIRED):
        reason = f"named twice: its flow log was {result.outcome.value} just before"
        return replace(result, outcome=Outcome.COVERED, reason=reason)
    return replace(result, failure=None)


def _joined(known: Interface, other: Interface) -> Interface:
    return replace(
        known,
        vpc_id=known.vpc_id or other.vpc_id,
        subnet_id=known.subnet_id or other.subnet_id,
        model=known.model or other.model,
        tags=known.tags if known.tags is not None else other.tags,
        attaching=known.attaching or other.attaching,
        since=min(known.since, other.since),
        expected=max(known.expected, other.expected),
        history=known.history or other.history,
    )
