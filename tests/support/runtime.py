"""Small functions for SCF's runtime, and how they fail."""

from collections.abc import Callable
from typing import Any

from localcloud.scf.model import DEFAULTS, Function, Ref
from localcloud.scf.process.process_pool import InvokeResult, ProcessPool
from tests.support.platform_replies import zipped

DEADLINE_S = 30.0
MEGABYTE = 1024 * 1024


class Runtime(ProcessPool):
    """SCF's runtime of one function, for tests to which an event's id is all the same."""

    def invoke(self, event_json: str, request_id: str = "some-id") -> InvokeResult:
        return super().invoke(event_json, request_id)


Start = Callable[..., Runtime]


def function_of(source: str, **settings: Any) -> Function:
    """A function with settings by CreateFunction's names; a Timeout may be a fraction of a second here."""
    ref = Ref("ap-beijing", "prod", "flowlog")
    return Function(ref, "lam-12345678", zipped(source), {**DEFAULTS, "Runtime": "Python3.10", **settings}, created=0.0)


def failure(outcome: InvokeResult) -> tuple[int, int, str]:
    assert outcome.error is not None
    assert outcome.result_json is None
    assert outcome.error["requestId"] == outcome.request_id
    return outcome.error["statusCode"], outcome.error["errorCode"], outcome.error["errorMessage"]
