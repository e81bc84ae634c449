"""A runtime that speaks the Runtime API, through each of its states."""

import asyncio
import base64
import json

import pytest
from api_place import BASE, Client, Place, event, request

from lambent.fleet.runtime_api.server import RESPONSE_LIMIT_BYTES
from lambent.fleet.runtimes.api import (
    FunctionFailure,
    Response,
    ResponseTooLarge,
    StreamedResponse,
)
from lambent.fleet.sandbox.api import Exit

NEXT = f"{BASE}/invocation/next"
RESPONSE = f"{BASE}/invocation/r1/response"
ERROR = f"{BASE}/invocation/r1/error"


async def begin_stream(client: Client) -> None:
    head = request(
        "POST",
        RESPONSE,
        Transfer_Encoding="chunked",
        Lambda_Runtime_Function_Response_Mode="streaming",
        Content_Type="text/plain",
    )
    await client.send(head.replace(b"Content-Length: 0\r\n", b""))


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def streamed(invocation: "asyncio.Task[object]") -> StreamedResponse:
    answer = await invocation
    assert isinstance(answer, StreamedResponse)
    return answer


async def test_an_event_comes_with_its_headers_and_leaves_out_empty_ones(place: Place) -> None:
    client = await place.connect()
    await client.send(request("GET", NEXT))
    assert await place.runtime.initialised() is None
    assert place.runtime.at_rest
    invocation = asyncio.ensure_future(place.runtime.invoke(event(payload=b"[1]")))
    given = await client.answer()
    assert given.body == b"[1]"
    assert given.headers["lambda-runtime-deadline-ms"] == "1"
    assert "lambda-runtime-client-context" not in given.headers
    assert not place.runtime.at_rest
    assert (await client.ask("POST", RESPONSE, b"2")).body == b'{"status":"OK"}\n'
    assert await invocation == Response(payload=b"2")
    await client.send(request("GET", NEXT))
    assert await place.runtime.idle() is None


async def test_a_response_to_no_event_or_another_is_refused(place: Place) -> None:
    client = await place.connect()
    refused = await client.ask("POST", RESPONSE, b"1")
    assert (refused.status, refused.error_type) == (400, "InvalidRequestID")
    client, invocation = await place.running()
    refused = await client.ask("POST", f"{BASE}/invocation/r2/response", b"1")
    assert (refused.status, refused.error_type) == (400, "InvalidRequestID")
    await client.ask("POST", RESPONSE, b"1")
    await invocation
    refused = await client.ask("POST", RESPONSE, b"2")
    assert (refused.status, refused.error_type) == (400, "InvalidRequestID")


async def test_calls_out_of_order_are_refused(place: Place) -> None:
    client, _ = await place.running()
    refused = await client.ask("GET", NEXT)
    assert (refused.status, refused.error_type) == (403, "InvalidStateTransition")
    refused = await client.ask("POST", f"{BASE}/init/error", b"{}")
    assert (refused.status, refused.error_type) == (403, "InvalidStateTransition")


async def test_a_failed_init_is_told(place: Place) -> None:
    client = await place.connect()
    kind = "Runtime.ImportModuleError"
    answered = await client.ask(
        "POST", f"{BASE}/init/error", b'{"a":1}', Lambda_Runtime_Function_Error_Type=kind
    )
    assert answered.status == 202
    expected = FunctionFailure(error_type=kind, payload=b'{"a":1}')
    assert await place.runtime.initialised() == expected


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"errorType": "Custom"}', "Custom"),
        (b'{"errorType": 5}', "Runtime.Unknown"),
        (b"not json", "Runtime.Unknown"),
        (b"\xff\xfe", "Runtime.Unknown"),
        (b"[" * 100_000, "Runtime.Unknown"),
    ],
)
async def test_an_error_is_passed_on_as_it_is(place: Place, body: bytes, kind: str) -> None:
    client, invocation = await place.running()
    assert (await client.ask("POST", ERROR, body)).status == 202
    assert await invocation == FunctionFailure(error_type=kind, payload=body)


async def test_the_cause_of_an_error_is_not_for_the_caller(place: Place) -> None:
    client, invocation = await place.running()
    body = json.dumps({"errorType": "A", "errorCause": {"paths": []}}).encode()
    cause_type = "application/vnd.aws.lambda.error.cause+json"
    await client.ask("POST", ERROR, body, Content_Type=cause_type)
    failure = await invocation
    assert isinstance(failure, FunctionFailure)
    assert json.loads(failure.payload) == {"errorType": "A"}


@pytest.mark.parametrize("path", [RESPONSE, ERROR])
async def test_more_than_the_limit_is_refused_and_told(place: Place, path: str) -> None:
    client, invocation = await place.running()
    answered = await client.ask("POST", path, b"x" * (RESPONSE_LIMIT_BYTES + 1))
    assert (answered.status, answered.error_type) == (413, "RequestEntityTooLarge")
    assert await invocation == ResponseTooLarge(limit_bytes=RESPONSE_LIMIT_BYTES)


async def test_as_much_as_the_limit_is_taken(place: Place) -> None:
    client, invocation = await place.running()
    whole = b"x" * RESPONSE_LIMIT_BYTES
    assert (await client.ask("POST", RESPONSE, whole)).status == 202
    assert await invocation == Response(payload=whole)


async def test_a_response_cut_short_is_a_failure(place: Place) -> None:
    client, invocation = await place.running()
    await client.send(request("POST", RESPONSE, b"12345")[:-2])
    client.writer.close()
    failure = await invocation
    assert isinstance(failure, FunctionFailure)
    assert failure.error_type == "Runtime.TruncatedResponse"
    assert json.loads(failure.payload)["errorMessage"].startswith("RequestId: r1 Error: ")


