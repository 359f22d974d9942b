"""Whether events arrive: the calls that CloudAudit's trail shows, against those that the function has heard of.

Before any event comes, the service bus has to be told to receive CloudAudit's events, and no API does or shows that
(doc 248/87543). What can be seen: a call of the rule's actions in the trail, of which the function's own log, or the
bus's store where that is on, knows nothing.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from handler.errors import CloudError
from ops.console import counted
from ops.deployment import topic
from ops.deployment.cloud import BEIJING, EB, EB_REGION, moment_of
from ops.deployment.rule import Rule
from ops.deployment.target import Target
from ops.doctor import records
from ops.doctor.finding import Finding, State
from ops.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.deployment.cloud import Cloud
    from ops.deployment.part import Found
    from ops.doctor.case import Case
    from ops.doctor.records import TrailRecord

LATE_S = 15 * 60
"""A record may be in the trail, and its event not with the function yet: so long it may take, in seconds."""
LOOK_BACK_S = 3 * 86_400
"""How far back is looked: SCF's own log topic keeps 7 days, the bus's store 3."""
MOST = 20
_LINES = 1000
SWITCH = (
    "In the console, open EventBridge, switch to the region Guangzhou, open the event bus of cloud services and turn "
    "on the receiving of CloudAudit's events (docs/deploy.md)."
)


def arrivals(there: Case) -> Iterator[Finding]:
    """The calls of the rule's actions that CloudAudit shows have reached the function."""
    rule = Rule(there.wanted, there.cloud).find()
    if rule is None or not rule.get("Enable") or not there.is_active or not Target(there.wanted, there.cloud).find():
        return  # other checks say what is missing
    try:
        yield _compared(there, rule)
    except (CloudError, OperatorError) as error:
        what = f"whether events arrive could not be told: {error}"
        yield Finding("events", State.UNKNOWN, what, f"Make sure that they are switched on. {SWITCH}")


def _compared(there: Case, rule: Found) -> Finding:
    now = there.now()
    since = max(now - LOOK_BACK_S, _seconds(rule.get("ModTime") or rule.get("AddTime")))
    calls = _calls(there, since, now - LATE_S)
    if not calls:
        what = "no event is known of: CloudAudit shows no call of the rule's actions since the rule was set up"
        todo = f"Make an interface, and run this again a quarter of an hour later. {SWITCH}"
        return Finding("events", State.UNKNOWN, what, todo)
    heard = _heard(there, rule, [call.request_id for call in calls], (int(since * 1000), int(now * 1000) + 1000))
    missed = [call for call in calls if call.request_id not in heard]
    if not missed:
        return Finding("events", State.OK, f"the function has heard of the last {counted(len(calls), 'call')}")
    last = f"{missed[0].action} at {_time(missed[0].seconds)}"
    if len(missed) < len(calls):
        what = f"of the last {len(calls)} calls, {len(missed)} did not reach the function; the last was {last}"
        todo = "EventBridge delivers 2,000 events a day at the most (doc 248/87558); the sweep covers the rest."
        return Finding("events", State.WARN, what, todo)
    number = counted(len(calls), "call")
    what = f"events do not arrive: the function has heard of none of {number}, the last {last}"
    return Finding("events", State.FAIL, what, SWITCH)


def _calls(there: Case, since: float, until: float) -> list[TrailRecord]:
    shown = records.last(there.cloud, since=since, until=until)
    return [record for record in shown if record.is_call_to_hear_of and record.request_id][:MOST]


def _heard(there: Case, rule: Found, ids: list[str], period: tuple[int, int]) -> set[str]:
    """Those of some request ids that the function's log knows of a period (in ms), or else the bus's store."""
    try:
        said = _own_log(there, ids, period)
    except (CloudError, OperatorError) as error:
        said = _store(there.cloud, rule["EventBusId"], period)
        if said is None:
            raise OperatorError(f"the function's log could not be searched ({error}), and the bus keeps none") from None
    text = json.dumps(said)
    return {request_id for request_id in ids if request_id in text}


def _own_log(there: Case, ids: list[str], period: tuple[int, int]) -> Any:
    topic_id = (there.function or {}).get("ClsTopicId")
    if not topic_id:
        raise OperatorError("it has no topic")
    query = " OR ".join(f'"{request_id}"' for request_id in ids)
    return topic.search(there.cloud, topic_id, query, period, Limit=_LINES).get("Results") or []


def _store(cloud: Cloud, bus_id: str, period: tuple[int, int]) -> Any:
    """What the service bus has kept of a time; None where it keeps nothing."""
    bus = {"EventBusId": bus_id}
    if not cloud.call(EB, "GetEventBus", bus, EB_REGION).get("EnableStore"):
        return None
    params = {**bus, "StartTime": period[0], "EndTime": period[1], "Page": 1, "Limit": _LINES}
    return cloud.call(EB, "SearchLog", params, EB_REGION).get("Results") or []


def _seconds(told: Any) -> float:
    """A time of EventBridge's as seconds since 1970, Beijing's where it names no zone; 0 where it is no time."""
    moment = moment_of(str(told), BEIJING)
    return moment.timestamp() if moment else 0.0


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
