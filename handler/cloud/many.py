"""Many things at once: in pieces of what one call takes, and several calls at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Given = TypeVar("Given")
Made = TypeVar("Made")

WORKERS = 16


def chunks(values: Sequence[Given], size: int) -> Iterator[Sequence[Given]]:
    """The values in pieces of at most `size`, which is what one call takes."""
    return (values[start : start + size] for start in range(0, len(values), size))


def together(work: Callable[[Given], Made], given: Sequence[Given], workers: int = WORKERS) -> list[Made]:
    """Do a work for each of what is given, several at once where there are several.

    Raises:
        Exception: what the work raised. All that had begun has ended by then, and its results are lost: a work whose
            results must be kept raises nothing (`errors.attempted`).
    """
    if len(given) <= 1:
        return [work(each) for each in given]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - most events hold one interface: no threads

    made: list[Any] = [None] * len(given)
    indexes = iter(range(len(given)))

    def take_some() -> None:
        for index in indexes:
            made[index] = work(given[index])

    # A task for each worker: one for each of ten thousand interfaces would take more memory than the interfaces.
    with ThreadPoolExecutor(min(workers, len(given))) as pool:
        for worker in [pool.submit(take_some) for _ in range(min(workers, len(given)))]:
            worker.result()
    return made
