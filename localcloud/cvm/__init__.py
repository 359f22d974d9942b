"""CVM 2017-03-12: instances and regions."""

from localcloud.cvm.instances import API

ACTIONS = API.actions
