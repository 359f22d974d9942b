"""What an action is, how a service declares its own, and the table of all of them.

::

    API = Service("sts", "2018-08-13", regional=False)

    @API.action()
    def assume_role(ctx, params):        # this is AssumeRole, with the platform's parameters
        ...
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import ApiError
from localcloud.core.parameters import Check, Params, platform
from localcloud.core.regions import REGIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from localcloud.core.account import Account, Behaviour, Caller, Region

    Run = Callable[["Context", Params], dict[str, Any]]

_READS = ("Describe", "Get", "List", "Inquiry", "Search")


@dataclass(frozen=True)
class Context:
    """Where and for whom an action runs."""

    account: Account
    region: Region
    caller: Caller
    request_id: str

    @property
    def behaviour(self) -> Behaviour:
        """Return the cloud's switches."""
        return self.account.behaviour

    def now(self) -> float:
        """Return the cloud's time in epoch seconds."""
        return self.account.now()


@dataclass(frozen=True)
class Action:
    """One action of the v3 API: its name and the function that does it.

    `regional` actions need a region, one of their service's. `locked` ones run under the account's lock; those that
    wait for something must not. `unlisted` parameters are taken though the platform's own schema does not have them:
    the vendor's deployment library sends them.
    """

    api: Service
    name: str
    run: Run
    regional: bool = True
    locked: bool = True
    unlisted: Mapping[str, str] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        """Tell whether CloudAudit calls it a Write."""
        return not self.name.startswith(_READS)

    def checked(self, params: Params, *, from_text: bool = False) -> Params:
        """Return a call's parameters as the platform's schema has them.

        Args:
            params: What the client sent.
            from_text: The values came by a query string, so numbers and booleans are text.

        Raises:
            ApiError: UnknownParameter, MissingParameter, InvalidParameter (wrong type) or InvalidParameterValue.
        """
        objects = platform(self.api.name)["objects"]
        return Check(objects, from_text).of({**objects[f"{self.name}Request"], **self.unlisted}, params)


class Service:
    """One product's API: what it is called and which version it has, and its actions as they are declared.

    Attributes:
        name: What signatures and tccli call it.
        version: The version of its API.
        regions: Where it is.
        actions: Those declared so far.
    """

    def __init__(self, name: str, version: str, *, regional: bool = True, regions: frozenset[str] = REGIONS) -> None:
        self.actions: list[Action] = []
        self.name, self.version, self.regions, self._regional = name, version, regions, regional

    def action(
        self, *, locked: bool = True, regional: bool = True, unlisted: Mapping[str, str] | None = None
    ) -> Callable[[Run], Run]:
        """Declare the decorated function to be the action of its name: `create_vpc` is CreateVpc.

        Args:
            locked: Whether it runs under the account's lock.
            regional: Whether it needs a region, where its service's actions do.
            unlisted: Parameters that it takes beyond the platform's own schema.
        """

        def declare(run: Run) -> Run:
            name = "".join(word.capitalize() for word in run.__name__.split("_"))
            self.actions.append(Action(self, name, run, self._regional and regional, locked, unlisted or {}))
            return run

        return declare


class ActionTable:
    """The actions a cloud can do, by service, version and name."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self._by_key = {(action.api.name, action.api.version, action.name): action for action in actions}
        self._versions = {(service, version) for service, version, _ in self._by_key}

    def __iter__(self) -> Iterator[Action]:
        return iter(self._by_key.values())

    def find(self, service: str, version: str, name: str) -> Action:
        """Return the action.

        Raises:
            ApiError: NoSuchProduct, NoSuchVersion, InvalidAction, or UnsupportedOperation where the platform has it.
        """
        action = self._by_key.get((service, version, name))
        if action is not None:
            return action
        products = sorted({known for known, _ in self._versions})
        if service not in products:
            has = ", ".join(products)
            raise ApiError("NoSuchProduct", f"This local cloud has no product `{service}`, only {has}.")
        if (service, version) not in self._versions:
            raise ApiError("NoSuchVersion", f"This local cloud has no version `{version}` of `{service}`.")
        if name in platform(service)["actions"]:
            message = f"Tencent Cloud has the action `{name}` of `{service}`; this local cloud does not do it."
            raise ApiError("UnsupportedOperation", message)
        raise ApiError("InvalidAction", f"The request has an invalid action `{name}`: it does not exist.")

    def product(self, signed: str, version: str, name: str) -> str:
        """Return the service that a signature means: the one that has the action, where the signature names none.

        TC3 names it, the older forms do not. The Node SDK signs the first part of its endpoint's name as the service:
        "127" for 127.0.0.1 (seen).

        Raises:
            ApiError: InvalidAction, where no service has it.
        """
        known_product = any(service == signed for service, _ in self._versions)
        if known_product or (signed and not re.fullmatch(r"\d+|localhost(:\d+)?", signed)):
            return signed
        for service, known, action in self._by_key:
            if (known, action) == (version, name):
                return service
        raise ApiError("InvalidAction", f"The request has an invalid action `{name}`: it does not exist.")
