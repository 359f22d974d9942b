"""Whether a flow log logs what the settings ask for: the one judgement of events, sweep, status and repair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from handler.model import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.model import FlowLog
    from handler.settings import Settings

DISABLED = "disabled"
TOPIC_DELETED = "topic deleted"
ANOTHER_TOPIC = "another topic"
ANOTHER_TRAFFIC_TYPE = "another traffic type"
FROM_BEST = (State.COVERED, State.DIFFERS, State.BROKEN)


@dataclass(frozen=True)
class Judgement:
    """What a flow log makes of its interface.

    Attributes:
        state: COVERED, DIFFERS or BROKEN.
        words: what is wrong with it, or where somebody else's flow log delivers to; empty where it is ours and right.
        ours: whether this project made it, so that a repair may touch it.
    """

    state: State
    words: str
    ours: bool


def judge(log: FlowLog, region: str, settings: Settings) -> Judgement:
    """Judge one flow log by the settings for its interface's region.

    Only one flow log is allowed for each interface (doc 682/18934), so somebody else's counts as long as it logs at
    least as much as ours would; ours must be exactly as the settings say.
    """
    ours = is_ours(log, settings)
    if not log.enabled:
        return Judgement(State.BROKEN, DISABLED, ours)
    if log.topic_state == "DELETED":
        return Judgement(State.BROKEN, TOPIC_DELETED, ours)
    if ours and not _goes_where_ours_go(log, region, settings):
        return Judgement(State.DIFFERS, ANOTHER_TOPIC, ours)
    if log.traffic_type not in ({settings.traffic_type} if ours else {settings.traffic_type, "ALL"}):
        return Judgement(State.DIFFERS, ANOTHER_TRAFFIC_TYPE, ours)
    return Judgement(State.COVERED, "" if ours else f"somebody else's flow log, into {destination(log)}", ours)


def best(logs: Iterable[FlowLog], region: str, settings: Settings) -> tuple[FlowLog, Judgement] | None:
    """The flow log that makes the best of its interface, where the v2 rules allow two for each; None for no logs."""
    judged = [(log, judge(log, region, settings)) for log in logs]
    return min(judged, key=lambda each: FROM_BEST.index(each[1].state), default=None)


def is_ours(log: FlowLog, settings: Settings) -> bool:
    """Whether a flow log is this project's: by FLOWLOG_DESCRIPTION, or by all of FLOWLOG_TAGS, where any are set."""
    by_tags = bool(settings.tags) and settings.tags.items() <= log.tags.items()
    return by_tags or log.description == settings.description


def destination(log: FlowLog) -> str:
    """Where a flow log delivers to, in words: its CLS topic, or its CKafka instance and topic."""
    return f"topic {log.topic_id}" if log.storage == "cls" else log.storage


def _goes_where_ours_go(log: FlowLog, region: str, settings: Settings) -> bool:
    return log.storage == settings.storage and (log.storage != "cls" or log.topic_id == settings.topic_for(region))
