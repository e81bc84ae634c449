"""Which service and operation a request is for."""

from typing import Any

import pytest

from lambent.core.http import HttpRequest
from lambent.gateway.recognise import Host, Recognised, read_host, recognise
from lambent.gateway.service_table import ServiceTable, load_table

TABLE = load_table()
FORM: dict[str, Any] = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def told(
    path: str = "/",
    *,
    signing: str | None = None,
    query: str = "",
    body: bytes = b"",
    table: ServiceTable = TABLE,
    **headers: Any,
) -> Recognised:
    request = HttpRequest(
        method="POST",
        path=path,
        query=query,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=body,
    )
    return recognise(request, signing, table)


@pytest.mark.parametrize(
    ("target", "service", "operation"),
    [
        ("Logs_20140328.PutLogEvents", "logs", "PutLogEvents"),
        ("DynamoDB_20120810.GetItem", "dynamodb", "GetItem"),
        ("DynamoDBStreams_20120810.ListStreams", "dynamodbstreams", "ListStreams"),
        ("Kinesis_20131202.PutRecord", "kinesis", "PutRecord"),
        ("AWSEvents.PutEvents", "events", "PutEvents"),
        ("AmazonSSM.GetParameter", "ssm", "GetParameter"),
    ],
)
def test_a_target_names_both_whatever_the_signature(
    target: str, service: str, operation: str
) -> None:
    recognised = told(x_amz_target=target, signing="dynamodb")
    assert recognised == Recognised(services=(service,), protocol="json", operation=operation)


def test_a_target_that_two_services_share_keeps_both() -> None:
    recognised = told(x_amz_target="Timestream_20181101.Query")
    assert recognised.services == ("timestream-query", "timestream-write")


def test_an_unknown_target_is_of_the_service_that_the_request_is_signed_for() -> None:
    assert told(x_amz_target="Nope.Nope", signing="sqs").services == ("sqs",)


def test_a_smithy_path_names_both() -> None:
    recognised = told("/service/GraniteServiceVersion20100801/operation/PutMetricData")
    assert recognised.services == ("cloudwatch",)
    assert (recognised.protocol, recognised.operation) == ("smithy-rpc-v2-cbor", "PutMetricData")


def test_an_action_in_a_form_is_of_the_query_protocol() -> None:
    body = b"Version=2011-06-15&Action=GetCallerIdentity"
    recognised = told(signing="sts", body=body, **FORM)
    assert recognised == Recognised(
        services=("sts",), protocol="query", operation="GetCallerIdentity"
    )


def test_an_action_is_of_ec2s_protocol_where_ec2_is_meant() -> None:
    recognised = told(signing="ec2", query="Action=DescribeInstances&Version=2016-11-15")
    assert (recognised.services, recognised.protocol) == (("ec2",), "ec2")


def test_an_unsigned_action_is_of_the_services_of_its_version() -> None:
    recognised = told(query="Action=SendEmail&Version=2010-12-01")
    assert recognised.services == ("elasticbeanstalk", "ses")


def test_a_version_narrows_services_that_sign_alike() -> None:
    body = b"Action=DescribeLoadBalancers&Version=2015-12-01"
    assert told(signing="elasticloadbalancing", body=body, **FORM).services == ("elbv2",)


def test_sqs_still_takes_actions() -> None:
    recognised = told(signing="sqs", body=b"Action=ListQueues&Version=2012-11-05", **FORM)
    assert (recognised.services, recognised.protocol) == (("sqs",), "query")


def test_an_action_means_nothing_to_a_rest_service() -> None:
    recognised = told("/bucket", signing="s3", query="Action=ListUsers")
    assert (recognised.services, recognised.operation) == (("s3", "s3control"), None)


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("/2015-03-31/functions/", "lambda"),
        ("/2026-04-04/network-connectors", "lambda-core"),
        ("/nothing", "lambda"),
    ],
)
def test_services_that_sign_alike_are_ordered_by_their_paths(path: str, first: str) -> None:
    assert told(path, signing="lambda").services[0] == first


def test_apigateways_two_versions_are_told_apart_by_path() -> None:
    assert told("/restapis", signing="apigateway").services[0] == "apigateway"
    assert told("/v2/apis", signing="apigateway").services[0] == "apigatewayv2"


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("lambda.us-east-1.amazonaws.com", ("lambda", "us-east-1", None)),
        ("sqs.eu-west-1.amazonaws.com:443", ("sqs", "eu-west-1", None)),
        ("sqs.cn-north-1.amazonaws.com.cn", ("sqs", "cn-north-1", None)),
        ("streams.dynamodb.us-east-1.amazonaws.com", ("dynamodbstreams", "us-east-1", None)),
        ("monitoring.us-gov-west-1.amazonaws.com", ("cloudwatch", "us-gov-west-1", None)),
        ("sts.amazonaws.com", ("sts", None, None)),
        ("lambda.us-east-1.api.aws", ("lambda", "us-east-1", None)),
        ("s3.amazonaws.com", ("s3", None, None)),
        ("s3-eu-west-1.amazonaws.com", ("s3", "eu-west-1", None)),
        ("my.bucket.s3.eu-west-1.amazonaws.com", ("s3", "eu-west-1", "my.bucket")),
        ("s3.s3.amazonaws.com", ("s3", None, "s3")),
        ("bucket.s3.localhost:4566", ("s3", None, "bucket")),
        ("sqs.us-east-1.localhost:4566", ("sqs", "us-east-1", None)),
    ],
)
def test_a_host_names_service_region_and_bucket(
    header: str, host: tuple[str, str | None, str | None]
) -> None:
    read = read_host(header, TABLE)
    assert (read.services[0], read.region, read.bucket) == host


@pytest.mark.parametrize("header", ["", "localhost:4566", "127.0.0.1", "example.com", ".", "[::1]"])
def test_other_hosts_name_nothing(header: str) -> None:
    assert read_host(header, TABLE) == Host()


def test_a_host_of_aws_recognises_an_unsigned_request() -> None:
    assert told("/key", host="bucket.s3.amazonaws.com") == Recognised(
        services=("s3",), protocol="rest-xml", bucket="bucket"
    )


def test_a_request_without_marks_names_no_service() -> None:
    assert told("/2015-03-31/functions") == Recognised(services=(), protocol="rest-json")


def test_a_service_that_is_not_known_is_not_recognised() -> None:
    assert told(signing="sqs", table=load_table({"logs"})).services == ()
