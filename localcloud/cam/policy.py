"""CAM's policies: may this action be done to this resource (docs 598/10603, 598/10604, 598/10605, 598/10606).

    {"version": "2.0", "statement": [{"effect": "allow", "action": ["name/vpc:Describe*"], "resource": ["*"]}]}

All is denied by default, a matching deny wins over any allow. An action is `service:Action`, with or without the
prefix `name/`, and `*` for any text. A resource is `*` or six segments, `qcs:project:service:region:account:resource`,
where an empty segment means any. An API that cannot be granted per resource asks for `*`, and only a policy's `*`
grants that.

Inferred, not documented: action names are compared with their case; a condition on something that the request does not
tell is not fulfilled. Conditions that this cloud cannot weigh are refused rather than passed over.
"""

import functools
import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

_ACTION: Final = re.compile(r"(?:name/)?(?:\*|[a-z0-9]+:[A-Za-z0-9*]+)")
_SEGMENTS: Final = 6
_RESOURCE_TEXT: Final = 5
_GRANT_KEYS: Final = frozenset({"effect", "action", "resource", "condition"})
_TRUST_KEYS: Final = frozenset({"effect", "action", "principal", "condition"})
_PRINCIPALS: Final = frozenset({"service", "qcs"})
ASSUME_ROLE: Final = "sts:AssumeRole"


class PolicyError(ValueError):
    """The document is malformed.

    Attributes:
        code: the API error CAM answers with, such as InvalidParameter.ActionError.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = f"InvalidParameter.{code}"


def parse(text: str) -> dict[str, Any]:
    """Reads a PolicyDocument, still to be checked.

    Args:
        text: the document as JSON.

    Returns:
        The document.

    Raises:
        PolicyError: it is not a JSON object.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError("PolicyDocumentError", f"the policy document is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise PolicyError("PolicyDocumentError", "the policy document must be a JSON object")
    return document


def check_document(document: Mapping[str, Any]) -> None:
    """Refuses a malformed permission policy.

    Args:
        document: the policy, parsed.

    Raises:
        PolicyError: with CAM's code and what is wrong.
    """
    for statement in _statements(document, _GRANT_KEYS):
        resources = _texts(statement.get("resource"))
        if not resources:
            raise PolicyError("ResourceError", "a statement needs 'resource': a string, or a list of them")
        for resource in resources:
            _check_resource(resource)


def check_trust_policy(document: Mapping[str, Any]) -> None:
    """Refuses a malformed trust policy, the document that says who may assume a role.

    Args:
        document: the policy, parsed.

    Raises:
        PolicyError: with CAM's code and what is wrong.
    """
    for statement in _statements(document, _TRUST_KEYS):
        principal = statement.get("principal")
        if not isinstance(principal, Mapping) or not principal or not _PRINCIPALS.issuperset(principal):
            raise PolicyError("PrincipalError", "a trust statement needs 'principal': an object of 'service' or 'qcs'")
        if not all(_texts(names) for names in principal.values()):
            raise PolicyError("PrincipalError", "a principal is a string, or a list of them")


def evaluate(
    policies: Iterable[Mapping[str, Any]], action: str, resource: str, context: Mapping[str, str] | None = None
) -> bool:
    """Decides on one call (doc 598/10605).

    Args:
        policies: all policies that bear on the caller, each accepted by `check_document`.
        action: `service:Action`, such as `vpc:CreateFlowLog`.
        resource: the six segments of the resource, or `*` for an API that knows no resources.
        context: what conditions may ask for, by key, such as {"qcs:ip": "10.0.0.1"}.

    Returns:
        True if some statement allows it and none denies it.
    """
    effects = {
        statement["effect"]
        for policy in policies
        for statement in policy["statement"]
        if _applies(statement, action, resource, context or {})
    }
    return effects == {"allow"}


def may_assume(trust_policy: Mapping[str, Any], service: str) -> bool:
    """Tells whether a service may assume the role that has this trust policy.

    Args:
        trust_policy: a document accepted by `check_trust_policy`.
        service: the service's name, such as `scf.qcloud.com`.

    Returns:
        True if it is trusted and nowhere denied.
    """
    return _trusts(trust_policy, "service", service.__eq__)


def may_account_assume(trust_policy: Mapping[str, Any], uin: str) -> bool:
    """Tells whether an account may assume the role that has this trust policy.

    Args:
        trust_policy: a document accepted by `check_trust_policy`.
        uin: the account's uin, written `qcs::cam::uin/UIN:root` in the policy.

    Returns:
        True if it is trusted and nowhere denied.
    """
    return _trusts(trust_policy, "qcs", f"qcs::cam::uin/{uin}:root".__eq__)


def _statements(document: Mapping[str, Any], keys: frozenset[str]) -> Iterator[Mapping[str, Any]]:
    if document.get("version") != "2.0":
        raise PolicyError("VersionError", f'version must be "2.0", not {json.dumps(document.get("version"))}')
    if unknown := sorted(set(document) - {"version", "statement"}):
        raise PolicyError("PolicyDocumentError", f"unknown elements: {', '.join(unknown)}")
    statements = document.get("statement")
    if not isinstance(statements, list) or not statements:
        raise PolicyError("StatementError", "'statement' must be a list of at least one statement")
    for statement in statements:
        _check_statement(statement, keys)
        yield statement


def _check_statement(statement: Any, keys: frozenset[str]) -> None:
    if not isinstance(statement, Mapping):
        raise PolicyError("StatementError", "a statement must be an object")
    if unknown := sorted(set(statement) - keys):
        raise PolicyError("StatementError", f"a statement has unknown elements: {', '.join(unknown)}")
    if statement.get("effect") not in ("allow", "deny"):
        raise PolicyError("EffectError", f"effect must be allow or deny, not {json.dumps(statement.get('effect'))}")
    actions = _texts(statement.get("action"))
    if not actions:
        raise PolicyError("ActionError", "a statement needs 'action': a string, or a list of them")
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise PolicyError("ActionError", f"action '{action}' is not of the form [name/]service:Action")
    _check_condition(statement.get("condition", {}))


def _check_resource(resource: str) -> None:
    if resource == "*":
        return
    segments = resource.split(":", _RESOURCE_TEXT)
    if len(segments) != _SEGMENTS or segments[0] != "qcs":
        raise PolicyError(
            "ResourceQcsError", f"resource '{resource}' is neither * nor qcs:project:service:region:account:resource"
        )
    if not segments[_RESOURCE_TEXT]:
        raise PolicyError("ResourceContentError", f"resource '{resource}' does not say which one; * means all")


def _check_condition(condition: Any) -> None:
    if not isinstance(condition, Mapping):
        raise PolicyError("ConditionError", "'condition' must be an object")
    for operator, wanted in condition.items():
        if operator not in _CONDITIONS:
            raise PolicyError(
                "ConditionTypeError", f"condition '{operator}' is not one of {', '.join(sorted(_CONDITIONS))}"
            )
        if not isinstance(wanted, Mapping) or not all(_texts(values) for values in wanted.values()):
            raise PolicyError(
                "ConditionContentError", f"condition '{operator}' must give a string, or a list of them, for each key"
            )


def _texts(value: Any) -> Sequence[str]:
    """A string or a list of strings as a list; anything else as an empty one."""
    values = [value] if isinstance(value, str) else value
    if isinstance(values, list) and all(isinstance(text, str) for text in values):
        return values
    return []


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str]) -> bool:
    return (
        any(_action_matches(pattern, action) for pattern in _texts(statement["action"]))
        and any(_resource_matches(pattern, resource) for pattern in _texts(statement["resource"]))
        and _fulfilled(statement.get("condition", {}), context)
    )


