"""All flow logs and all interfaces of a region, page by page, under the documented limits of reading.

One pass lists pages that may shift under it while interfaces come and go: an entry may come twice or not at all. A
second pass settles what the first has missed (docs/operations.md).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from handler.cloud.many import chunks
from handler.cloud.vpc import FILTER_VALUES, PAGE, Vpc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from handler.cloud.rows import Rows
    from handler.model import FlowLog, Interface

READERS = 8
MAX_TOTAL = 10_000_000
"""No account has more of anything; a total beyond it is read as this."""

Entry = TypeVar("Entry")


def flow_logs(region: str, vpc: Vpc) -> Iterator[FlowLog]:
    """Every flow log of the region, of interfaces and of all else.

    Raises:
        CloudError: a page could not be read.
    """
    return _all_pages(partial(vpc.flow_log_page, region))


def interfaces(region: str, vpc: Vpc, vpc_ids: Sequence[str]) -> Iterator[Interface]:
    """Every interface of some VPCs of the region, or of all where none is named.

    Raises:
        CloudError: a page could not be read.
    """
    for group in list(chunks(vpc_ids, FILTER_VALUES)) or [()]:
        yield from _all_pages(partial(vpc.interface_page, region, vpc_ids=group))


def _all_pages(read: Callable[[int], Rows[Entry]]) -> Iterator[Entry]:
    """Every entry, reading as many pages as the total asks for, several at a time, and on until one is not full.

    A total that is too small, or none at all, hides nothing then; one that is too large ends at the empty pages.
    """
    last = read(0)
    yield from last.entries
    offsets = range(PAGE, min(last.total, MAX_TOTAL), PAGE)
    if offsets:
        with ThreadPoolExecutor(min(READERS, len(offsets))) as pool:
            # A window of pages, not all of them: what has been read waits in memory until it is used.
            for start in range(0, len(offsets), READERS * 2):
                for last in pool.map(read, offsets[start : start + READERS * 2]):
                    yield from last.entries
                if not last.number:
                    return
    offset = PAGE * (len(offsets) + 1)
    while last.number >= PAGE:
        last = read(offset)
        yield from last.entries
        offset += PAGE
