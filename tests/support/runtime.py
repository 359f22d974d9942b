"""Small functions for SCF's runtime, and how they fail."""

from collections.abc import Callable

from localcloud.scf.process.process_pool import InvokeResult, ProcessPool

DEADLINE_S = 30.0
MEGABYTE = 1024 * 1024

Start = Callable[..., ProcessPool]


def failure(outcome: InvokeResult) -> tuple[int, int, str]:
    assert outcome.error is not None
    assert outcome.result_json is None
    assert outcome.error["requestId"] == outcome.request_id
    return outcome.error["statusCode"], outcome.error["errorCode"], outcome.error["errorMessage"]
