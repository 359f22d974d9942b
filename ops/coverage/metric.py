"""What Cloud Monitor counts of a CLS topic: namespace QCE/CLS, in MB (doc 248/46870)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from handler.cloud.api import Service

if TYPE_CHECKING:
    from datetime import datetime

    from ops.deployment.cloud import Cloud
    from ops.deployment.topic import Topic

MONITOR = Service("monitor", "2018-07-24")


def values(cloud: Cloud, metric: str, topic: Topic, start: datetime, end: datetime) -> list[float]:
    """A topic's metric, a value for each five minutes, or for each hour of more than six; none where nothing is known.

    Args:
        cloud: the account.
        metric: TrafficWrite (compressed bytes) or TrafficIndex (raw ones).
        topic: which.
        start: of the time that is looked at, with its zone.
        end: of it.

    Raises:
        CloudError: the metric could not be read.
    """
    dimensions = [{"Name": "uin", "Value": cloud.uin}, {"Name": "TopicId", "Value": topic.topic_id}]
    params = {
        "Namespace": "QCE/CLS",
        "MetricName": metric,
        "Period": 300 if end - start <= timedelta(hours=6) else 3600,
        "Instances": [{"Dimensions": dimensions}],
        "StartTime": start.isoformat(timespec="seconds"),
        "EndTime": end.isoformat(timespec="seconds"),
    }
    points = cloud.call(MONITOR, "GetMonitorData", params, topic.region).get("DataPoints") or []
    return [float(value or 0) for point in points for value in point.get("Values") or []]
