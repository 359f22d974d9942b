"""What several mentions of one interface tell together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handler.cover.batch import without_duplicates
from handler.model import History, Interface
from tests.support.records import INTERFACE_ID, REGION, SUBNET_ID, VPC_ID

SAID_LITTLE = Interface(REGION, INTERFACE_ID, since="2026-11-24 16:45:48")
SAID_ALL = Interface(
    REGION,
    INTERFACE_ID,
    VPC_ID,
    SUBNET_ID,
    model="S5.SMALL2",
    tags={"team": "network"},
    attaching=True,
    since="2026-11-24 16:45:49",
    expected=2,
    history=History("9c4b1c5e-7a0e-4b53-9a31-0c4c7b8f2d11", 2, "2026-11-24T05:00:00Z"),
)


@pytest.mark.parametrize("mentions", [(SAID_LITTLE, SAID_ALL), (SAID_ALL, SAID_LITTLE)])
def test_what_any_mention_tells_is_known(mentions: tuple[Interface, Interface]) -> None:
    """In whichever order they come; the earlier time counts."""
    assert without_duplicates(mentions) == [replace(SAID_ALL, since=SAID_LITTLE.since)]
