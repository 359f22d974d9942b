"""Which API calls an event tells of: the log names them by their request ids, as CloudAudit's trail does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handler.intake.record import request_ids

ID = "008ef803-4a4e-4b24-a6a5-0d5b43c3f1ab"


def event(request_id: Any, *, as_text: bool = False) -> dict[str, Any]:
    data = {"eventName": "RunInstances", "requestID": request_id}
    return {"type": "cvm:CloudEvent:ApiCall", "data": json.dumps(data) if as_text else data}


@pytest.mark.parametrize(
    ("payload", "ids"),
    [
        (event(ID), [ID]),
        (event(ID, as_text=True), [ID]),
        ({"EventList": [event(ID), 7, event("another-one")]}, [ID, "another-one"]),
        ({"EventList": []}, []),
        ({"Type": "Timer", "Message": ""}, []),
        ({"command": "status"}, []),
        (event(None), []),
        (event("with spaces or <signs>"), []),
        (event("x" * 65), []),
        ({"data": "{broken"}, []),
        ([event(ID)], []),
        (None, []),
    ],
)
def test_ids_of_whatever_comes_in(payload: Any, ids: list[str]) -> None:
    """Of each form of an event; of all else, and of what has not the form of an id, none."""
    assert request_ids(payload) == ids


def test_a_big_batch_names_a_few() -> None:
    """A line of the log stays short."""
    assert len(request_ids({"EventList": [event(f"request-{number:04d}") for number in range(500)]})) == 20
