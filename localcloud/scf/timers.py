"""Timers: when a trigger is due, its function gets {"Type":"Timer","TriggerName":…,"Time":…,"Message":…}."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from localcloud.core.clock import iso_time
from localcloud.scf import cron
from localcloud.scf.model import Functions

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.core.account import Account
    from localcloud.core.background import Background
    from localcloud.scf.model import Ref, Trigger

LEAST_S = 0.1
"""The shortest wait between two, so that a time scale of 0 does not make a timer spin."""


class Timers:
    """What fires triggers. The cloud's time scale shortens the waits between two; the event bears the nominal time."""

    def __init__(self, account: Account, background: Background, fire: Callable[[Ref, str], object]) -> None:
        self._account = account
        self._background = background
        self._fire = fire

    def schedule(self, trigger: Trigger) -> None:
        """Fire a trigger from now on, as long as it stays as it is."""
        if trigger.enabled:
            now = self._account.now()
            self._wait_for_next(trigger, now, now)

    def _wait_for_next(self, trigger: Trigger, since: float, last: float) -> None:
        """Ring when the trigger is due next after `last`, counted from when it was scheduled, so that none is late."""
        try:
            due = cron.next_after(trigger.cron, last)
        except cron.CronError:
            return  # it was due for the last time
        at = max(since + self._account.behaviour.wait(due - since), self._account.now() + LEAST_S)
        self._background.at(at, lambda: self._ring(trigger, since, due), counts=False)

    def _ring(self, trigger: Trigger, since: float, due: float) -> None:
        with self._account.lock:
            functions = self._account.region(trigger.ref.region).state(Functions)
            known = functions.triggers[trigger.ref].get(trigger.name)
        if known is not trigger:  # it was changed or deleted meanwhile
            return
        event = {"Type": "Timer", "TriggerName": trigger.name, "Time": iso_time(due), "Message": trigger.message}
        self._fire(trigger.ref, json.dumps(event, ensure_ascii=False))
        self._wait_for_next(trigger, since, due)
