"""EventBridge 2021-04-16: the service bus, its rules and their targets."""

from localcloud.eb.actions import ACTIONS

__all__ = ["ACTIONS"]
