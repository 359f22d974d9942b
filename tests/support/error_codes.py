"""The error codes that each service documents: an oracle for the local cloud's refusals."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from localcloud.core.faults import CMQ
from tests.support.services import VERSIONS

if TYPE_CHECKING:
    from localcloud import LocalCloud

# The v3 API's codes for all services (doc 215/15696), and those of the message API (doc 1496/70948).
COMMON_CODES = frozenset(
    [
        "AuthFailure.InvalidAuthorization",
        "AuthFailure.InvalidSecretId",
        "AuthFailure.MFAFailure",
        "AuthFailure.SecretIdNotFound",
        "AuthFailure.SignatureExpire",
        "AuthFailure.SignatureFailure",
        "AuthFailure.TokenFailure",
        "AuthFailure.UnauthorizedOperation",
        "DryRunOperation",
        "FailedOperation",
        "InternalError",
        "InvalidAction",
        "InvalidParameter",
        "InvalidParameterValue",
        "InvalidRequest",
        "LimitExceeded",
        "MissingParameter",
        "NoSuchProduct",
        "NoSuchVersion",
        "RequestLimitExceeded",
        "ResourceInUse",
        "ResourceInsufficient",
        "ResourceNotFound",
        "ResourceUnavailable",
        "ServiceUnavailable",
        "UnauthorizedOperation",
        "UnknownParameter",
        "UnsupportedOperation",
        "UnsupportedProtocol",
        "UnsupportedRegion",
    ]
)
CMQ_CODES = frozenset(["4000", "4100", "4420", "4430", "4440", "4450", "4470", "6000", "6010", "6020", "7000"])


@cache
def documented(service: str) -> frozenset[str]:
    """Return the error codes that a service may answer with: its own list in the SDK, and the common ones."""
    if service == CMQ:
        return CMQ_CODES
    if service not in VERSIONS:
        return COMMON_CODES
    version = VERSIONS[service].replace("-", "")
    listed = import_module(f"tencentcloud.{service}.v{version}.errorcodes")
    return COMMON_CODES | {value for value in vars(listed).values() if isinstance(value, str)}


def undocumented(cloud: LocalCloud) -> list[tuple[str, str]]:
    """Return the service and code of each refusal so far that is on no list of its service."""
    refused = {(call.service, call.code) for call in cloud.calls if call.code}
    return sorted(one for one in refused if one[1] not in documented(one[0]))
