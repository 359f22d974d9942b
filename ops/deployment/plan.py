"""What deploy or remove would do to each part of a deployment, and the doing of it in that order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from handler.errors import CloudError
from ops.deployment.step import Verb
from ops.errors import OperatorError, explained

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.deployment.part import Part
    from ops.deployment.step import Step
    from ops.deployment.wanted import Deployment


@dataclass(frozen=True)
class Plan:
    """The parts in the order in which they are dealt with, and a step for each.

    Attributes:
        deployment: what there should be, with what was found out about it.
        parts: the parts.
        steps: what is to be done to each, in the same order.
        act: what does it: `Part.apply` or `Part.remove`.
        found: what was found of things that are not ours to make, a line each.
    """

    deployment: Deployment
    parts: Sequence[Part]
    steps: Sequence[Step]
    act: Callable[[Part], None]
    found: Sequence[Step] = ()

    @property
    def starts_sweeping(self) -> bool:
        """Whether the timer of the sweep goes on with it."""
        timers = [step for step in self.steps if step.kind == "timer" and step.writes]
        return any((change.what, change.new) == ("enabled", "yes") for step in timers for change in step.changes)

    def first(self, kind: str) -> bool:
        """Whether a part of some kind is yet to be made."""
        return any(step.kind == kind and step.verb is Verb.CREATE for step in self.steps)

    @property
    def lines(self) -> list[Step]:
        """All lines, as they are shown."""
        return [*self.found, *self.steps]

    @property
    def writes(self) -> bool:
        """Whether there is anything to do."""
        return any(step.writes for step in self.steps)

    @property
    def remarks(self) -> list[str]:
        """What the person should know of parts that are not as they should be and stay so."""
        return [f"{step.kind} {step.name}: {step.note}." for step in self.lines if step.note]

    def refuse_conflicts(self) -> None:
        """Go no further when a part cannot be made ours.

        Raises:
            OperatorError: names each such part.
        """
        conflicts = [f"{step.kind} {step.name}: {step.note}" for step in self.lines if step.verb is Verb.CONFLICT]
        if conflicts:
            raise OperatorError(f"Nothing was done. {'; '.join(conflicts)}. Then deploy again.")

    def carry_out(self, tell: Callable[[Step], None]) -> None:
        """Do it, one part after the other.

        Args:
            tell: told of each step that is done.

        Raises:
            OperatorError: says which step failed, and that running it again goes on from there.
        """
        for part, step in zip(self.parts, self.steps, strict=True):
            if not step.writes:
                continue
            try:
                self.act(part)
            except CloudError as error:
                raise OperatorError(
                    f"{step.kind} {step.name}: {explained(error)}\n"
                    "What was done before it stays done: the same command goes on from there."
                ) from None
            tell(step)
