"""The package as deployed."""

from __future__ import annotations

from importlib import import_module

from bench.programs import common

if common.work().get("reads_unpaced"):
    # How its cost grows is to be seen, not the documented limits under which it reads.
    import_module("handler.cloud.vpc").READS_PER_S.update(DescribeFlowLogs=1e6, DescribeNetworkInterfaces=1e6)
common.run(import_module("index").main_handler)
