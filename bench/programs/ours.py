"""The package as deployed."""

from __future__ import annotations

from importlib import import_module

from bench.programs import common

if common.work().get("reads_unpaced"):
    # How its cost grows is to be seen, not the documented limits under which it reads.
    vars(import_module("handler.commands.listing")).update(FLOW_LOG_READS_PER_S=1e6, INTERFACE_READS_PER_S=1e6)
common.run(import_module("index").main_handler)
