"""(c) The floor: requests, jsonschema and Powertools' Logger alone, and one bare request."""

from __future__ import annotations

import os
from typing import Any

import jsonschema
import requests
from aws_lambda_powertools import Logger

from bench.programs import common

logger = Logger(service="floor")
validator = jsonschema.Draft202012Validator


def main_handler(_event: dict[str, Any], _context: dict[str, Any]) -> None:
    """Send a request."""
    requests.post(os.environ["FLOWLOG_API_ENDPOINT"], data=b"{}", timeout=10)


common.run(main_handler)
