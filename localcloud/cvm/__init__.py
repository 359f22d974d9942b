"""CVM 2017-03-12: instances, as far as they bring network interfaces."""

from localcloud.cvm.instances import ACTIONS

__all__ = ["ACTIONS"]
