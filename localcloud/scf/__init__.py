"""SCF 2018-04-16: functions from zips, their triggers and invocations."""

from localcloud.scf import functions, invocations, triggers
from localcloud.scf.model import API

ACTIONS = API.actions
__all__ = ["ACTIONS", "functions", "invocations", "triggers"]
