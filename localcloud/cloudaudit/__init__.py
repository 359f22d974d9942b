"""CloudAudit 2019-03-19: the record of each write call, and the trail of the last 90 days."""

from localcloud.cloudaudit.trail import API

__all__ = ["API"]
