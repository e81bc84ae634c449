"""Names, qualifiers, and what is refused before a function is looked for."""

import pytest

from lambent.core.errors import AwsError
from lambent.core.identity import Caller, Scope
from lambent.services.contract import Call
from lambent.services.lambda_.names import FunctionRef, function_arn, is_version, resolve_name

ARN = "arn:aws:lambda:us-east-1:000000000000:function"
CALL = Call(
    scope=Scope(),
    caller=Caller(scope=Scope()),
    request_id="r",
    endpoint="http://localhost",
    headers={},
)


@pytest.mark.parametrize(
    ("name", "qualifier", "ref"),
    [
        ("f", None, FunctionRef("f")),
        ("f", "1", FunctionRef("f", "1")),
        ("f:live", None, FunctionRef("f", "live")),
        ("f:live", "live", FunctionRef("f", "live")),
        ("function", None, FunctionRef("function")),
        ("function:f", None, FunctionRef("f")),
        ("000000000000:function:f:1", None, FunctionRef("f", "1")),
        ("us-east-1:000000000000:function:f", None, FunctionRef("f")),
        (f"{ARN}:f", None, FunctionRef("f")),
        (f"{ARN}:f:$LATEST", None, FunctionRef("f", "$LATEST")),
        ("x" * 65, None, FunctionRef("x" * 65)),
    ],
)
def test_each_form_names_a_function(name: str, qualifier: str | None, ref: FunctionRef) -> None:
    assert resolve_name(CALL, name, qualifier) == ref


@pytest.mark.parametrize(
    ("name", "qualifier", "code", "words"),
    [
        ("f*", None, "ValidationException", "Value 'f*' at 'functionName' failed to satisfy"),
        ("", None, "ValidationException", "regular expression pattern"),
        ("f:1:2", None, "ValidationException", "regular expression pattern"),
        (f"{ARN}:f:$LATES", None, "ValidationException", "regular expression pattern"),
        ("arn:aws:s3:::bucket", None, "ValidationException", "regular expression pattern"),
        ("arn:aws:lambda::000000000000:function:f", None, "ValidationException", "pattern"),
        ("f\n", None, "ValidationException", "regular expression pattern"),
        ("x" * 257, None, "ValidationException", "have length less than or equal to 256"),
        ("f", "", "ValidationException", "have length greater than or equal to 1"),
        ("f", "q" * 129, "ValidationException", "have length less than or equal to 128"),
        ("f", "a b", "ValidationException", "at 'qualifier' failed to satisfy"),
        ("f:1", "2", "InvalidParameterValueException", "does not match the specified qualifier."),
        (
            f"{ARN.replace('us-east-1', 'us-west-2')}:f",
            None,
            "ResourceNotFoundException",
            "Functions from 'us-west-2' are not reachable in this region ('us-east-1')",
        ),
        ("111111111111:function:f", None, "AccessDeniedException", "lambda:GetFunction"),
    ],
)
def test_what_names_none_is_refused(
    name: str, qualifier: str | None, code: str, words: str
) -> None:
    with pytest.raises(AwsError) as refused:
        resolve_name(CALL, name, qualifier, action="GetFunction")
    assert refused.value.code == code
    assert words in refused.value.message


def test_arns_and_versions() -> None:
    assert function_arn(Scope(), "f", "1") == f"{ARN}:f:1"
    assert [is_version(text) for text in ("$LATEST", "12", "a1", "$latest")] == [
        True,
        True,
        False,
        False,
    ]
