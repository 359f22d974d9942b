"""Signatures: TC3-HMAC-SHA256 (doc 1278/109057 and the SDK), and HmacSHA1/HmacSHA256 of forms (CMQ, the older API).

The string a client signs holds the Host it believes it talks to. On a local endpoint clients differ: the Python SDK
signs `127.0.0.1:PORT`, tccli the scheme too, the Node SDK leaves the port out. All of them are right here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from typing import TYPE_CHECKING

from tencentcloud.common.sign import Sign

from localcloud.core.errors import ApiError, missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from werkzeug.wrappers import Request

    from localcloud.core.account import Account, Caller, Credential

CLOCK_SKEW_S = 300
_SECONDS = re.compile(r"[0-9]{1,20}")
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 +Credential=(?P<id>[^/]+)/(?P<date>[^/]+)/(?P<service>[^/]+)/tc3_request, *"
    r"SignedHeaders=(?P<headers>[^,]+), *Signature=(?P<signature>[0-9a-f]+)"
)


def verify_tc3(request: Request, account: Account) -> tuple[Caller, str]:
    """Return who signed the request, and for which service.

    Raises:
        ApiError: AuthFailure.* as documented.
    """
    match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if match is None:
        raise ApiError("AuthFailure.SignatureFailure", "The request has no valid TC3-HMAC-SHA256 Authorization header.")
    timestamp = request.headers.get("X-TC-Timestamp", "")
    check_timestamp(timestamp)
    credential = find_credential(account, match["id"])
    wanted = match["signature"]
    signed_date = time.strftime("%Y-%m-%d", time.gmtime(int(timestamp)))
    if match["date"] != signed_date or not any(
        hmac.compare_digest(wanted, _tc3_signature(credential, match, timestamp, canonical))
        for canonical in _canonical_requests(request, match["headers"])
    ):
        raise signature_failure()
    check_token(account, credential, request.headers.get("X-TC-Token"))
    return credential.caller, match["service"]


def verify_form(request: Request, fields: Mapping[str, str], account: Account) -> Caller:
    """Return who signed a form or a query string by HmacSHA1 or HmacSHA256.

    Raises:
        ApiError: AuthFailure.* as documented.
    """
    check_timestamp(fields.get("Timestamp", ""))
    credential = find_credential(account, fields.get("SecretId", ""))
    given, method = fields.get("Signature", ""), fields.get("SignatureMethod", "HmacSHA1")
    if method not in ("HmacSHA1", "HmacSHA256"):
        raise signature_failure()
    signed = "&".join(
        f"{name}={value}"
        for name, value in sorted(
            (name.replace("_", "."), value) for name, value in fields.items() if name != "Signature"
        )
    )
    if not any(
        hmac.compare_digest(given.encode(), Sign.sign(credential.secret_key, text, method).encode())
        for text in (f"{request.method}{host}{request.path}?{signed}" for host in _hosts(request))
    ):
        raise signature_failure()
    check_token(account, credential, fields.get("Token"))
    return credential.caller


def check_timestamp(timestamp: str) -> None:
    """Refuse a signature made more than five minutes away from now.

    Raises:
        ApiError: AuthFailure.SignatureExpire; MissingParameter or InvalidParameter without a readable timestamp.
    """
    if not timestamp:
        raise missing("Timestamp")
    if not _SECONDS.fullmatch(timestamp):
        raise ApiError("InvalidParameter", "The parameter `Timestamp` is not a number of seconds.")
    if abs(time.time() - int(timestamp)) > CLOCK_SKEW_S:
        raise ApiError(
            "AuthFailure.SignatureExpire",
            "The signature has expired: the request's timestamp and the server's time differ by more than "
            f"{CLOCK_SKEW_S} seconds.",
        )


def find_credential(account: Account, secret_id: str) -> Credential:
    """Return the key pair of this id.

    Raises:
        ApiError: AuthFailure.SecretIdNotFound.
    """
    credential = account.credentials.get(secret_id)
    if credential is None:
        raise ApiError(
            "AuthFailure.SecretIdNotFound", "The SecretId is not found, please ensure that your SecretId is correct."
        )
    return credential


def check_token(account: Account, credential: Credential, token: str | None) -> None:
    """Refuse temporary keys without their token or after their end, and a token on permanent keys (inferred).

    Raises:
        ApiError: AuthFailure.TokenFailure.
    """
    expired = credential.expires_at is not None and account.now() >= credential.expires_at
    if expired or (credential.token or "") != (token or ""):
        raise ApiError("AuthFailure.TokenFailure", "The token is wrong or has expired.")


def signature_failure() -> ApiError:
    """Return the refusal of a wrong signature."""
    return ApiError(
        "AuthFailure.SignatureFailure",
        "The provided credentials could not be validated. Please check your signature is correct.",
    )


def _canonical_requests(request: Request, signed_headers: str) -> Iterator[str]:
    query = request.environ.get("QUERY_STRING", "") if request.method == "GET" else ""
    payload = request.get_data()
    if request.headers.get("X-TC-Content-SHA256") == "UNSIGNED-PAYLOAD":
        payload = b"UNSIGNED-PAYLOAD"
    payload_hash = hashlib.sha256(payload).hexdigest()
    for host in _hosts(request):
        headers = [
            (name, host if name == "host" else request.headers.get(name, "")) for name in signed_headers.split(";")
        ]
        for lines in (
            "".join(f"{name}:{value.strip()}\n" for name, value in headers),
            "".join(f"{name}:{value.strip().lower()}\n" for name, value in headers),
        ):
            yield f"{request.method}\n/\n{query}\n{lines}\n{signed_headers}\n{payload_hash}"


def _hosts(request: Request) -> list[str]:
    raw = request.environ.get("HTTP_HOST", "")
    bare = re.sub(r"^[a-z]+://", "", raw)
    return list(dict.fromkeys((raw, bare, bare.rsplit(":", 1)[0], f"http://{bare}")))


def _tc3_signature(credential: Credential, match: re.Match[str], timestamp: str, canonical: str) -> str:
    scope = f"{match['date']}/{match['service']}/tc3_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signed = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}"
    return str(Sign.sign_tc3(credential.secret_key, match["date"], match["service"], signed))