def _action_matches(pattern: str, action: str) -> bool:
    return _like(pattern.removeprefix("name/"), action.removeprefix("name/"))


def _resource_matches(pattern: str, resource: str) -> bool:
    if pattern == "*" or resource == "*":
        return pattern == "*"
    wanted, given = pattern.split(":", _RESOURCE_TEXT), resource.split(":", _RESOURCE_TEXT)
    return len(given) == _SEGMENTS and all(
        not want or _like(want, have) for want, have in zip(wanted, given, strict=True)
    )


def _fulfilled(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    return all(
        key in context and _CONDITIONS[operator](_texts(values), context[key])
        for operator, wanted in condition.items()
        for key, values in wanted.items()
    )


def _trusts(trust_policy: Mapping[str, Any], kind: str, is_caller: Callable[[str], bool]) -> bool:
    effects = {
        statement["effect"]
        for statement in trust_policy["statement"]
        if any(_action_matches(pattern, ASSUME_ROLE) for pattern in _texts(statement["action"]))
        and any(is_caller(name) for name in _texts(statement["principal"].get(kind)))
    }
    return effects == {"allow"}


@functools.lru_cache(maxsize=1024)
def _wildcard(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)


def _like(pattern: str, text: str) -> bool:
    return _wildcard(pattern).fullmatch(text) is not None


def _in_networks(values: Sequence[str], address: str) -> bool:
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(value, strict=False) for value in values)


_CONDITIONS: Final[dict[Any, Callable[[Sequence[str], str], bool]]] = {
    "string_equal": lambda values, given: given in values,
    "string_not_equal": lambda values, given: given not in values,
    "string_like": lambda values, given: any(_like(value, given) for value in values),
    "ip_equal": _in_networks,
    "ip_not_equal": lambda values, given: not _in_networks(values, given),
}
