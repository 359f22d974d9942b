"""SCF 2018-04-16: functions from zips, their triggers, invocations and runs."""

from localcloud.scf import functions, invocations, runs, triggers
from localcloud.scf.model import API

ACTIONS = API.actions
__all__ = ["ACTIONS", "functions", "invocations", "runs", "triggers"]
