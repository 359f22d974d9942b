"""The package as deployed."""

from __future__ import annotations

from importlib import import_module

from bench.programs import common

common.run(import_module("index").main_handler)
