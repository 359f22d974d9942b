"""Telling those who watch what happened."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

News = TypeVar("News")
_LOG = logging.getLogger("localcloud")


def notify(watchers: Iterable[Callable[[News], None]], news: News) -> None:
    """Call each watcher with the news. One that raises is logged: what is watched does not depend on who watches.

    Args:
        watchers: Whom to tell; they may come and go meanwhile.
        news: What happened.
    """
    for watch in list(watchers):
        try:
            watch(news)
        except Exception:  # noqa: BLE001  a watcher may be anybody's
            _LOG.exception("a watcher of a %s failed", type(news).__name__)
