"""The whole way of a request through the gateway, asked without a server."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from lambent.core.clock import VirtualClock
from lambent.core.ids import IdSource
from lambent.gateway.asgi import Gateway
from lambent.services.contract import Call, Operation, Service

INVOKE = "/2015-03-31/functions/f/invocations"
STREAM = "/2021-11-15/functions/{}/response-streaming-invocations"
UUID = "c0ffee00-1234-4abc-8def-0123456789ab"


async def test_a_raw_route_gets_the_payload_as_it_came(toy: Any) -> None:
    answer = await toy.ask("POST", INVOKE, [b"{not ", b"json"])
    assert (answer.status, answer.body, answer.headers["name"]) == (200, b"{not json", "f")


async def test_every_answer_carries_the_request_id_the_handler_saw(toy: Any) -> None:
    answer = await toy.ask("POST", INVOKE)
    assert answer.headers["x-amzn-requestid"] == toy.calls[0].request_id


async def test_an_invocation_takes_the_clients_request_id(toy: Any) -> None:
    answer = await toy.ask("POST", INVOKE, x_amzn_RequestId=UUID)
    assert (answer.headers["x-amzn-requestid"], toy.calls[0].request_id) == (UUID, UUID)


async def test_a_request_id_that_is_no_uuid_is_refused(toy: Any) -> None:
    answer = await toy.ask("POST", INVOKE, x_amzn_RequestId="mine")
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "InvalidRequestContentException"


async def test_other_operations_do_not_take_the_clients_request_id(toy: Any) -> None:
    answer = await toy.ask("GET", "/2015-03-31/functions", x_amzn_RequestId=UUID)
    assert answer.headers["x-amzn-requestid"] != UUID


async def test_the_scope_comes_from_the_credentials(toy: Any, sign: Callable[..., str]) -> None:
    credentials = sign("lambda", key="111122223333", region="cn-north-1")
    await toy.ask("GET", "/2015-03-31/functions", authorization=credentials)
    scope = toy.calls[0].scope
    assert (scope.partition, scope.account, scope.region) == (
        "aws-cn",
        "111122223333",
        "cn-north-1",
    )


async def test_an_unsigned_request_is_of_the_defaults(toy: Any) -> None:
    await toy.ask("GET", "/2015-03-31/functions")
    call = toy.calls[0]
    assert (call.scope.account, call.scope.region) == ("424242424242", "eu-north-1")
    assert call.caller.access_key_id is None


async def test_an_unsigned_request_is_of_the_hosts_region(toy: Any) -> None:
    host = "lambda.eu-west-1.amazonaws.com"
    await toy.ask("GET", "/2015-03-31/functions", host=host)
    assert toy.calls[0].scope.region == "eu-west-1"
    assert toy.calls[0].endpoint == f"http://{host}"


@pytest.mark.parametrize(
    ("method", "target", "headers", "body"),
    [
        ("POST", "/", {"x_amz_target": "Logs_20140328.DescribeLogGroups"}, b"{}"),
        ("POST", "/", {}, b"Action=GetCallerIdentity&Version=2011-06-15"),
        ("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", {}, b""),
        (
            "POST",
            "/service/GraniteServiceVersion20100801/operation/ListMetrics",
            {"smithy_protocol": "rpc-v2-cbor"},
            b"\xa0",
        ),
        ("GET", "/2015-03-31/functions", {}, b""),
        ("PUT", "/bucket/key", {}, b"x"),
        ("PUT", "/key", {"host": "bucket.s3.us-east-1.amazonaws.com"}, b"x"),
    ],
)
async def test_an_unsigned_request_finds_its_operation(
    toy: Any, method: str, target: str, headers: dict[str, str], body: bytes
) -> None:
    answer = await toy.ask(method, target, body, **headers)
    assert (answer.status, len(toy.calls)) == (200, 1)


async def test_the_bucket_in_the_host_is_a_parameter(toy: Any) -> None:
    await toy.ask("PUT", "/a/key", host="my.bucket.s3.eu-west-1.amazonaws.com")
    assert (toy.params[0]["Bucket"], toy.params[0]["Key"]) == ("my.bucket", "a/key")


async def test_an_operation_that_is_not_built_says_why(toy: Any) -> None:
    answer = await toy.ask("POST", "/2015-03-31/event-source-mappings", b"{}")
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (400, "NotImplementedException")
    assert answer.json()["message"] == (
        "Lambent does not implement lambda:CreateEventSourceMapping yet: no source can be polled"
    )


async def test_a_service_that_is_not_mounted_is_named(toy: Any, sign: Callable[..., str]) -> None:
    target = {"x_amz_target": "AmazonSQS.ListQueues"}
    answer = await toy.ask("POST", "/", b"{}", authorization=sign("sqs"), **target)
    assert answer.status == 400
    assert answer.json() == {
        "__type": "NotImplementedException",
        "message": "Lambent does not implement sqs:ListQueues yet.",
    }


async def test_a_rejected_parameter_is_refused_by_name(toy: Any) -> None:
    body = (
        b'{"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{},'
        b'"VpcConfig":{"SubnetIds":["subnet-1"]}}'
    )
    answer = await toy.ask("POST", "/2015-03-31/functions", body)
    assert answer.json()["message"] == (
        "Lambent does not implement the parameter VpcConfig.SubnetIds of lambda:CreateFunction "
        "yet: there is no network"
    )
    assert toy.calls == []


@pytest.mark.parametrize(
    ("target", "headers", "body", "status", "code"),
    [
        ("/", {"x_amz_target": "Logs_20140328.Nothing"}, b"{}", 400, "UnknownOperationException"),
        ("/", {"x_amz_target": "Nothing.AtAll"}, b"{}", 400, "UnknownOperationException"),
        ("/2015-03-31/nothing", {}, b"", 404, "UnknownOperationException"),
        ("/", {}, b"Action=Nothing&Version=2011-06-15", 400, "InvalidAction"),
        ("/", {"host": "sts.amazonaws.com"}, b"", 400, "MissingAction"),
        ("/", {"host": "logs.us-east-1.amazonaws.com"}, b"", 400, "UnknownOperationException"),
    ],
)
async def test_an_operation_that_does_not_exist_is_refused(
    toy: Any, target: str, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    if not headers and target != "/":
        headers = {"host": "lambda.us-east-1.amazonaws.com"}
    answer = await toy.ask("POST", target, body, **headers)
    assert answer.status == status
    said = answer.body.decode() + answer.headers.get("x-amzn-errortype", "")
    assert code in said


async def test_an_error_of_the_service_keeps_its_code_and_status(toy: Any) -> None:
    answer = await toy.ask("GET", "/2015-03-31/functions/f")
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (418, "TeapotException")
    assert answer.json()["message"] == "short\nand stout"


async def test_a_bug_is_a_500_whose_id_finds_the_traceback(
    toy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await toy.ask("GET", "/2016-08-19/account-settings")
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (500, "InternalFailure")
    [record] = caplog.records
    assert record.exc_info is not None
    assert vars(record)["request_id"] == answer.headers["x-amzn-requestid"]
    assert answer.headers["x-amzn-requestid"] in answer.json()["message"]


async def test_a_code_request_over_lambdas_limit_is_refused(toy: Any) -> None:
    answer = await toy.ask("POST", "/2015-03-31/functions", bytes(70_167_211))
    assert answer.status == 413
    assert answer.headers["x-amzn-errortype"] == "RequestEntityTooLargeException"
    assert answer.json()["message"] == (
        "Request must be smaller than 70167211 bytes for the CreateFunction operation"
    )


async def test_a_body_announced_too_large_is_refused_unread(toy: Any) -> None:
    answer = await toy.ask("POST", INVOKE, content_length=str(2**40))
    assert answer.status == 413


async def test_a_client_that_leaves_before_its_request_is_whole_gets_nothing(
    toy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[Any] = []

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "raw_path": b"/", "query_string": b"", "headers": []}
    await toy.gateway(scope, gone, send)
    assert (sent, caplog.records) == ([], [])


async def test_a_page_of_this_machine_may_read_the_answer(toy: Any) -> None:
    answer = await toy.ask("POST", INVOKE, origin="http://localhost:3000")
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "x-amzn-requestid" in answer.headers["access-control-expose-headers"]


async def test_a_foreign_page_may_not_invoke(toy: Any) -> None:
    answer = await toy.ask("POST", INVOKE, origin="https://evil.example")
    assert (answer.status, toy.calls) == (403, [])
    assert "access-control-allow-origin" not in answer.headers


async def test_a_preflight_is_answered(toy: Any) -> None:
    answer = await toy.ask(
        "OPTIONS",
        INVOKE,
        origin="http://localhost:3000",
        access_control_request_method="POST",
        access_control_request_headers="authorization,x-amz-date",
    )
    assert answer.status == 204
    assert answer.headers["access-control-allow-headers"] == "authorization,x-amz-date"
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"


async def test_a_streamed_answer_goes_out_in_pieces(toy: Any) -> None:
    answer = await toy.ask("POST", STREAM.format("f"))
    assert answer.body == b"onetwo"
    assert "content-length" not in answer.headers
    assert toy.stream_closed.is_set()


async def test_a_stream_ends_when_the_client_leaves(toy: Any) -> None:
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    messages.put_nowait({"type": "http.request", "body": b""})
    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": STREAM.format("endless").encode(),
        "query_string": b"",
        "headers": [],
    }

    async def send(message: dict[str, Any]) -> None:
        return

    async with asyncio.TaskGroup() as group:
        group.create_task(toy.gateway(scope, messages.get, send))
        await toy.stream_open.wait()
        assert not toy.stream_closed.is_set()
        messages.put_nowait({"type": "http.disconnect"})
    assert toy.stream_closed.is_set()


async def test_a_stream_does_not_hold_the_virtual_clock(toy: Any) -> None:
    async with asyncio.TaskGroup() as group:
        exchange = group.create_task(toy.ask("POST", STREAM.format("endless")))
        await toy.stream_open.wait()
        await toy.clock.advance(10)
        exchange.cancel()
    assert toy.clock.monotonic() == 10


async def test_a_stream_that_fails_is_logged_and_left_unfinished(
    toy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await toy.ask("POST", STREAM.format("broken"))
    assert (answer.status, answer.body) == (200, b"one")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_the_virtual_clock_is_moved_over_http(toy: Any) -> None:
    before = (await toy.ask("GET", "/_lambent/clock")).json()
    after = (await toy.ask("POST", "/_lambent/clock", b'{"advance_seconds": 60}')).json()
    assert after == {"now": before["now"] + 60, "virtual": True}


async def test_a_websocket_is_closed(toy: Any) -> None:
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    await toy.gateway({"type": "websocket"}, receive, send)
    assert sent == ["websocket.close"]


async def test_a_service_beside_a_mounted_one_is_told_apart_by_its_paths(
    toy: Any, sign: Callable[..., str]
) -> None:
    path = "/2026-04-04/network-connectors"
    answer = await toy.ask("GET", path, authorization=sign("lambda"))
    assert answer.json()["message"] == "Lambent does not implement lambda-core yet."


async def test_a_request_that_breaks_the_model_does_not_reach_its_handler(toy: Any) -> None:
    answer = await toy.ask("POST", "/2015-03-31/functions", b'{"FunctionName":"f","Code":{}}')
    assert (answer.status, toy.calls) == (400, [])
    assert answer.headers["x-amzn-errortype"] == "ValidationException"


async def test_a_raw_route_leaves_alone_what_is_signed_for_others(
    toy: Any, sign: Callable[..., str]
) -> None:
    answer = await toy.ask("POST", INVOKE, authorization=sign("s3"))
    assert "name" not in answer.headers


async def test_a_stream_ends_though_the_client_that_left_does_not_read(toy: Any) -> None:
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    messages.put_nowait({"type": "http.request", "body": b""})
    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": STREAM.format("f").encode(),
        "query_string": b"",
        "headers": [],
    }

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            messages.put_nowait({"type": "http.disconnect"})
            await asyncio.Future()

    await toy.gateway(scope, messages.get, send)
    assert toy.stream_closed.is_set()


async def test_the_virtual_clock_waits_for_a_request_under_way() -> None:
    clock = VirtualClock()
    begun, finish = asyncio.Event(), asyncio.Event()
    ended_at: list[float] = []

    async def handler(call: Call, params: dict[str, Any]) -> dict[str, Any]:
        begun.set()
        await finish.wait()
        ended_at.append(clock.monotonic())
        return {}

    gateway = Gateway(
        services=[
            Service(name="sts", operations={"GetCallerIdentity": Operation(handler=handler)})
        ],
        admin=[],
        clock=clock,
        ids=IdSource(1),
        default_region="us-east-1",
        default_account="000000000000",
    )
    scope = {
        "type": "http",
        "method": "GET",
        "raw_path": b"/",
        "query_string": b"Action=GetCallerIdentity&Version=2011-06-15",
        "headers": [],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        return

    async with asyncio.TaskGroup() as group:
        group.create_task(gateway(scope, receive, send))
        await begun.wait()
        group.create_task(clock.advance(60))
        for _ in range(100):
            await asyncio.sleep(0)
        finish.set()
    assert (ended_at, clock.monotonic()) == ([0.0], 60.0)
