"""Alarms on topics and the notices they send: create, change, list, delete (docs 614/56466, 614/56468)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.cls.model import API, Alarms, Kept, existing, listed, the_topic
from localcloud.cls.watch import Watch, condition_of
from localcloud.core.clock import beijing_time
from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

LONGEST_OFFSET = 1440


@API.action()
def create_alarm(ctx: Context, params: Params) -> dict[str, Any]:
    """Make an alarm, which asks its topics every so many minutes; only MonitorTime of type Period is done here."""
    _refuse_taken(_alarms(ctx).alarms, params, "InvalidParameter.AlarmConflict")
    return {"AlarmId": _put_alarm(ctx, Kept(f"alarm-{ctx.account.ids.uuid()}", ctx.now(), params))}


@API.action()
def modify_alarm(ctx: Context, params: Params) -> dict[str, Any]:
    """Change what is given of an alarm."""
    _put_alarm(ctx, existing(_alarms(ctx).alarms, params.pop("AlarmId"), "alarm").changed(params))
    return {}


@API.action()
def describe_alarms(ctx: Context, params: Params) -> dict[str, Any]:
    """List alarms, filtered by name or alarmId."""
    return _listed(params, _alarms(ctx).alarms, "Alarm")


@API.action()
def delete_alarm(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete an alarm."""
    del _alarms(ctx).alarms[existing(_alarms(ctx).alarms, params["AlarmId"], "alarm").one_id]
    return {}


@API.action()
def create_alarm_notice(ctx: Context, params: Params) -> dict[str, Any]:
    """Make a notice: whom an alarm calls, and which addresses."""
    _refuse_taken(_alarms(ctx).notices, params, "InvalidParameter.AlarmNoticeConflict")
    notice = Kept(f"notice-{ctx.account.ids.uuid()}", ctx.now(), params)
    _alarms(ctx).notices[notice.one_id] = notice
    return {"AlarmNoticeId": notice.one_id}


@API.action()
def modify_alarm_notice(ctx: Context, params: Params) -> dict[str, Any]:
    """Change what is given of a notice."""
    notice = existing(_alarms(ctx).notices, params.pop("AlarmNoticeId"), "alarm notice")
    _alarms(ctx).notices[notice.one_id] = notice.changed(params)
    return {}


@API.action()
def describe_alarm_notices(ctx: Context, params: Params) -> dict[str, Any]:
    """List notices, filtered by name or alarmNoticeId."""
    return _listed(params, _alarms(ctx).notices, "AlarmNotice")


@API.action()
def delete_alarm_notice(ctx: Context, params: Params) -> dict[str, Any]:
    """Delete a notice that no alarm uses."""
    notice = existing(_alarms(ctx).notices, params["AlarmNoticeId"], "alarm notice")
    if any(notice.one_id in alarm.params.get("AlarmNoticeIds", ()) for alarm in _alarms(ctx).alarms.values()):
        raise ApiError("OperationDenied.NoticeHasAlarm", f"An alarm uses the notice `{notice.one_id}`.")
    del _alarms(ctx).notices[notice.one_id]
    return {}


def _alarms(ctx: Context) -> Alarms:
    return ctx.region.state(Alarms)


def _put_alarm(ctx: Context, alarm: Kept) -> str:
    params = alarm.params
    params.pop("Enable", None)
    if params["MonitorTime"]["Type"] != "Period" or params["MonitorTime"].get("Time", 0) < 1:
        raise ApiError("InvalidParameterValue", "`MonitorTime` is a Period of minutes here.")
    for target in params["AlarmTargets"]:
        the_topic(ctx, target["TopicId"])
        if not -LONGEST_OFFSET <= target["StartTimeOffset"] <= target["EndTimeOffset"] <= 0:
            raise ApiError("InvalidParameterValue", f"Offsets are minutes from -{LONGEST_OFFSET} to 0.")
    condition_of(params)
    for notice_id in params.get("AlarmNoticeIds", ()):
        existing(_alarms(ctx).notices, notice_id, "alarm notice")
    _alarms(ctx).alarms[alarm.one_id] = alarm
    ctx.account.state(Watch).begin(ctx.region.name, alarm)
    return alarm.one_id


def _refuse_taken(rows: Mapping[str, Kept], params: Params, code: str) -> None:
    if any(row.params["Name"] == params["Name"] for row in rows.values()):
        raise ApiError(code, f"The name `{params['Name']}` is taken.")


def _listed(params: Params, rows: Mapping[str, Kept], kind: str) -> dict[str, Any]:
    tests: dict[str, Callable[[Kept, str], bool]] = {
        "name": lambda row, value: value in row.params["Name"],
        f"{kind[0].lower()}{kind[1:]}Id": lambda row, value: value == row.one_id,
    }
    total, found = listed(params, rows, tests)
    shown = [{"CreateTime": beijing_time(row.created), **row.params, f"{kind}Id": row.one_id} for row in found]
    return {"TotalCount": total, f"{kind}s": shown}
