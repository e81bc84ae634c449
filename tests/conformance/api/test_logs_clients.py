"""CloudWatch Logs through the real boto3 and AWS CLI, over HTTP and a store on disk.

Expected answers: recordings from AWS, February 2026, where no other source is named.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lambent.core.clock import RealClock
from lambent.core.identity import Scope
from lambent.core.ids import IdSource
from lambent.core.store.sqlite import SqliteStore
from lambent.gateway.asgi import Gateway
from lambent.gateway.server import HttpServer
from lambent.observe.log_writer import LogEvent, LogWriter
from lambent.services.logs import LogsService

GROUP = "/aws/lambda/f"
STREAM = "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef"
AWS_CLI = Path(__file__).parents[3] / ".tools" / "awscli" / "bin" / "aws"


class Platform:
    """A gateway with CloudWatch Logs, and a client for it."""

    def __init__(self, port: int, writer: LogWriter) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self.writer = writer
        self.client: Any = boto3.client(
            "logs",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            # AWS: the model puts `stream-` before the host of a live tail; no address begins so.
            config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
        )

    async def ask(self, operation: str, **params: Any) -> Any:
        """Call an operation in a thread, since boto3 blocks."""
        return await asyncio.to_thread(getattr(self.client, operation), **params)

    async def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            await self.ask(operation, **params)
        error = caught.value.response["Error"]
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return error["Code"], error["Message"]

    def log(self, *messages: str) -> None:
        now_ms = int(time.time() * 1000)
        events = [LogEvent(now_ms, message) for message in messages]
        self.writer.append(Scope(), GROUP, STREAM, events)

    async def cli(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            str(AWS_CLI),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={
                "PATH": os.environ["PATH"],
                "AWS_ENDPOINT_URL": self.endpoint,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_DEFAULT_REGION": "us-east-1",
            },
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    clock, ids = RealClock(), IdSource(1)
    store = SqliteStore(tmp_path / "lambent.db")
    await store.open()
    logs = LogsService(store, clock, ids)
    await logs.open()
    gateway = Gateway(
        services=[logs.service],
        admin=[],
        clock=clock,
        ids=ids,
        default_region="us-east-1",
        default_account="000000000000",
    )
    server = HttpServer(gateway, host="127.0.0.1", port=0)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(logs.run())
        tasks.create_task(server.run())
        await logs.started.wait()
        await server.started.wait()
        yield Platform(server.bound_port, logs.writer)
        await server.stop(5)
        running.cancel()
    await logs.close()
    await store.close()


async def test_errors_have_awss_codes_and_words(platform: Platform) -> None:
    missing_group = ("ResourceNotFoundException", "The specified log group does not exist.")
    assert (
        await platform.refused("get_log_events", logGroupName="g", logStreamName="s")
        == missing_group
    )
    await platform.ask("create_log_group", logGroupName="g")
    assert await platform.refused("create_log_group", logGroupName="g") == (
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
    )
    assert await platform.refused("get_log_events", logGroupName="g", logStreamName="s") == (
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )
    assert await platform.refused("filter_log_events", logGroupName="g", limit=10001) == (
        "InvalidParameterException",
        (
            "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: "
            "Member must have value less than or equal to 10000"
        ),
    )
    assert await platform.refused("filter_log_events", logGroupName="g", nextToken="invalid") == (
        "InvalidParameterException",
        "The specified nextToken is invalid.",
    )
    assert await platform.refused(
        "describe_log_streams", logGroupName="g", logGroupIdentifier="g"
    ) == (
        "ValidationException",
        "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
    )


async def test_put_get_and_filter_over_http(platform: Platform) -> None:
    now_ms = int(time.time() * 1000)
    await platform.ask("create_log_group", logGroupName="g", tags={"env": "testing"})
    await platform.ask("create_log_stream", logGroupName="g", logStreamName="s")
    put = await platform.ask(
        "put_log_events",
        logGroupName="g",
        logStreamName="s",
        logEvents=[
            {"timestamp": now_ms + number, "message": f"Message number {number} 🙀"}
            for number in range(25)
        ],
    )
    assert put["nextSequenceToken"]
    got = await platform.ask("get_log_events", logGroupName="g", logStreamName="s", limit=1)
    assert got["events"][0]["message"] == "Message number 24 🙀"
    first = await platform.ask("filter_log_events", logGroupName="g", limit=20)
    second = await platform.ask(
        "filter_log_events", logGroupName="g", limit=20, nextToken=first["nextToken"]
    )
    assert len(first["events"] + second["events"]) == 25
    assert "nextToken" not in second
    assert (await platform.ask("list_tags_log_group", logGroupName="g"))["tags"] == {
        "env": "testing"
    }


async def test_a_later_operation_says_that_it_is_not_built(platform: Platform) -> None:
    code, message = await platform.refused("describe_queries")
    assert code == "NotImplementedException"
    assert "DescribeQueries" in message


async def test_what_a_function_logs_can_be_followed(platform: Platform) -> None:
    """The requests `aws logs tail --follow` makes: the same search from the last timestamp on."""
    platform.log("START\n", "one\n")

    def poll(start_ms: int) -> list[dict[str, Any]]:
        pages = platform.client.get_paginator("filter_log_events").paginate(
            logGroupIdentifier=GROUP, startTime=start_ms, interleaved=True
        )
        return [event for page in pages for event in page["events"]]

    seen = await asyncio.to_thread(poll, 0)
    assert [event["message"] for event in seen] == ["START\n", "one\n"]
    platform.log("two\n")
    again = await asyncio.to_thread(poll, seen[-1]["timestamp"])
    known = {event["eventId"] for event in seen}
    new = [event["message"] for event in again if event["eventId"] not in known]
    assert new == ["two\n"]


async def test_a_live_tail_streams_over_http(platform: Platform) -> None:
    platform.log("before\n")
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}"
    logged = asyncio.get_running_loop()

    def tail() -> list[dict[str, Any]]:
        answer = platform.client.start_live_tail(logGroupIdentifiers=[arn])
        stream = answer["responseStream"]
        for event in stream:
            if "sessionStart" in event:
                assert event["sessionStart"]["logGroupIdentifiers"] == [arn]
                logged.call_soon_threadsafe(platform.log, "hello\n")
            elif event["sessionUpdate"]["sessionResults"]:
                stream.close()
                results: list[dict[str, Any]] = event["sessionUpdate"]["sessionResults"]
                return results
        raise AssertionError("the tail ended")

    (result,) = await asyncio.to_thread(tail)
    assert (result["message"], result["logStreamName"]) == ("hello\n", STREAM)
    assert result["logGroupIdentifier"] == f"000000000000:{GROUP}"


@pytest.mark.skipif(not AWS_CLI.exists(), reason="the AWS CLI is not installed beside the project")
async def test_the_aws_cli_lists_and_reads(platform: Platform) -> None:
    platform.log("START\n", "END\n")
    described = json.loads(
        await platform.cli("logs", "describe-log-streams", "--log-group-name", GROUP)
    )
    assert described["logStreams"][0]["logStreamName"] == STREAM
    found = await platform.cli(
        *("logs", "filter-log-events", "--log-group-name", GROUP),
        *("--filter-pattern", "END", "--query", "events[].message", "--output", "text"),
    )
    assert found.strip() == "END"
    got = json.loads(
        await platform.cli(
            *("logs", "get-log-events", "--log-group-name", GROUP),
            *("--log-stream-name", STREAM),
        )
    )
    assert [event["message"] for event in got["events"]] == ["START\n", "END\n"]
