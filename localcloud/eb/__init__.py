"""EventBridge 2021-04-16: the service bus, its rules and their targets."""

from localcloud.eb import bus, rules
from localcloud.eb.model import API

__all__ = ["API", "bus", "rules"]
