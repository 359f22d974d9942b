"""CVM 2017-03-12: instances and regions."""

from localcloud.cvm.instances import API

__all__ = ["API"]
