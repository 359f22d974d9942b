"""All flow logs and all interfaces of a region, page by page, under the documented limits of reading.

One pass lists pages that may shift under it while interfaces come and go: an entry may come twice or not at all. A
second pass settles what the first has missed (docs/operations.md).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from handler.cloud.pace import Pacer
from handler.cloud.vpc import FILTER_VALUES, PAGE, Vpc, chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from handler.model import FlowLog, Interface

# Reads keep under their documented limits of 20 and 100 a second (docs 215/35012, 215/15817).
FLOW_LOG_READS_PER_S = 19.0
INTERFACE_READS_PER_S = 95.0
READERS = 8

Entry = TypeVar("Entry")


def flow_logs(region: str, vpc: Vpc) -> Iterator[FlowLog]:
    """Every flow log of the region's interfaces.

    Raises:
        CloudError: a page could not be read.
    """
    pacer = Pacer(FLOW_LOG_READS_PER_S)
    return _all_pages(lambda offset: vpc.flow_log_page(region, offset, pacer))


def interfaces(region: str, vpc: Vpc, vpc_ids: Sequence[str]) -> Iterator[Interface]:
    """Every interface of some VPCs of the region, or of all where none is named.

    Raises:
        CloudError: a page could not be read.
    """
    pacer = Pacer(INTERFACE_READS_PER_S)
    for group in list(chunks(vpc_ids, FILTER_VALUES)) or [()]:
        yield from _all_pages(lambda offset, group=group: vpc.interface_page(region, offset, group, pacer))  # type: ignore[misc]


def _all_pages(read: Callable[[int], tuple[list[Entry], int]]) -> Iterator[Entry]:
    """Every entry, reading no more pages than the total asks for, several at a time.

    A total that is less than what came with it says nothing: then it is read on until a page is not full.
    """
    first, total = read(0)
    yield from first
    if total < len(first):
        yield from _to_the_end(read, len(first))
        return
    offsets = range(PAGE, total, PAGE)
    if not offsets:
        return
    with ThreadPoolExecutor(min(READERS, len(offsets))) as pool:
        # A window of pages, not all of them: what has been read waits in memory until it is used.
        for start in range(0, len(offsets), READERS * 2):
            for entries, _ in pool.map(read, offsets[start : start + READERS * 2]):
                yield from entries


def _to_the_end(read: Callable[[int], tuple[list[Entry], int]], offset: int) -> Iterator[Entry]:
    while offset % PAGE == 0:
        entries, _ = read(offset)
        yield from entries
        if not entries:
            return
        offset += len(entries)
