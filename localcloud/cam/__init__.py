"""CAM 2019-01-16: roles, policies, and whether a call may be made."""

from localcloud.cam import policies, roles
from localcloud.cam.model import API

__all__ = ["API", "policies", "roles"]
