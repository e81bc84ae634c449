"""Account settings, runtime management and recursion through boto3.

Expected answers: recordings from AWS published by LocalStack, November 2025.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lambda_platform import zipped
from lambda_settings_platform import IPV, MISSING, PREFIX, Platform, serve

from lambent.core.identity import Scope

ARN = f"{PREFIX}:function:f"
RUNTIME_VERSION = "arn:aws:lambda:us-east-1::runtime:" + 64 * "0"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with serve(tmp_path) as running:
        await running.published()
        yield running


async def test_the_account_knows_its_limits_and_usage(platform: Platform) -> None:
    await platform.ask("publish_layer_version", LayerName="l", Content={"ZipFile": zipped()})
    assert await platform.ask("get_account_settings") == {
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": 1000,
            "UnreservedConcurrentExecutions": 1000,
        },
        "AccountUsage": {"TotalCodeSize": 3 * len(zipped()), "FunctionCount": 1},
    }


async def test_runtime_management_is_kept_for_each_version(platform: Platform) -> None:
    get, put = "get_runtime_management_config", "put_runtime_management_config"
    default = {"UpdateRuntimeOn": "Auto", "FunctionArn": ARN}
    assert await platform.ask(get, FunctionName="f") == default
    manual = {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": RUNTIME_VERSION}
    answer = await platform.ask(put, FunctionName="f", Qualifier="1", **manual)
    assert answer == {**manual, "FunctionArn": f"{ARN}:1"}
    await platform.restart()
    assert await platform.ask(get, FunctionName="f", Qualifier="1") == answer
    assert await platform.ask(get, FunctionName="f") == default
    await platform.ask("delete_function", FunctionName="f")
    await platform.published()
    again = await platform.ask(get, FunctionName="f", Qualifier="1")
    assert again["UpdateRuntimeOn"] == "Auto"


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"UpdateRuntimeOn": "Manual"}, 400, IPV),
        ({"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": RUNTIME_VERSION}, 400, IPV),
        ({"UpdateRuntimeOn": "Auto", "Qualifier": "9"}, 404, MISSING),
        ({"UpdateRuntimeOn": "Auto", "Qualifier": "a"}, 400, IPV),
        ({"UpdateRuntimeOn": "Never"}, 400, "ValidationException"),
    ],
)
async def test_runtime_management_refused(
    platform: Platform, params: dict[str, Any], status: int, code: str
) -> None:
    refused = await platform.refused("put_runtime_management_config", FunctionName="f", **params)
    assert refused[:2] == (status, code)


async def test_a_loop_is_allowed_for_dispatch_to_see(platform: Platform) -> None:
    get, put = "get_function_recursion_config", "put_function_recursion_config"
    assert await platform.ask(get, FunctionName="f") == {"RecursiveLoop": "Terminate"}
    answer = await platform.ask(put, FunctionName="f", RecursiveLoop="Allow")
    assert answer == {"RecursiveLoop": "Allow"}
    target = platform.service.directory.target(Scope(), "f", None)
    assert target.version.function.recursive_loop == "Allow"
    await platform.restart()
    assert await platform.ask(get, FunctionName="f") == answer
    refused = await platform.refused(put, FunctionName="f", RecursiveLoop="Maybe")
    assert refused[1] == "ValidationException"
    assert "failed to satisfy constraint: Member must satisfy enum value set: [" in refused[2]
    assert await platform.refused(get, FunctionName="g") == (
        404,
        MISSING,
        f"Function not found: {PREFIX}:function:g",
    )
