"""What resource policies are made of: principals, statements, and how long they may be."""

import json
import re
from collections.abc import Mapping
from typing import Any

from lambent.services.lambda_.settings_errors import (
    POLICY_LIMIT_BYTES,
    bad_policy,
    bad_principal,
    policy_too_long,
)

_ACCOUNT = re.compile(r"[0-9]{12}")
_SERVICE = re.compile(r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazon\.com)")
_ARN = re.compile(r"arn:aws[a-zA-Z-]*:(iam|sts)::([0-9]{12}|cloudfront):.+")


def principal_of(text: str, partition: str) -> str | dict[str, str]:
    """A statement's Principal, from a parameter: an account, an ARN, a service, or `*`.

    Raises InvalidParameterValueException for anything else.
    """
    if text == "*":
        return "*"
    if _ACCOUNT.fullmatch(text):
        return {"AWS": f"arn:{partition}:iam::{text}:root"}
    if _ARN.fullmatch(text):
        return {"AWS": text}
    if _SERVICE.fullmatch(text):
        return {"Service": text}
    raise bad_principal()


def statement_of(params: Mapping[str, Any], resource: str, partition: str) -> dict[str, Any]:
    """The statement that AddPermission's parameters ask for, its keys in AWS's order."""
    statement: dict[str, Any] = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": principal_of(params["Principal"], partition),
        "Action": params["Action"],
        "Resource": resource,
    }
    if condition := _condition(params):
        statement["Condition"] = condition
    return statement


def empty_document() -> dict[str, Any]:
    """The document that the first statement goes into."""
    return {"Version": "2012-10-17", "Id": "default", "Statement": []}


def statements_in(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A document's statements; one alone may stand without a list."""
    statements = document["Statement"]
    return list(statements) if isinstance(statements, list) else [statements]


def parse_document(text: str) -> dict[str, Any]:
    """A whole policy. Raises InvalidParameterValueException for what can be none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise bad_policy("it is not JSON") from error
    if not isinstance(document, dict) or not document.get("Statement"):
        raise bad_policy("it has no Statement")
    for statement in statements_in(document):
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise bad_policy("a statement's Effect is neither Allow nor Deny")
        for member in ("Action", "Principal"):
            if member not in statement and f"Not{member}" not in statement:
                raise bad_policy(f"a statement has no {member}")
    return document


def checked_length(document: Mapping[str, Any]) -> str:
    """A document as text. Raises PolicyLengthExceededException over 20 KB."""
    text = as_text(document)
    if (size := len(text.encode())) > POLICY_LIMIT_BYTES:
        raise policy_too_long(size)
    return text


def as_text(value: Mapping[str, Any]) -> str:
    """JSON as AWS prints policies: without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


_EQUALS = {
    "PrincipalOrgID": "aws:PrincipalOrgID",
    "FunctionUrlAuthType": "lambda:FunctionUrlAuthType",
    "EventSourceToken": "lambda:EventSourceToken",
    "SourceAccount": "AWS:SourceAccount",
}


def _condition(params: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    condition: dict[str, dict[str, str]] = {}
    equals = {key: params[member] for member, key in _EQUALS.items() if params.get(member)}
    if equals:
        condition["StringEquals"] = equals
    if params.get("SourceArn"):
        condition["ArnLike"] = {"AWS:SourceArn": params["SourceArn"]}
    if (via_url := params.get("InvokedViaFunctionUrl")) is not None:
        condition["Bool"] = {"lambda:InvokedViaFunctionUrl": str(via_url).lower()}
    return condition
