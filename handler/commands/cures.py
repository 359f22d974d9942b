"""What is wrong with a flow log and can be made good: by switching it on, or by making it anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from handler.cover.state import judge
from handler.model import State

if TYPE_CHECKING:
    from handler.cover.state import Judgement
    from handler.model import FlowLog
    from handler.settings import Settings

OFF, ENABLE, RECREATE = MODES = ("off", "enable", "recreate")
"""How far a repair goes, each further than the one before."""
MOST = 5_000
"""So many cures of a region are kept at a time, the first by interface id: about what 300 s can do."""
_SAID = {ENABLE: "switched on", RECREATE: "deleted and made anew"}


@dataclass(frozen=True)
class Wish:
    """What may be repaired.

    Attributes:
        mode: `enable` or `recreate`.
        everybodys: also flow logs that are not our own.
    """

    mode: str
    everybodys: bool = False

    def cure(self, log: FlowLog, judgement: Judgement, region: str, settings: Settings) -> str:
        """How to make a flow log good, within the wish: ENABLE, RECREATE, or empty for not at all."""
        if judgement.state is State.COVERED or not (judgement.ours or self.everybodys):
            return ""
        if not log.enabled and judge(replace(log, enabled=True), region, settings).state is State.COVERED:
            return ENABLE
        if self.mode == RECREATE and (settings.storage != "cls" or settings.topic_for(region)):
            return RECREATE
        return "" if log.enabled else ENABLE


@dataclass(frozen=True, order=True)
class Cure:
    """One flow log to be made good."""

    interface_id: str
    vpc_id: str
    flow_log_id: str
    how: str
    words: str
    state: State

    @property
    def said(self) -> str:
        """How, as a participle."""
        return _SAID[self.how]
