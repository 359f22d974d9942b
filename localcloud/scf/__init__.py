"""SCF 2018-04-16: functions from zips, their triggers, invocations and runs."""

from localcloud.scf import functions, invocations, runs, triggers
from localcloud.scf.model import API

__all__ = ["API", "functions", "invocations", "runs", "triggers"]
