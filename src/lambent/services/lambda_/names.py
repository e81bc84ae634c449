"""How functions are named: a name, `name:qualifier`, a partial ARN, a full ARN.

A name that does not match the model's pattern is refused in the gateway's words here too, because
the hot path of Invoke reaches this module without passing the model's validation.
Source: the model's patterns (NamespacedFunctionName, Qualifier); recorded answers.
"""

import re
from dataclasses import dataclass

from lambent.core.arn import arn_in
from lambent.core.identity import Scope
from lambent.services.contract import Call
from lambent.services.lambda_.errors import (
    broken_constraint,
    other_account,
    other_region,
    qualifiers_differ,
)

LATEST = "$LATEST"

# As the model has it, for the message.
_NAME_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?"
    r"(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
_QUALIFIER_PATTERN = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
_MAX_NAME, _MAX_QUALIFIER = 256, 128

_NAME = re.compile(
    r"(?:arn:(?P<partition>aws[a-zA-Z-]*)?:lambda:)?"
    r"(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-[0-9]):)?"
    r"(?:(?P<account>[0-9]{12}):)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9\-_.]+)(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9\-_]+))?"
)
_QUALIFIER = re.compile(_QUALIFIER_PATTERN, re.ASCII)
_VERSION = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """A function named in a request. `qualifier` is a version, an alias, `$LATEST`, or None."""

    name: str
    qualifier: str | None = None


def resolve_name(
    call: Call, function_name: str, qualifier: str | None = None, *, action: str = "InvokeFunction"
) -> FunctionRef:
    """The function that the two parameters name, in the caller's region and account.

    `action` is the IAM action that a refusal names. Raises ValidationException (bad form),
    InvalidParameterValueException (two qualifiers), ResourceNotFoundException (another region),
    AccessDeniedException (another account).
    """
    parts = _NAME.fullmatch(function_name)
    if len(function_name) > _MAX_NAME:
        constraint = f"have length less than or equal to {_MAX_NAME}"
        raise broken_constraint(function_name, "functionName", constraint)
    if parts is None:
        constraint = f"satisfy regular expression pattern: {_NAME_PATTERN}"
        raise broken_constraint(function_name, "functionName", constraint)
    _check_qualifier(qualifier)
    scope, named = call.scope, parts["qualifier"]
    if named is not None and qualifier is not None and named != qualifier:
        raise qualifiers_differ()
    if parts["region"] not in (None, scope.region):
        raise other_region(parts["region"], scope.region)
    if parts["account"] not in (None, scope.account):
        theirs = Scope(scope.partition, parts["account"], scope.region)
        arn = function_arn(theirs, parts["name"], qualifier or named)
        raise other_account(call.caller.scope.account, arn, action)
    return FunctionRef(parts["name"], qualifier or named)


def function_arn(scope: Scope, name: str, qualifier: str | None = None) -> str:
    """A function's ARN, with a qualifier if one is given."""
    suffix = f":{qualifier}" if qualifier else ""
    return arn_in(scope, "lambda", f"function:{name}{suffix}")


def is_version(qualifier: str) -> bool:
    """Whether a qualifier is `$LATEST` or a number; it is an alias otherwise."""
    return qualifier == LATEST or _VERSION.fullmatch(qualifier) is not None


def _check_qualifier(qualifier: str | None) -> None:
    if qualifier is None:
        return
    if not 1 <= len(qualifier) <= _MAX_QUALIFIER:
        bound = (
            f"less than or equal to {_MAX_QUALIFIER}" if qualifier else "greater than or equal to 1"
        )
        raise broken_constraint(qualifier, "qualifier", f"have length {bound}")
    if _QUALIFIER.fullmatch(qualifier) is None:
        constraint = f"satisfy regular expression pattern: {_QUALIFIER_PATTERN}"
        raise broken_constraint(qualifier, "qualifier", constraint)
