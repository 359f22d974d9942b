"""VPC 2017-03-12: networks, elastic network interfaces, flow logs."""

from localcloud.vpc import flow_logs, interfaces, networks

ACTIONS = (*networks.ACTIONS, *interfaces.ACTIONS, *flow_logs.ACTIONS)
