"""CVM 2017-03-12: instances, which are kept in the network of their region, and regions."""

from localcloud.cvm.instances import API

__all__ = ["API"]
