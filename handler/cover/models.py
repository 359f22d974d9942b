"""Which instance models take no flow logs, as far as it is documented."""

from __future__ import annotations

UNSUPPORTED = frozenset(
    {"S3", "SA1", "S2", "S1", "M3", "M2", "M1", "C4", "CN3", "C3", "C2", "BC1", "BS1", "HCCIC5", "HCCG5v"}
)
"""The families that take none since 2022-07-25 (doc 682/18934 of 2025-09-15)."""


def takes_none(model: str) -> bool:
    """Whether a model, such as S3.SMALL2, is of a family that takes no flow logs; the list may be stale."""
    return model.partition(".")[0] in UNSUPPORTED
