"""A stand-in for the SDK of COS, which tccli imports at its start and these tests never use: it has any name."""

import types
from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return types.new_class(name, (Exception,))
