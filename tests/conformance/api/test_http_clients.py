"""AWS's own Python client against the gateway over real sockets.

Provenance of what is expected: botocore 1.44.5, whose parsers read the answers here as they read
AWS's own.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lambent.core.clock import RealClock
from lambent.core.ids import IdSource
from lambent.gateway.admin import clock_routes
from lambent.gateway.asgi import Gateway
from lambent.gateway.server import HttpServer
from lambent.services.contract import Call, Operation, Service

Received = list[tuple[Call, dict[str, Any]]]


@pytest.fixture
def received() -> Received:
    return []


@pytest.fixture
async def port(received: Received) -> AsyncIterator[int]:
    def answering(result: dict[str, Any]) -> Operation:
        async def handler(call: Call, params: dict[str, Any]) -> dict[str, Any]:
            received.append((call, params))
            return result

        return Operation(handler=handler)

    services = [
        Service(name="lambda", operations={"ListFunctions": answering({"Functions": []})}),
        Service(name="logs", operations={"DescribeLogGroups": answering({"logGroups": []})}),
        Service(name="dynamodb", operations={"ListTables": answering({"TableNames": ["t"]})}),
        Service(name="dynamodbstreams", operations={"ListStreams": answering({"Streams": []})}),
        Service(name="sts", operations={"GetCallerIdentity": answering({"Account": "1"})}),
        Service(name="s3", operations={"PutObject": answering({"ETag": '"e"'})}),
        Service(name="cloudwatch", operations={"PutMetricData": answering({})}),
    ]
    clock = RealClock()
    gateway = Gateway(
        services=services,
        admin=clock_routes(clock),
        clock=clock,
        ids=IdSource(1),
        default_region="us-east-1",
        default_account="000000000000",
    )
    server = HttpServer(gateway, host="127.0.0.1", port=0)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.run())
        await server.started.wait()
        yield server.bound_port
        await server.stop(5)


Ask = Callable[..., Any]


@pytest.fixture
def ask(port: int) -> Ask:
    """Call one operation with a client of its own, in a thread, since boto3 blocks."""

    def call(service: Any, operation: str, **params: Any) -> Any:
        client: Any = boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="eu-west-1",
            aws_access_key_id="111122223333",
            aws_secret_access_key="secret",
            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
        )
        try:
            return getattr(client, operation)(**params)
        finally:
            client.close()

    async def asked(service: str, operation: str, **params: Any) -> Any:
        return await asyncio.to_thread(call, service, operation, **params)

    return asked


@pytest.mark.parametrize(
    ("service", "operation", "member", "value"),
    [
        ("lambda", "list_functions", "Functions", []),
        ("logs", "describe_log_groups", "logGroups", []),
        ("dynamodb", "list_tables", "TableNames", ["t"]),
        ("dynamodbstreams", "list_streams", "Streams", []),
        ("sts", "get_caller_identity", "Account", "1"),
    ],
)
async def test_a_client_of_each_protocol_is_answered(
    ask: Ask, received: Received, service: str, operation: str, member: str, value: Any
) -> None:
    answer = await ask(service, operation)
    assert answer[member] == value
    [(call, _)] = received
    assert answer["ResponseMetadata"]["RequestId"] == call.request_id
    assert (call.scope.account, call.scope.region) == ("111122223333", "eu-west-1")


async def test_an_upload_with_a_trailing_checksum_arrives_whole(
    ask: Ask, received: Received
) -> None:
    content = b"x" * 100_000
    await ask("s3", "put_object", Bucket="bucket", Key="a key/ü", Body=content)
    [(_, params)] = received
    body = params["Body"]
    whole = body if isinstance(body, bytes) else body.read()
    assert (params["Bucket"], params["Key"], whole) == ("bucket", "a key/ü", content)


async def test_a_compressed_object_is_stored_compressed(ask: Ask, received: Received) -> None:
    content = gzip.compress(b"text")
    await ask("s3", "put_object", Bucket="bucket", Key="k", Body=content, ContentEncoding="gzip")
    [(_, params)] = received
    body = params["Body"]
    assert (body if isinstance(body, bytes) else body.read()) == content


async def test_a_compressed_request_is_inflated(ask: Ask, received: Received) -> None:
    # botocore compresses PutMetricData from 10,240 bytes on.
    data = [{"MetricName": f"metric-{number}", "Value": 1.0} for number in range(900)]
    await ask("cloudwatch", "put_metric_data", Namespace="n", MetricData=data)
    [(call, params)] = received
    assert len(params["MetricData"]) == 900
    assert "content-encoding" not in call.headers


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("lambda", "list_layers", {}),
        ("sqs", "list_queues", {}),
        ("s3", "list_buckets", {}),
        ("iam", "list_roles", {}),
        ("ec2", "describe_instances", {}),
        ("kinesis", "list_streams", {}),
        ("apigatewayv2", "get_apis", {}),
        ("cloudwatch", "list_metrics", {}),
        ("codebuild", "list_projects", {}),
    ],
)
async def test_what_is_not_built_is_refused_in_the_clients_protocol(
    ask: Ask, service: str, operation: str, params: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as refused:
        await ask(service, operation, **params)
    error = refused.value.response["Error"]
    assert error["Code"] == "NotImplementedException"
    assert f"Lambent does not implement {service}" in error["Message"]
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
