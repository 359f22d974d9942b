"""The function as it is deployed: where it is, and which settings it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handler import schema
from handler.errors import CloudError
from ops.deployment.reply import described, elsewhere, variables_of
from ops.errors import OperatorError, explained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.config import Config
    from ops.deployment.cloud import Cloud

HERE = "serverless.yml, .env and the shell"

_OF_HERE = ("FLOWLOG_API_ENDPOINT", "FLOWLOG_DLQ_ENDPOINT")
_FILLED_IN = ("FLOWLOG_TOPIC_REGION", "FLOWLOG_DLQ_REGION")
"""What deploy finds out by itself where serverless.yml does not say it."""


@dataclass(frozen=True)
class Source:
    """Which settings a command works with.

    Attributes:
        settings: the FLOWLOG_* variables.
        region: the function's.
        said: where they come from, in a sentence.
        differences: how those of this machine differ from them, a sentence each.
        certain: whether they are those that were asked for: not where the function could not be looked at.
    """

    settings: Mapping[str, str]
    region: str
    said: str
    differences: tuple[str, ...] = ()
    certain: bool = True


def source(config: Config, cloud: Cloud) -> Source:
    """The settings of the deployed function; those of this machine where there is none or it may not be looked at.

    FLOWLOG_API_ENDPOINT and FLOWLOG_DLQ_ENDPOINT are always this machine's: they say from where the cloud is reached.

    Raises:
        OperatorError: the function stands in several regions, none of them the one that this machine names.
        CloudError: the cloud cannot be spoken to.
    """
    name = config.function
    try:
        region, found = _find(config, cloud)
    except CloudError as error:
        if "UnauthorizedOperation" not in error.code:
            raise
        said = f"Settings: {HERE}. Those of the function {name} in {config.region} may not be read: {explained(error)}"
        return Source(config.settings, config.region, said, certain=False)
    if found is None:
        said = f"Settings: {HERE}, because no function {name} is deployed{region}."
        return Source(config.settings, config.region, said)
    of_here = {name: text for name, text in config.settings.items() if name in _OF_HERE}
    known = schema.document("settings")["properties"]
    deployed = {name: text for name, text in variables_of(found).items() if name in known and name not in _OF_HERE}
    elsewhere = "" if region == config.region else f" (there is none in {config.region})"
    said = f"Settings: those of the function {name} in {region}{elsewhere}."
    return Source(
        {**deployed, **of_here}, region, said, tuple(differences(config.settings, deployed, whole=bool(config.inputs)))
    )


def _find(config: Config, cloud: Cloud) -> tuple[str, dict[str, Any] | None]:
    """The function's region and GetFunction's reply.

    Without a function: None, and in which regions it was not looked for, as the end of a sentence.
    """
    which = config.function, config.namespace
    found = described(cloud, *which, config.region)
    if found is not None:
        return config.region, found
    try:
        there = elsewhere(cloud, *which)
    except CloudError as error:
        return f" in {config.region}; the other regions could not be listed ({error.code})", None
    if len(there) > 1:
        raise OperatorError(
            f"There is no function {config.function} in {config.region}, but in {' and in '.join(sorted(there))}: say "
            "which one is meant by --function-region."
        )
    return next(iter(there.items()), ("", None))


def differences(here: Mapping[str, str], deployed: Mapping[str, str], *, whole: bool = True) -> list[str]:
    """How this machine's settings differ from the function's, a sentence for each variable.

    Args:
        here: the FLOWLOG_* variables of serverless.yml, .env and the shell.
        deployed: the function's.
        whole: whether a variable that is not set here is meant to be its default: so it is where there is a
            serverless.yml. What deploy fills in itself, and the addresses of where a command runs, never differ.
    """
    known = schema.document("settings")["properties"]
    found = []
    for name in sorted(set(known) - set(_OF_HERE)):
        default = str(known[name].get("default", ""))
        there, mine = deployed.get(name, default), here.get(name, default)
        unsaid = name not in here and (not whole or name in _FILLED_IN)
        if there.strip() != mine.strip() and not unsaid:
            found.append(f"{name} is {there or 'not set'} in the function, and {mine or 'not set'} here.")
    return found
