"""Cloud Monitor 2018-07-24: metrics, as far as they tell whether logs arrive."""

from localcloud.monitor.metrics import API

__all__ = ["API"]
