"""CLS 2020-10-16: log topics and logsets, as far as flow logs need them."""

from localcloud.cls import topics
from localcloud.cls.model import API

__all__ = ["topics"]
ACTIONS = API.actions
