"""What is sent: statuses, headers and bodies byte for byte, where clients depend on them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from lambent.core.errors import AwsError, SerializationException, ValidationException
from lambent.core.http import HttpResponse
from lambent.gateway.wire import compile_service


def _encode(service: str, operation: str, result: dict[str, Any], protocol: str = "") -> Any:
    wire = compile_service(service)
    protocol = protocol or wire.protocols[0]
    return wire.operation(operation, protocol).encode(result, request_id="id-1")


def test_json_has_its_version_and_its_numbers() -> None:
    result = {"Table": {"CreationDateTime": datetime(2024, 1, 1, 0, 0, 0, 500_000, UTC)}}
    response = _encode("dynamodb", "DescribeTable", result)
    assert response == HttpResponse(
        headers=(
            ("x-amzn-RequestId", "id-1"),
            ("Content-Type", "application/x-amz-json-1.0"),
        ),
        body=b'{"Table":{"CreationDateTime":1704067200.5}}',
    )


def test_rest_json_has_the_models_status_and_no_body_at_204() -> None:
    assert _encode("lambda", "CreateFunction", {"FunctionName": "f"}).status == 201
    response = _encode("lambda", "DeleteAlias", {})
    assert (response.status, response.body) == (204, b"")
    assert dict(response.headers) == {"x-amzn-RequestId": "id-1"}


def test_a_result_can_say_its_status() -> None:
    response = _encode("lambda", "Invoke", {"StatusCode": 202, "Payload": b""})
    assert response.status == 202


def test_none_is_left_out() -> None:
    response = _encode("lambda", "GetAlias", {"Name": "a", "Description": None})
    assert response.body == b'{"Name":"a"}'


@pytest.mark.parametrize(
    ("service", "operation", "result"),
    [
        ("lambda", "GetAlias", {"Nonsense": 1}),
        ("lambda", "GetAlias", {"Name": 1}),
        ("lambda", "GetAlias", {"RoutingConfig": {"Nonsense": 1}}),
        ("lambda", "DeleteAlias", {"Name": "a"}),
        ("lambda", "ListAliases", {"Aliases": "a"}),
        ("lambda", "Invoke", {"Payload": "text"}),
        ("dynamodb", "DescribeTable", {"Table": {"CreationDateTime": datetime(2024, 1, 1)}}),  # noqa: DTZ001
        ("kinesis", "CreateStream", {"Nonsense": 1}),
        ("sns", "Publish", {"Nonsense": 1}),
        ("sns", "Publish", {"MessageId": 1}),
        ("s3", "ListBuckets", {"Nonsense": 1}),
        ("sns", "DeleteTopic", {"Nonsense": 1}),
    ],
)
def test_what_the_model_does_not_have_is_a_bug_and_never_dropped(
    service: str, operation: str, result: dict[str, Any]
) -> None:
    with pytest.raises((KeyError, TypeError)):
        _encode(service, operation, result)


def test_query_wraps_its_result() -> None:
    response = _encode("sts", "GetCallerIdentity", {"Account": "1 & 2"})
    assert response.body == (
        b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        b"<GetCallerIdentityResult><Account>1 &amp; 2</Account></GetCallerIdentityResult>"
        b"<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata>"
        b"</GetCallerIdentityResponse>"
    )
    assert ("Content-Type", "text/xml") in response.headers


def test_ec2_has_no_wrapper() -> None:
    response = _encode("ec2", "DescribeVpcs", {"Vpcs": [{"VpcId": "v"}]})
    assert response.body == (
        b'<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15">'
        b"<requestId>id-1</requestId><vpcSet><item><vpcId>v</vpcId></item></vpcSet>"
        b"</DescribeVpcsResponse>"
    )


def test_s3_says_where_a_bucket_is_in_the_root_itself() -> None:
    response = _encode("s3", "GetBucketLocation", {"LocationConstraint": "eu-west-1"})
    assert response.body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-west-1'
        b"</LocationConstraint>"
    )
    assert b"></LocationConstraint>" in _encode("s3", "GetBucketLocation", {}).body


def test_s3_lists_a_bucket_under_its_own_name() -> None:
    response = _encode("s3", "ListObjectsV2", {"Name": "b", "Contents": [{"Key": "k"}]})
    assert b"\n<ListBucketResult xmlns=" in response.body
    assert b"<Contents><Key>k</Key></Contents>" in response.body


def test_cbor_says_which_protocol_it_is() -> None:
    response = _encode("cloudwatch", "ListDashboards", {}, "smithy-rpc-v2-cbor")
    assert ("smithy-protocol", "rpc-v2-cbor") in response.headers
    assert ("Content-Type", "application/cbor") in response.headers


async def test_a_streaming_body_is_handed_on_as_it_is() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"

    source = pieces()
    assert _encode("lambda", "Invoke", {"Payload": source}).body is source
    assert [piece async for piece in source] == [b"a"]


def test_a_header_cannot_smuggle_a_line() -> None:
    response = _encode("s3", "HeadObject", {"Metadata": {"a": "b\r\nx-evil: c"}})
    assert ("x-amz-meta-a", "b  x-evil: c") in response.headers
    response = _encode("s3", "HeadObject", {"ContentType": "b\r\nx-evil: c"})
    assert ("Content-Type", "b  x-evil: c") in response.headers


class ResourceNotFoundException(AwsError):
    status = 404


class QueueDoesNotExist(AwsError):
    pass


class TooManyRequestsException(AwsError):
    status = 429


class NoSuchKey(AwsError):
    status = 404


class NoSuchEntityException(AwsError):
    status = 404


def _error(service: str, error: AwsError, protocol: str = "", operation: str | None = None) -> Any:
    wire = compile_service(service)
    protocol = protocol or wire.protocols[0]
    return wire.encode_error(error, protocol=protocol, request_id="id-1", operation=operation)


def test_lambda_spells_message_as_each_error_does() -> None:
    response = _error("lambda", ResourceNotFoundException("no", Type="User"))
    assert response.body == b'{"Message":"no","Type":"User"}'
    assert ("x-amzn-ErrorType", "ResourceNotFoundException") in response.headers
    assert _error("lambda", ValidationException("no")).body == b'{"message":"no"}'


def test_a_member_in_a_header_goes_there() -> None:
    error = TooManyRequestsException(
        "slow", retryAfterSeconds="3", Reason="CallerRateLimitExceeded"
    )
    response = _error("lambda", error)
    assert ("Retry-After", "3") in response.headers
    assert response.body == b'{"message":"slow","Reason":"CallerRateLimitExceeded"}'


@pytest.mark.parametrize(
    ("service", "error", "type_"),
    [
        (
            "dynamodb",
            ResourceNotFoundException("no"),
            "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
        ),
        ("dynamodb", ValidationException("no"), "com.amazon.coral.validate#ValidationException"),
        (
            "dynamodb",
            SerializationException("no"),
            "com.amazon.coral.service#SerializationException",
        ),
        ("sqs", QueueDoesNotExist("no"), "com.amazonaws.sqs#QueueDoesNotExist"),
        ("kinesis", ResourceNotFoundException("no"), "ResourceNotFoundException"),
        ("logs", ResourceNotFoundException("no"), "ResourceNotFoundException"),
    ],
)
def test_json_errors_name_their_type_as_the_service_does(
    service: str, error: AwsError, type_: str
) -> None:
    assert f'"__type":"{type_}"'.encode() in _error(service, error).body


def test_the_framework_spells_message_large_where_it_cannot_read() -> None:
    assert b'"Message":"no"' in _error("dynamodb", SerializationException("no")).body


def test_sqs_keeps_the_code_of_its_query_days() -> None:
    header = ("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")
    assert header in _error("sqs", QueueDoesNotExist("no")).headers
    body = _error("sqs", QueueDoesNotExist("no"), "query").body
    assert b"<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in body


def test_query_errors_have_the_models_code() -> None:
    assert _error("iam", NoSuchEntityException("no <one>")).body == (
        b'<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error>'
        b"<Type>Sender</Type><Code>NoSuchEntity</Code><Message>no &lt;one&gt;</Message></Error>"
        b"<RequestId>id-1</RequestId></ErrorResponse>"
    )


def test_s3_errors_are_bare_and_a_head_has_none() -> None:
    assert _error("s3", NoSuchKey("no", Key="k")).body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b"<Error><Code>NoSuchKey</Code><Message>no</Message><Key>k</Key>"
        b"<RequestId>id-1</RequestId></Error>"
    )
    assert _error("s3", NoSuchKey("no"), operation="HeadObject").body == b""


def test_a_service_says_which_protocols_and_operations_it_has() -> None:
    cloudwatch = compile_service("cloudwatch")
    assert cloudwatch.protocols == ("smithy-rpc-v2-cbor", "json", "query")
    assert compile_service("sqs").protocols == ("json", "query")
    with pytest.raises(KeyError):
        cloudwatch.operation("Nonsense", "json")
    with pytest.raises(KeyError):
        cloudwatch.operation("PutMetricData", "rest-xml")
    assert cloudwatch.operation("PutMetricData", "json") is cloudwatch.operation(
        "PutMetricData", "json"
    )
