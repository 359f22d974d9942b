"""STS 2018-08-13: who am I, and keys of a role."""

from localcloud.sts.actions import API

__all__ = ["API"]
