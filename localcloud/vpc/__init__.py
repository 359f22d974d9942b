"""VPC 2017-03-12: networks, elastic network interfaces, flow logs."""

from localcloud.vpc import flow_logs, interfaces, networks
from localcloud.vpc.model import API

__all__ = ["API", "flow_logs", "interfaces", "networks"]
