"""The shape that all parts of a deployment share: find it, say what differs, bring it about.

    find()         what there is now, as the API describes it, or None
    is_ours()      whether deploy made it: nothing else is ever changed or removed
    differences()  what is not as it should be
    create(), update(), delete()

`Part` makes of these a plan, its carrying out and its removal. There is no state but the cloud's own: a run that
broke off is completed by the next, because each looks at what is there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from handler.budget import Budget
from handler.cloud.retry import Patience
from handler.errors import CloudError, Throttled, Transient
from ops.deployment.step import Step, Verb

if TYPE_CHECKING:
    from ops.deployment.cloud import Cloud
    from ops.deployment.step import Change
    from ops.deployment.wanted import Deployment

MARK = "Managed by eni-flowlog."
"""The description of what has one: by it our own are recognised. Plain words: a rule's takes no other signs."""
TAG = ("managed-by", "eni-flowlog")
"""The tag of what has no description, or one that is not ours alone."""

TRY_FOR_S = 300.0
"""How long a step is tried again, in seconds."""

Found = dict[str, Any]


class Part(ABC):
    """One part of a deployment."""

    kind: ClassVar[str]
    sign: ClassVar[str] = f"its description is not “{MARK}”"
    """How one sees that it is not ours."""

    def __init__(self, deployment: Deployment, cloud: Cloud) -> None:
        """Take what should be, and the cloud that has it or not."""
        self.deployment = deployment
        self.cloud = cloud

    @property
    def name(self) -> str:
        """The name that it has in the cloud: the function's, where serverless.yml gives it none of its own."""
        return self.deployment.name

    @abstractmethod
    def find(self) -> Found | None:
        """Look it up: as its API describes it, or None where there is none."""

    def is_ours(self, found: Found) -> bool:
        """Whether deploy made it: by the mark in its description."""
        return MARK in str(found.get("Description"))

    @abstractmethod
    def differences(self, found: Found) -> list[Change]:
        """Name what is not as it should be."""

    @abstractmethod
    def create(self) -> None:
        """Make it."""

    @abstractmethod
    def update(self, found: Found) -> None:
        """Bring it to what it should be."""

    @abstractmethod
    def delete(self, found: Found) -> None:
        """Take it away."""

    def contents(self) -> list[Change]:
        """What of it a person should see before it is made: as changes from nothing."""
        return []

    def detail(self) -> str:
        """What a person should know of it in a plan; empty if nothing."""
        return ""

    def obstacle(self, _found: Found | None) -> str:
        """Why it cannot be made, or brought to what it should be; empty where it can."""
        return ""

    def remark(self, _found: Found | None) -> str:
        """What is not as it should be and deploy does not change; empty if nothing."""
        return ""

    def loss(self, _found: Found) -> str:
        """What would be lost with it; empty if nothing."""
        return ""

    def plan(self) -> Step:
        """What deploy would do."""
        found = self.find()
        if found is not None and not self.is_ours(found):
            return self._step(
                Verb.CONFLICT,
                note=f"there is one that eni-flowlog did not make: {self.sign}. Choose another name in "
                "serverless.yml, or, if it is yours to give, mark it as eni-flowlog's (docs/deploy.md)",
            )
        obstacle = self.obstacle(found)
        if obstacle:
            return self._step(Verb.CONFLICT, note=obstacle)
        if found is None:
            return self._step(Verb.CREATE, tuple(self.contents()), self.remark(found))
        changes = tuple(self.differences(found))
        return self._step(Verb.CHANGE if changes else Verb.NOTHING, changes, self.remark(found))

    def apply(self) -> None:
        """Bring it about: look, act, and after an attempt whose outcome is not known, look again.

        Raises:
            CloudError: an API call failed for good, and what it was to do is not done either.
        """
        patience = Patience(Budget(TRY_FOR_S).wait)
        while True:
            try:
                self._attempt()
            except (Transient, Throttled):
                if not patience.again():
                    raise
            else:
                return

    def _attempt(self) -> None:
        try:
            found = self.find()
            if found is None:
                self.create()
            elif self.differences(found):
                self.update(found)
        except (Transient, Throttled):
            raise
        except CloudError:
            # Refused perhaps because an earlier attempt did it ("exists already"): what is there now decides.
            if self.plan().verb is not Verb.NOTHING:
                raise

    def plan_removal(self) -> Step:
        """What remove would do."""
        found = self.find()
        if found is None:
            return self._step(Verb.NOTHING, note="is not there")
        if not self.is_ours(found):
            return self._step(Verb.KEEP, note=f"eni-flowlog did not make it: {self.sign}")
        return self._step(Verb.DELETE, note=self.loss(found))

    def remove(self) -> None:
        """Take it away, if it is there and ours.

        Raises:
            CloudError: an API call failed for good, and it is still there.
        """
        try:
            found = self.find()
            if found is not None and self.is_ours(found):
                self.delete(found)
        except CloudError:
            if self.find() is not None:
                raise

    def _step(self, verb: Verb, changes: tuple[Change, ...] = (), note: str = "") -> Step:
        return Step(self.kind, self.name, verb, changes, note, self.detail())


class TaggedPart(Part):
    """One whose description is not ours alone, or that has none: deploy's are recognised by their tag."""

    sign: ClassVar[str] = f"it has no tag {TAG[0]}: {TAG[1]}"
    tag_fields: ClassVar[tuple[str, str]] = ("Key", "Value")
    """How its API calls a tag's key and value."""

    def is_ours(self, found: Found) -> bool:
        """Whether deploy made it, or `scf deploy` by the same serverless.yml: by its tag."""
        key, value = self.tag_fields
        return any((tag.get(key), tag.get(value)) == TAG for tag in found.get("Tags") or [])
