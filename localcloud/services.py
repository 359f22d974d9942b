"""Every action this cloud can do."""

from localcloud import cam, cls, cvm, eb, scf, sts, tdmq, vpc
from localcloud.core.actions import Registry


def registry() -> Registry:
    """Return the table of all services' actions."""
    services = (vpc, cvm, sts, tdmq, scf, eb, cam, cls)
    return Registry(action for service in services for action in service.ACTIONS)
