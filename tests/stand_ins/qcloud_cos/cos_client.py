"""See the package."""

from qcloud_cos import __getattr__

__all__ = ["__getattr__"]
