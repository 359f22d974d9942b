"""CAM's policies: may this action be done to this resource (docs 598/10603, 598/10604, 598/10605, 598/10606).

    {"version": "2.0", "statement": [{"effect": "allow", "action": ["name/vpc:Describe*"], "resource": ["*"]}]}

All is denied by default, a matching deny wins over any allow. An action is `service:Action`, with or without the
prefix `name/`, and `*` for any text. A resource is `*` or six segments, `qcs:project:service:region:account:resource`,
where an empty segment means any. An API that cannot be granted per resource asks for `*`, and only a policy's `*`
grants that.

Inferred, not documented: action names are compared with their case. Conditions are refused: this cloud knows nothing
that they could be weighed by, and a condition passed over would grant too much.
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, Any, Final

from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_ACTION: Final = re.compile(r"(?:name/)?(?:\*|[a-z0-9]+:[A-Za-z0-9*]+)")
_RESOURCE: Final = re.compile(r"\*|qcs(:[^:]*){4}:.+")
_RESOURCE_TEXT: Final = 5
_GRANT_KEYS: Final = frozenset({"effect", "action", "resource"})
_TRUST_KEYS: Final = frozenset({"effect", "action", "principal"})
_PRINCIPALS: Final = frozenset({"service", "qcs"})
ASSUME_ROLE: Final = "sts:AssumeRole"


def check_grants(text: str) -> dict[str, Any]:
    """Return a permission policy, refused if it is malformed.

    Args:
        text: The PolicyDocument, JSON.

    Raises:
        ApiError: With CAM's code, and what is wrong.
    """
    document = _document(text, _GRANT_KEYS)
    for statement in document["statement"]:
        resources = _texts(statement.get("resource"))
        if not resources:
            raise _wrong("ResourceError", "a statement needs 'resource': a string, or a list of them")
        for resource in resources:
            if not _RESOURCE.fullmatch(resource):
                form = "qcs:project:service:region:account:resource"
                raise _wrong("ResourceQcsError", f"resource '{resource}' is neither * nor {form}")
    return document


def check_trust(text: str) -> dict[str, Any]:
    """Return a trust policy, the document that says who may assume a role, refused if it is malformed.

    Args:
        text: The PolicyDocument, JSON.

    Raises:
        ApiError: With CAM's code, and what is wrong.
    """
    document = _document(text, _TRUST_KEYS)
    for statement in document["statement"]:
        principal = statement.get("principal")
        known = isinstance(principal, dict) and _PRINCIPALS.issuperset(principal)
        if not principal or not known or not all(map(_texts, principal.values())):
            raise _wrong("PrincipalError", "a trust statement needs 'principal': names of 'service' or 'qcs'")
    return document


def evaluate(policies: Iterable[Mapping[str, Any]], action: str, resource: str) -> bool:
    """Decide on one call (doc 598/10605).

    Args:
        policies: All policies that bear on the caller, each accepted by `check_grants`.
        action: `service:Action`, such as `vpc:CreateFlowLog`.
        resource: The six segments of the resource, or `*` for an API that knows no resources.

    Returns:
        Whether some statement allows it and none denies it.
    """
    effects = {
        statement["effect"]
        for policy in policies
        for statement in policy["statement"]
        if any(_action_matches(pattern, action) for pattern in _texts(statement["action"]))
        and any(_resource_matches(pattern, resource) for pattern in _texts(statement["resource"]))
    }
    return effects == {"allow"}


def trusts(trust_policy: Mapping[str, Any], kind: str, principal: str) -> bool:
    """Tell whether a role with this trust policy may be assumed.

    Args:
        trust_policy: A document accepted by `check_trust`.
        kind: "service", or "qcs" for an account.
        principal: Who would assume it: `scf.qcloud.com`, `qcs::cam::uin/UIN:root`.

    Returns:
        Whether it is trusted and nowhere denied.
    """
    effects = {
        statement["effect"]
        for statement in trust_policy["statement"]
        if any(_action_matches(pattern, ASSUME_ROLE) for pattern in _texts(statement["action"]))
        and principal in _texts(statement["principal"].get(kind))
    }
    return effects == {"allow"}


def _document(text: str, keys: frozenset[str]) -> dict[str, Any]:
    """Return a document of either kind, checked as far as both are alike; `keys` are those of a statement."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong("PolicyDocumentError", f"the policy document is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise _wrong("PolicyDocumentError", "the policy document must be a JSON object")
    if document.get("version") != "2.0":
        raise _wrong("VersionError", f'version must be "2.0", not {json.dumps(document.get("version"))}')
    if unknown := sorted(set(document) - {"version", "statement"}):
        raise _wrong("PolicyDocumentError", f"unknown elements: {', '.join(unknown)}")
    statements = document.get("statement")
    if not isinstance(statements, list) or not statements:
        raise _wrong("StatementError", "'statement' must be a list of at least one statement")
    for statement in statements:
        _check_statement(statement, keys)
    return document


def _check_statement(statement: Any, keys: frozenset[str]) -> None:
    if not isinstance(statement, dict):
        raise _wrong("StatementError", "a statement must be an object")
    if "condition" in statement:
        raise _wrong("ConditionTypeError", "this cloud weighs no conditions: leave 'condition' out")
    if unknown := sorted(set(statement) - keys):
        raise _wrong("StatementError", f"a statement has unknown elements: {', '.join(unknown)}")
    if statement.get("effect") not in ("allow", "deny"):
        raise _wrong("EffectError", f"effect must be allow or deny, not {json.dumps(statement.get('effect'))}")
    actions = _texts(statement.get("action"))
    if not actions:
        raise _wrong("ActionError", "a statement needs 'action': a string, or a list of them")
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise _wrong("ActionError", f"action '{action}' is not of the form [name/]service:Action")


def _texts(value: Any) -> Sequence[str]:
    """Return a string or a list of strings as a list; anything else as an empty one."""
    values = [value] if isinstance(value, str) else value
    if isinstance(values, list) and all(isinstance(text, str) for text in values):
        return values
    return []


def _action_matches(pattern: str, action: str) -> bool:
    return _like(pattern.removeprefix("name/"), action)


def _resource_matches(pattern: str, resource: str) -> bool:
    if pattern == "*" or resource == "*":
        return pattern == "*"
    wanted, given = pattern.split(":", _RESOURCE_TEXT), resource.split(":", _RESOURCE_TEXT)
    return all(not want or _like(want, have) for want, have in zip(wanted, given, strict=True))


@functools.lru_cache(maxsize=1024)
def _wildcard(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)


def _like(pattern: str, text: str) -> bool:
    return _wildcard(pattern).fullmatch(text) is not None


def _wrong(code: str, message: str) -> ApiError:
    return ApiError(f"InvalidParameter.{code}", message)