async def test_a_response_mode_that_does_not_exist_fails_the_invocation(place: Place) -> None:
    client, invocation = await place.running()
    mode = {"Lambda_Runtime_Function_Response_Mode": "telepathic"}
    answered = await client.ask("POST", RESPONSE, b"1", **mode)
    assert (answered.status, answered.error_type) == (400, "InvalidFunctionResponseMode")
    failure = await invocation
    assert isinstance(failure, FunctionFailure)
    assert failure.error_type == "Runtime.InvalidResponseModeHeader"


async def test_who_hangs_up_on_next_is_given_the_event_when_it_asks_again(place: Place) -> None:
    client = await place.connect()
    await client.send(request("GET", NEXT))
    await place.runtime.initialised()
    client.hang_up()
    again = await place.connect()
    # Answered after the platform has seen the other connection end.
    await again.ask("GET", "/ping")
    invocation = asyncio.ensure_future(place.runtime.invoke(event()))
    await again.send(request("GET", NEXT))
    assert (await again.answer()).headers["lambda-runtime-aws-request-id"] == "r1"
    await again.ask("POST", RESPONSE, b"1")
    assert await invocation == Response(payload=b"1")


async def test_an_end_is_the_answer_at_every_moment(place: Place) -> None:
    _, invocation = await place.running()
    place.program.end(Exit(code=3))
    assert await invocation == Exit(code=3)
    assert not place.runtime.alive
    assert await place.runtime.idle() == Exit(code=3)
    assert await place.runtime.invoke(event()) == Exit(code=3)


async def test_an_end_before_the_first_next_ends_the_init(place: Place) -> None:
    place.program.end(Exit(signal=9, out_of_memory=True))
    assert await place.runtime.initialised() == Exit(signal=9, out_of_memory=True)


async def test_pieces_arrive_while_the_response_is_under_way(place: Place) -> None:
    client, invocation = await place.running()
    await begin_stream(client)
    answer = await streamed(invocation)
    assert answer.content_type == "text/plain"
    pieces = answer.chunks
    await client.send(chunk(b"one"))
    # The second is sent only once the first was received.
    assert await anext(pieces) == b"one"
    await client.send(chunk(b"two"))
    assert await anext(pieces) == b"two"
    await client.send(b"0\r\n\r\n")
    assert [piece async for piece in pieces] == []
    assert answer.failure() is None
    assert (await client.answer()).status == 202


@pytest.mark.parametrize(
    ("encoded", "body"),
    [
        (base64.b64encode(b'{"a":1}').decode(), b'{"a":1}'),
        ("!", b"!"),
        ("é", b"\xc3\xa9"),
        ("", b""),
    ],
)
async def test_trailers_tell_a_failure_on_the_way(place: Place, encoded: str, body: bytes) -> None:
    client, invocation = await place.running()
    await begin_stream(client)
    trailers = (
        "Lambda-Runtime-Function-Error-Type: Custom\r\n"
        f"Lambda-Runtime-Function-Error-Body: {encoded}\r\n"
    )
    await client.send(chunk(b"x") + b"0\r\n" + trailers.encode() + b"\r\n")
    answer = await streamed(invocation)
    assert [piece async for piece in answer.chunks] == [b"x"]
    failure = answer.failure()
    assert failure is not None
    assert (failure.error_type, failure.body) == ("Custom", body)


async def test_a_stream_cut_short_is_a_failure(place: Place) -> None:
    client, invocation = await place.running()
    await begin_stream(client)
    await client.send(chunk(b"x"))
    answer = await streamed(invocation)
    client.writer.close()
    assert [piece async for piece in answer.chunks] == [b"x"]
    failure = answer.failure()
    assert failure is not None
    assert failure.error_type == "Runtime.TruncatedResponse"


async def test_a_stream_whose_program_ends_says_how(place: Place) -> None:
    client, invocation = await place.running()
    await begin_stream(client)
    answer = await streamed(invocation)
    place.program.end(Exit(code=3))
    assert [piece async for piece in answer.chunks] == []
    failure = answer.failure()
    assert failure is not None
    assert json.loads(failure.body) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": "RequestId: r1 Error: Runtime exited with error: exit status 3",
    }


async def test_a_runtime_waits_for_a_slow_reader(place: Place) -> None:
    client, invocation = await place.running()
    await begin_stream(client)
    answer = await streamed(invocation)
    piece, sent = chunk(b"x" * 65_536), 0
    while sent < 1000:
        client.writer.write(piece)
        sent += 1
        try:
            async with asyncio.timeout(0.2):
                await client.writer.drain()
        except TimeoutError:
            break
    assert sent < 1000
    client.writer.write(b"0\r\n\r\n")
    assert sum([len(piece) async for piece in answer.chunks]) == sent * 65_536


async def test_a_runtime_goes_on_when_nobody_reads_any_more(place: Place) -> None:
    client, invocation = await place.running()
    await begin_stream(client)
    answer = await streamed(invocation)
    await client.send(chunk(b"x"))
    pieces = answer.chunks
    await anext(pieces)
    await pieces.aclose()  # type: ignore[attr-defined]  # it is a generator
    await client.send(chunk(b"x" * 65_536) * 200 + b"0\r\n\r\n")
    assert (await client.answer()).status == 202
    await client.send(request("GET", NEXT))
    assert await place.runtime.idle() is None


async def test_a_stop_ends_its_connections(place: Place) -> None:
    client = await place.connect()
    assert (await client.ask("GET", "/ping")).status == 200
    assert await place.runtime.stop(0) == Exit(signal=9)
    assert await client.rest() == b""
