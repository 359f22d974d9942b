"""What one run of the function works with, and where its results go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from handler import settings as environment_settings
from handler.budget import Budget, budget_from
from handler.cloud.api import Api
from handler.cloud.queue import Queue
from handler.cloud.vpc import Vpc
from handler.deadletters import DeadLetters
from handler.errors import SettingsError, failed
from handler.log import logger
from handler.model import Command, Failure, Ignored, Interface, Invalid, Outcome, Report, Result
from handler.redaction import hide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.model import Item
    from handler.settings import Credentials, Settings


@dataclass(frozen=True)
class Invocation:
    """One run: its settings, time, keys, queue and report."""

    environment: Mapping[str, str]
    settings: Settings
    budget: Budget
    queue: Queue
    letters: DeadLetters
    report: Report
    function_name: str
    namespace: str

    @classmethod
    def start(
        cls, environment: Mapping[str, str], context: Mapping[str, Any], budget: Budget | None = None
    ) -> Invocation:
        """Read the settings, the keys and the time that there is.

        Args:
            environment: read again when the cloud says that the keys are stale.
            context: SCF's, or nothing on an operator's machine.
            budget: the time, where the context does not tell it.

        Raises:
            SettingsError: names every bad variable.
        """
        budget = budget or budget_from(context)
        request_id = str(context.get("request_id") or "")
        logger.append_keys(request_id=request_id)
        settings = _checked(environment, str(context.get("tencentcloud_region") or ""))
        for name in environment_settings.DROPPED:
            if environment.get(name):
                logger.warning(f"{name} is no setting any more: take it out of the function's environment")
        queue = Queue(settings.dlq_endpoint, settings.dlq_queue, lambda: _keys(environment), budget.to_report())
        name = str(context.get("function_name") or "")
        version = str(context.get("function_version") or "")
        origin = {"name": name or "eni-flowlog", "version": version, "request_id": request_id}
        return cls(
            environment=environment,
            settings=settings,
            budget=budget,
            queue=queue,
            letters=DeadLetters(queue, origin),
            report=Report(request_id),
            function_name=name,
            namespace=str(context.get("namespace") or "default"),
        )

    @cached_property
    def api(self) -> Api:
        """Signed calls, within the time that there is."""
        return Api(self.settings.api_endpoint, lambda: _keys(self.environment), self.budget)

    def within(self, budget: Budget) -> Invocation:
        """The same run with another time limit for its calls, such as a share of what is left."""
        return replace(self, budget=budget)

    def vpc(self, *, paced: bool = False) -> Vpc:
        """The VPC API, whose calls are spaced out where it is `paced`."""
        return Vpc(self.api, self.settings, paced=paced)

    def record(self, interface: Interface, result: Result) -> None:
        """Put a failed interface on the queue, an impaired one into the log, and any result into the report."""
        if result.failure:
            self.letters.add_interface(interface, result.failure)
        if result.outcome is Outcome.IMPAIRED:
            logger.warning("flow log impaired", extra=result.as_item())
        self.report.add(replace(result, failure=None))

    def dismiss(self, item: Ignored | Invalid, failure: Failure | None = None) -> None:
        """Report what is not ours; put on the queue what is invalid, with where and why its schema refuses it."""
        if isinstance(item, Ignored):
            self.report.add(Result(Outcome.IGNORED, item.region, reason=item.reason))
            return
        failure = failure or Failure("invalid", "InvalidPayload", item.problem)
        self.letters.add_event(item.payload, failure, item.history)
        self.report.add(Result(Outcome.DEAD_LETTERED, reason=f"{failure.code}: {failure.message}"))

    def put_back(self, item: Item, failure: Failure) -> None:
        """Put what an unexpected error has kept from being done on the queue, and say so in the report."""
        if isinstance(item, Interface):
            self.record(item, failed(item, failure))
        elif isinstance(item, Command):
            self.give_up(item, failure)
        else:
            self.dismiss(item, failure)

    def give_up(self, command: Command, failure: Failure) -> None:
        """Put a command that could not be finished on the queue."""
        self.letters.add_command(command, failure)
        reason = f"{command.name}: {failure.code}: {failure.message}"
        self.report.add(Result(Outcome.DEAD_LETTERED, command.region, reason=reason))


def _keys(environment: Mapping[str, str]) -> Credentials:
    """The keys as they are now, which no output will show from now on."""
    keys = environment_settings.credentials(environment)
    hide(keys.secret_id, keys.secret_key, keys.token)
    return keys


def _checked(environment: Mapping[str, str], region: str) -> Settings:
    """The settings, once the keys are known to be there too: all faults at once."""
    faults = []
    try:
        _keys(environment)
    except SettingsError as error:
        faults.append(str(error))
    try:
        settings = environment_settings.load(environment, region)
    except SettingsError as error:
        faults.append(str(error))
    if faults:
        raise SettingsError("; ".join(faults))
    return settings
