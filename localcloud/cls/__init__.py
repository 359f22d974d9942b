"""CLS 2020-10-16: log topics, their indexes and lines, and alarms on them, as far as flow logs need them."""

from localcloud.cls import alarms, search, topics
from localcloud.cls.model import API

__all__ = ["API", "alarms", "search", "topics"]
