"""Pure decisions: should this interface get a flow log, and if not, why."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from handler.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.model import Interface
    from handler.settings import Rule, Settings

UNATTACHED = "not attached to an instance yet; its attach event or the sweep brings it back"


def decide(interface: Interface, settings: Settings, today: str = "") -> tuple[Outcome, str]:
    """What to do with an interface, from what is known of it.

    Args:
        interface: with its VPC, and its subnet and tags where rules ask for them.
        settings: whose FLOWLOG_RULES count. An exclusion wins; a rule whose last day is over counts as not there.
        today: as in "2026-11-24", UTC; without it, the clock's.

    Returns:
        PLANNED (create it), SKIPPED or WAITING; with the reason, which for PLANNED is empty unless a rule has expired.
    """
    today = today or _today()
    excluding = [rule for rule in settings.exclude if not _misses(rule, interface)]
    in_force = [rule for rule in excluding if not _is_over(rule, today)]
    if in_force:
        return Outcome.SKIPPED, f"excluded by FLOWLOG_RULES, {_told(in_force[0], in_force[0].parts)}"
    including = [rule for rule in settings.include if not _is_over(rule, today)]
    missed = [(rule, _misses(rule, interface)) for rule in including]
    if missed and all(parts for _, parts in missed):
        return Outcome.SKIPPED, "not included by FLOWLOG_RULES, " + ", ".join(_told(*each) for each in missed)
    if interface.attached is False:
        return Outcome.WAITING, UNATTACHED
    return Outcome.PLANNED, "; ".join(_ended(rule) for rule in excluding)


def needs_look(interface: Interface, settings: Settings) -> bool:
    """Whether the interface must be looked up first: CreateFlowLog needs its VPC, and rules may need more."""
    if not (interface.interface_id and interface.vpc_id):
        return True
    rules = (*settings.include, *settings.exclude)
    if any(rule.subnet_ids for rule in rules) and not interface.subnet_id:
        return True
    return any(rule.tags for rule in rules) and interface.tags is None


def expired(settings: Settings, today: str = "") -> list[str]:
    """The rules whose last day is over, each in a sentence that says what to do."""
    today = today or _today()
    over = [rule for rule in (*settings.include, *settings.exclude) if _is_over(rule, today)]
    return [f"{_ended(rule)}: take it out of FLOWLOG_RULES, or give it another day" for rule in over]


def _misses(rule: Rule, interface: Interface) -> list[str]:
    """The parts of a rule that do not match; all parts of a rule that does match do."""
    tags = interface.tags or {}
    matches = {
        "vpc_ids": interface.vpc_id in rule.vpc_ids,
        "subnet_ids": interface.subnet_id in rule.subnet_ids,
        "tags": all(tags.get(key) == value for key, value in rule.tags.items()),
    }
    return [part for part in rule.parts if not matches[part]]


def _is_over(rule: Rule, today: str) -> bool:
    return bool(rule.until) and rule.until < today


def _told(rule: Rule, parts: Iterable[str]) -> str:
    """Which parts of which rule, with its reason and its last day: "exclude.tags (load test, until 2026-12-31)"."""
    named = " and ".join(f"{rule.name}.{part}" for part in parts)
    why = ", ".join(filter(None, (rule.reason, rule.until and f"until {rule.until}")))
    return f"{named} ({why})" if why else named


def _ended(rule: Rule) -> str:
    why = f" ({rule.reason})" if rule.reason else ""
    return f"the rule {rule.name}{why} ended on {rule.until}"


def _today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime())
