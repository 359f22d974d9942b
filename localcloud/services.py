"""Every action this cloud can do."""

from localcloud import cam, cloudaudit, cls, cvm, eb, monitor, scf, sts, tdmq, vpc
from localcloud.core.actions import ActionTable


def all_actions() -> ActionTable:
    """Return the table of all services' actions."""
    services = (vpc, cvm, sts, tdmq, scf, eb, cam, cls, cloudaudit, monitor)
    return ActionTable(action for service in services for action in service.API.actions)
