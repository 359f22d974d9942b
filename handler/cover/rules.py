"""Pure decisions: should this interface get a flow log, and if not, why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.model import Outcome

if TYPE_CHECKING:
    from handler.model import Interface
    from handler.settings import Selector, Settings

UNATTACHED = "not attached to an instance yet; its attach event or the sweep brings it back"


def decide(interface: Interface, settings: Settings) -> tuple[Outcome, str]:
    """What to do with an interface, from what is known of it.

    Returns:
        PLANNED (create it), SKIPPED or WAITING, each of the last two with the reason.
    """
    if not settings.exclude.is_empty() and _matches(settings.exclude, interface):
        return Outcome.SKIPPED, "excluded by FLOWLOG_RULES"
    if not _matches(settings.include, interface):
        return Outcome.SKIPPED, "not included by FLOWLOG_RULES"
    if interface.attached is False:
        return Outcome.WAITING, UNATTACHED
    return Outcome.PLANNED, ""


def needs_look(interface: Interface, settings: Settings) -> bool:
    """Whether the interface must be looked up first: CreateFlowLog needs its VPC, and rules may need more."""
    if not (interface.interface_id and interface.vpc_id):
        return True
    selectors = (settings.include, settings.exclude)
    if any(selector.subnet_ids for selector in selectors) and not interface.subnet_id:
        return True
    return any(selector.tags for selector in selectors) and interface.tags is None


def _matches(selector: Selector, interface: Interface) -> bool:
    tags = interface.tags or {}
    return (
        (not selector.vpc_ids or interface.vpc_id in selector.vpc_ids)
        and (not selector.subnet_ids or interface.subnet_id in selector.subnet_ids)
        and all(tags.get(key) == value for key, value in selector.tags.items())
    )
