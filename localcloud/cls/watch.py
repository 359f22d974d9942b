"""Alarms at work: every so many minutes an alarm asks its topics, and calls somebody if its condition holds.

A condition is `$1.name > 0`, of the field of a row of the first target's query; it holds if it holds for any row (doc
614/51741). Several conditions, and those made of others, are not done here.
What a call's body holds is inferred: WeCom, DingTalk and Lark get a text in their own form, others a JSON object.
"""

from __future__ import annotations

import json
import logging
import re
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localcloud.cls.model import Alarms, Kept, find_topic
from localcloud.cls.query import SIGNS
from localcloud.cls.search import search
from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.core.account import Account
    from localcloud.core.background import Background

_LOG = logging.getLogger("localcloud")
MINUTE_S, SHORTEST_S, TIMEOUT_S = 60.0, 1.0, 5.0
_WEB = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_CONDITION = re.compile(r"\$(\d+)\.([\w-]+)\s*(>=|<=|==|!=|>|<)\s*(-?\d+(?:\.\d+)?)")

Row = dict[str, Any]


@dataclass(frozen=True)
class Fired:
    """An alarm that called: its id and name, when (epoch seconds), and the row for which its condition held."""

    alarm_id: str
    name: str
    time: float
    row: Row


def condition_of(params: dict[str, Any]) -> Callable[[list[list[Row]]], Row | None]:
    """Return an alarm's condition: it gives the first row for which it holds among those of every target.

    Raises:
        ApiError: It is malformed, or not one.
    """
    match = _CONDITION.fullmatch(params.get("Condition", ""))
    if match is None or "MultiConditions" in params:
        raise ApiError("InvalidParameterValue", "An alarm has one Condition here, such as `$1.n > 0`.")
    number, name, sign, wanted = int(match[1]) - 1, match[2], SIGNS[match[3]], float(match[4])

    def holds(found: list[list[Row]]) -> Row | None:
        rows = found[number] if number < len(found) else []
        return next((row for row in rows if isinstance(row.get(name), int | float) and sign(row[name], wanted)), None)

    return holds


@dataclass
class _State:
    """When an alarm asks next, how often in a row its condition held, and until when it does not call again."""

    due: float
    hits: int = 0
    quiet_until: float = 0.0


class Watch:
    """Asks and calls, on the background's threads.

    Attributes:
        fired: The alarms that have called, oldest first.
    """

    def __init__(self, account: Account, background: Background) -> None:
        self._account, self._background = account, background
        self.fired: list[Fired] = []

    def begin(self, region: str, alarm: Kept) -> None:
        """Ask an alarm's topics at the end of each of its periods, for as long as the alarm is as it is now."""
        self._next(region, alarm, _State(self._account.now()))

    def _next(self, region: str, alarm: Kept, state: _State) -> None:
        """Ask a period later, on the cloud's clock: where that has moved on, each missed period is made up for."""
        state.due += self._wait(alarm.params["MonitorTime"]["Time"])
        self._background.at(state.due, lambda: self._ask(region, alarm, state), counts=False)

    def _wait(self, minutes: float) -> float:
        return max(SHORTEST_S, self._account.behaviour.wait(minutes * MINUTE_S))

    def _ask(self, region: str, alarm: Kept, state: _State) -> None:
        now, params = state.due, alarm.params
        with self._account.lock:
            alarms = self._account.region(region).state(Alarms)
            if alarms.alarms.get(alarm.one_id) is not alarm:
                return
            found = [self._rows(region, target, now) for target in params["AlarmTargets"]]
            row = condition_of(params)(found) if params.get("Status", True) else None
            notices = [alarms.notices[one] for one in params.get("AlarmNoticeIds", ()) if one in alarms.notices]
        state.hits = 0 if row is None else state.hits + 1
        if row is not None and state.hits >= params["TriggerCount"] and now >= state.quiet_until:
            state.quiet_until = now + self._wait(params["AlarmPeriod"])
            self.fired.append(Fired(alarm.one_id, params["Name"], now, row))
            for notice in notices:
                for callback in notice.params.get("WebCallbacks", ()):
                    _call(callback, alarm, row)
        self._next(region, alarm, state)

    def _rows(self, region: str, target: dict[str, Any], now: float) -> list[Row]:
        topic = find_topic(self._account, target["TopicId"], region)
        period = (now + target["StartTimeOffset"] * MINUTE_S, now + target["EndTimeOffset"] * MINUTE_S)
        try:
            return (search(self._account, region, topic, target["Query"], period).rows or []) if topic else []
        except ApiError as error:
            _LOG.warning("an alarm's query failed: %s", error)
            return []


def _call(callback: dict[str, Any], alarm: Kept, row: Row) -> None:
    """Call a notice's address. One that cannot be reached is logged."""
    said = f"{alarm.params['Name']}: {json.dumps(row, ensure_ascii=False)}"
    body: Row = {
        "WeCom": {"msgtype": "text", "text": {"content": said}},
        "DingTalk": {"msgtype": "text", "text": {"content": said}},
        "Lark": {"msg_type": "text", "content": {"text": said}},
    }.get(
        callback["CallbackType"], {"AlarmId": alarm.one_id, "Name": alarm.params["Name"], "Message": said, "Row": row}
    )
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(callback["Url"], json.dumps(body).encode(), headers)  # noqa: S310
    try:
        _WEB.open(request, timeout=TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        _LOG.warning("the alarm's address %s cannot be reached: %s", callback["Url"], error)
