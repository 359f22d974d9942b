"""CLS 2020-10-16: log topics and logsets, as far as flow logs need them."""

from localcloud.cls.topics import ACTIONS

__all__ = ["ACTIONS"]
