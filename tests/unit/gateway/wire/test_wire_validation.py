"""What is wrong with an input, in AWS's words."""

from typing import Any

import pytest

from lambent.core.errors import ValidationException
from lambent.gateway.wire import compile_service


def _refusal(service: str, operation: str, params: dict[str, Any]) -> ValidationException:
    wire = compile_service(service)
    with pytest.raises(ValidationException) as raised:
        wire.operation(operation, wire.protocols[0]).validate(params)
    return raised.value


def test_a_missing_member_is_a_null_value() -> None:
    error = _refusal("logs", "CreateLogGroup", {})
    assert error.code == "InvalidParameterException"
    assert error.status == 400
    assert error.message == (
        "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: "
        "Member must not be null"
    )


def test_everything_wrong_is_said_at_once_the_pattern_before_the_length() -> None:
    error = _refusal("kinesis", "CreateStream", {"StreamName": "", "ShardCount": 0})
    assert error.code == "ValidationException"
    assert error.message == (
        "3 validation errors detected: Value '' at 'streamName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; "
        "Value '' at 'streamName' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1; "
        "Value '0' at 'shardCount' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1"
    )


def test_lambda_ends_what_a_list_must_satisfy_with_not_null() -> None:
    # Source: an answer of AWS, quoted in public bug reports of function URL configuration.
    params = {
        "FunctionName": "f",
        "AuthType": "NONE",
        "Cors": {"AllowMethods": ["GET", "POST", "OPTIONS"]},
    }
    assert _refusal("lambda", "CreateFunctionUrlConfig", params).message == (
        "1 validation error detected: Value '[GET, POST, OPTIONS]' at 'cors.allowMethods' failed "
        "to satisfy constraint: Member must satisfy constraint: [Member must have length less "
        "than or equal to 6, Member must have length greater than or equal to 0, Member must "
        "satisfy regular expression pattern: .*, Member must not be null]"
    )


def test_map_keys_are_said_with_the_whole_map() -> None:
    # Source: an answer recorded from AWS by the public LocalStack project.
    params = {
        "FunctionName": "f",
        "Name": "a",
        "FunctionVersion": "1",
        "RoutingConfig": {"AdditionalVersionWeights": {"x": 0.5}},
    }
    assert _refusal("lambda", "CreateAlias", params).message == (
        "1 validation error detected: Value '{x=0.5}' at "
        "'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must "
        "satisfy constraint: [Member must have length less than or equal to 1024, Member must "
        "have length greater than or equal to 1, Member must satisfy regular expression "
        "pattern: [0-9]+, Member must not be null]"
    )


def test_a_secret_is_not_repeated() -> None:
    params = {"FunctionName": "f", "Environment": {"Variables": {"1": "hush"}}}
    message = _refusal("lambda", "UpdateFunctionConfiguration", params).message
    assert message.startswith("1 validation error detected: Value at 'environment.variables'")
    assert "hush" not in message


def test_an_enum_names_its_values() -> None:
    params = {"FunctionName": "f", "PackageType": "Tar", "Role": "arn:aws:iam::000000000000:role/r"}
    params["Code"] = {}
    assert _refusal("lambda", "CreateFunction", params).message == (
        "1 validation error detected: Value 'Tar' at 'packageType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Zip, Image]"
    )


def test_lambda_judges_runtimes_itself() -> None:
    params = {"FunctionName": "f", "Runtime": "cobol", "Role": "arn:aws:iam::000000000000:role/r"}
    compile_service("lambda").operation("CreateFunction", "rest-json").validate(
        {**params, "Code": {}}
    )


def test_the_place_in_a_list_of_structures_is_said() -> None:
    params = {"Entries": [{"Source": "a"}, {"Resources": [None]}]}
    message = _refusal("events", "PutEvents", params).message
    assert "Value '[null]' at 'entries.2.member.resources' failed to satisfy" in message


def test_only_the_first_letter_of_a_name_is_lowered() -> None:
    message = _refusal("lambda", "UpdateFunctionConfiguration", {"KMSKeyArn": "x"}).message
    assert "at 'kMSKeyArn' failed" in message


@pytest.mark.parametrize(
    ("service", "operation", "code", "message"),
    [
        (
            "sqs",
            "SendMessage",
            "MissingParameter",
            "The request must contain the parameter QueueUrl.",
        ),
        ("cloudwatch", "PutMetricData", "MissingParameter", "The parameter Namespace is required."),
        (
            "iam",
            "GetRole",
            "ValidationError",
            (
                "1 validation error detected: Value null at 'roleName' failed to satisfy "
                "constraint: Member must not be null"
            ),
        ),
    ],
)
def test_query_services_have_words_of_their_own(
    service: str, operation: str, code: str, message: str
) -> None:
    error = _refusal(service, operation, {})
    assert (error.code, error.message) == (code, message)


def test_sqs_judges_attribute_names_itself() -> None:
    wire = compile_service("sqs")
    params = {"QueueUrl": "u", "Attributes": {"Nonsense": "1"}}
    wire.operation("SetQueueAttributes", "json").validate(params)


def test_a_token_that_clients_make_up_is_not_required() -> None:
    wire = compile_service("scheduler")
    params = {
        "Name": "s",
        "ScheduleExpression": "rate(1 minute)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "a", "RoleArn": "arn:aws:iam::000000000000:role/r"},
    }
    wire.operation("CreateSchedule", "rest-json").validate(params)
