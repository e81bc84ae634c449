"""The fuzz of the gateway, against the real services on a real store: no 5xx, no traceback."""

import asyncio
import contextlib
import os
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import test_gateway_fuzz as fuzz
from botocore.exceptions import ClientError

from lambent.app import platform
from lambent.core.config import Config
from lambent.testing.process import ROLE, archive

INPUTS = int(os.environ.get("LAMBENT_FUZZ_SERVICE_INPUTS", "15000"))
SEED = fuzz.SEED
_LONG_S = 20


def corpus() -> list[fuzz.Request]:
    """Valid requests as the model makes them, and again for what `furnish` has made."""
    made = [
        request
        for name in ("lambda", "logs")
        for request in fuzz._valid_requests(name)
        # A live tail goes on for as long as its client listens.
        if not any(b"StartLiveTail" in value for _, value in request.headers)
    ]
    return made + [_of_what_is_there(request) for request in made]


def _of_what_is_there(request: fuzz.Request) -> fuzz.Request:
    path = re.sub(rb"/functions/[^/?]+", b"/functions/there", request.path)
    path = re.sub(rb"/layers/[^/?]+", b"/layers/there", path)
    path = re.sub(rb"/aliases/[^/?]+", b"/aliases/there", path)
    body = re.sub(rb'"(logGroupName|logStreamName)": ?"[^"]*"', rb'"\1":"there"', request.body)
    return replace(request, path=path, body=body)


def furnish(endpoint: str) -> None:
    """A function with a version and an alias, a layer, and a log group with a stream."""
    keys: dict[str, Any] = {
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }
    lambda_, logs = boto3.client("lambda", **keys), boto3.client("logs", **keys)
    code = archive({"handler.py": "def handler(event, context):\n    return event\n"})
    function = {
        "FunctionName": "there",
        "Runtime": "python3.12",
        "Handler": "handler.handler",
        "Role": ROLE,
        "Code": {"ZipFile": code},
        "Publish": True,
    }
    for make, params in (
        (lambda_.create_function, function),
        (lambda_.create_alias, {"FunctionName": "there", "Name": "there", "FunctionVersion": "1"}),
        (lambda_.publish_layer_version, {"LayerName": "there", "Content": {"ZipFile": code}}),
        (logs.create_log_group, {"logGroupName": "there"}),
        (logs.create_log_stream, {"logGroupName": "there", "logStreamName": "there"}),
    ):
        with contextlib.suppress(ClientError):  # it may be there already
            make(**params)
    lambda_.close()
    logs.close()


@pytest.mark.timeout(300)
async def test_no_malformed_request_is_answered_as_a_fault_of_ours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rng = random.Random(SEED)
    requests = corpus()
    config = replace(Config(), port=0, data_dir=tmp_path / "data", sandbox="process")
    async with platform(config) as running:
        for number in range(INPUTS):
            if number % 5_000 == 0:
                # Some of the requests delete it.
                await asyncio.to_thread(furnish, running.endpoint)
            request = fuzz._mutated(rng.choice(requests), rng)
            async with asyncio.timeout(_LONG_S):
                status = await fuzz._status(running.gateway, request)
            faults = [record for record in caplog.records if record.levelname == "ERROR"]
            assert status < 500, f"input {number} of seed {SEED}: {request}"
            assert not faults, f"input {number} of seed {SEED}: {request}"
