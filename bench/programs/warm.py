"""Event by event: the function, beside a bare signed request to the same endpoint in the same process."""

from __future__ import annotations

import os
import time
from importlib import import_module

from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from bench.programs import common

_handle = import_module("index").main_handler
_http = HttpProfile(
    protocol="http", endpoint=os.environ["FLOWLOG_API_ENDPOINT"].removeprefix("http://"), keepAlive=True
)
_client = CommonClient(
    "vpc",
    "2017-03-12",
    Credential(os.environ["TENCENTCLOUD_SECRETID"], os.environ["TENCENTCLOUD_SECRETKEY"]),
    common.REGION,
    ClientProfile(httpProfile=_http, language="en-US"),
)


def _clocks() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()


def _main() -> None:
    work = common.work()
    _handle(work["event"], common.CONTEXT)
    bare, ours = [], []
    for event in common.events(work):
        first = _clocks()
        _client.call_json("CreateFlowLog", work["params"])
        second = _clocks()
        _handle(event, common.CONTEXT)
        third = _clocks()
        bare.append((second[0] - first[0], second[1] - first[1]))
        ours.append((third[0] - second[0], third[1] - second[1]))
    common.say(bare=bare, ours=ours)


_main()
