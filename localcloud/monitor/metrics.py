"""GetMonitorData of log topics: namespace QCE/CLS (docs 248/46870, 248/31014).

TrafficWrite counts compressed bytes, TrafficIndex raw ones, both in MB; the compression is that of the documented
example, 9.31 GB to 2.33 GB (doc 614/45802).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.cls.model import find_topic, read_lines
from localcloud.core.actions import Context, Service
from localcloud.core.clock import beijing_iso
from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from localcloud.core.parameters import Params

API = Service("monitor", "2018-07-24")
NAMESPACE = "QCE/CLS"
MEGABYTE = 1024 * 1024
COMPRESSION = 2.33 / 9.31
PERIODS = (60, 300, 3600, 86400)
MOST_INSTANCES, MOST_POINTS = 50, 7200


@API.action()
def get_monitor_data(ctx: Context, params: Params) -> dict[str, Any]:
    """Return a metric of topics of the call's region, a value for each period."""
    metric, period = params["MetricName"], params.get("Period", 300)
    if params["Namespace"] != NAMESPACE or metric not in ("TrafficWrite", "TrafficIndex"):
        raise ApiError("InvalidParameterValue", f"{params['Namespace']} has no metric `{metric}` here.")
    if period not in PERIODS or len(params["Instances"]) > MOST_INSTANCES:
        raise ApiError("InvalidParameterValue", f"Period is one of {PERIODS}, Instances are {MOST_INSTANCES} at most.")
    start, end = (_time(ctx, params.get(name)) // period * period for name in ("StartTime", "EndTime"))
    if not start <= end or (end - start) // period > MOST_POINTS:
        raise ApiError("InvalidParameterValue", f"StartTime is before EndTime, by {MOST_POINTS} periods at most.")
    points = [_points(ctx, metric, one["Dimensions"], range(start, end, period)) for one in params["Instances"]]
    return {
        "Period": period,
        "MetricName": metric,
        "DataPoints": points,
        "StartTime": beijing_iso(start),
        "EndTime": beijing_iso(end),
        "Msg": "",
    }


def _time(ctx: Context, given: str | None) -> int:
    try:
        return int(datetime.fromisoformat(given).timestamp() if given else ctx.now())
    except ValueError:
        raise ApiError("InvalidParameterValue", f"`{given}` is no time such as 2018-09-22T19:51:23+08:00.") from None


def _points(ctx: Context, metric: str, dimensions: list[dict[str, str]], periods: range) -> dict[str, Any]:
    wanted = {one["Name"]: one["Value"] for one in dimensions}
    topic = find_topic(ctx.account, wanted.get("TopicId", ""), ctx.region.name)
    if topic is None or wanted.get("uin") != ctx.account.uin:
        return {"Dimensions": dimensions, "Timestamps": [], "Values": []}
    sizes = dict.fromkeys(periods, 0)
    for line in read_lines(ctx.account, ctx.region.name, topic, periods.start, periods.stop):
        sizes[int(line.time // periods.step * periods.step)] += line.size
    factor = COMPRESSION if metric == "TrafficWrite" else float(topic.indexed)
    values = [round(size * factor / MEGABYTE, 6) for size in sizes.values()]
    return {"Dimensions": dimensions, "Timestamps": list(sizes), "Values": values}
