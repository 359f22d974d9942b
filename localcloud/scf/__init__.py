"""SCF 2018-04-16: functions from zips, their triggers and invocations."""

from localcloud.scf import functions, invocations, triggers

ACTIONS = (*functions.ACTIONS, *invocations.ACTIONS, *triggers.ACTIONS)
