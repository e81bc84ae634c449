"""Code signing configurations through boto3.

Expected answers: the model, and recordings from AWS published by LocalStack, November 2025.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lambda_platform import zipped
from lambda_settings_platform import CONFLICT, MISSING, PREFIX, Platform, serve

PROFILE = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/1"
ABSENT = f"{PREFIX}:code-signing-config:csc-" + 17 * "0"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with serve(tmp_path) as running:
        yield running


async def _config(platform: Platform, **params: Any) -> Any:
    answer = await platform.ask(
        "create_code_signing_config",
        AllowedPublishers={"SigningProfileVersionArns": [PROFILE]},
        **params,
    )
    return answer["CodeSigningConfig"]


async def test_a_configuration_is_kept_changed_and_deleted(platform: Platform) -> None:
    made = await _config(platform, Description="d", Tags={"k": "v"})
    assert platform.status == 201
    arn = made["CodeSigningConfigArn"]
    assert arn == f"{PREFIX}:code-signing-config:{made['CodeSigningConfigId']}"
    assert made["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    await platform.restart()
    got = await platform.ask("get_code_signing_config", CodeSigningConfigArn=arn)
    assert got == {"CodeSigningConfig": made}
    assert (await platform.ask("list_tags", Resource=arn))["Tags"] == {"k": "v"}
    changed = await platform.ask(
        "update_code_signing_config",
        CodeSigningConfigArn=arn,
        CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"},
    )
    assert changed["CodeSigningConfig"]["Description"] == "d"
    listed = (await platform.ask("list_code_signing_configs"))["CodeSigningConfigs"]
    assert [one["CodeSigningPolicies"] for one in listed] == [
        {"UntrustedArtifactOnDeployment": "Enforce"}
    ]
    await platform.ask("delete_code_signing_config", CodeSigningConfigArn=arn)
    assert platform.status == 204
    assert (await platform.ask("list_code_signing_configs"))["CodeSigningConfigs"] == []


@pytest.mark.parametrize(
    "operation",
    [
        "get_code_signing_config",
        "update_code_signing_config",
        "delete_code_signing_config",
        "list_functions_by_code_signing_config",
    ],
)
async def test_a_configuration_that_is_not_there(platform: Platform, operation: str) -> None:
    assert await platform.refused(operation, CodeSigningConfigArn=ABSENT) == (
        404,
        MISSING,
        f"The Lambda code signing configuration {ABSENT} can not be found.",
    )


async def test_a_function_has_a_configuration(platform: Platform) -> None:
    await platform.active()
    got = await platform.ask("get_function_code_signing_config", FunctionName="f")
    assert got == {"FunctionName": "f"}
    arn = (await _config(platform))["CodeSigningConfigArn"]
    put = await platform.ask(
        "put_function_code_signing_config", FunctionName="f", CodeSigningConfigArn=arn
    )
    assert put == {"FunctionName": "f", "CodeSigningConfigArn": arn}
    await platform.restart()
    assert await platform.ask("get_function_code_signing_config", FunctionName="f") == put
    functions = await platform.ask(
        "list_functions_by_code_signing_config", CodeSigningConfigArn=arn
    )
    assert functions == {"FunctionArns": [f"{PREFIX}:function:f"]}
    refused = await platform.refused("delete_code_signing_config", CodeSigningConfigArn=arn)
    assert refused[:2] == (409, CONFLICT)
    await platform.ask("delete_function_code_signing_config", FunctionName="f")
    assert platform.status == 204
    await platform.ask("delete_code_signing_config", CodeSigningConfigArn=arn)
    assert await platform.refused(
        "put_function_code_signing_config", FunctionName="f", CodeSigningConfigArn=arn
    ) == (
        404,
        "CodeSigningConfigNotFoundException",
        (
            "The code signing configuration cannot be found. Check that the provided configuration "
            f"is not deleted: {arn}."
        ),
    )


async def test_enforce_refuses_what_is_never_signed_and_warn_lets_it_through(
    platform: Platform,
) -> None:
    """AWS: code that no trusted publisher has signed; nothing that is uploaded here ever is."""
    warn = (await _config(platform))["CodeSigningConfigArn"]
    enforce = (
        await _config(platform, CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"})
    )["CodeSigningConfigArn"]
    function = {
        "Runtime": "python3.12",
        "Handler": "h.h",
        "Role": "arn:aws:iam::000000000000:role/r",
        "Code": {"ZipFile": zipped()},
    }
    refused = await platform.refused(
        "create_function", FunctionName="g", CodeSigningConfigArn=enforce, **function
    )
    assert refused[:2] == (400, "CodeVerificationFailedException")
    await platform.ask("create_function", FunctionName="g", CodeSigningConfigArn=warn, **function)
    await platform.ask(
        "put_function_code_signing_config", FunctionName="g", CodeSigningConfigArn=enforce
    )
    waiter = platform.client.get_waiter("function_active_v2")
    await asyncio.to_thread(waiter.wait, FunctionName="g")
    refused = await platform.refused(
        "update_function_code", FunctionName="g", ZipFile=zipped("other = 1")
    )
    assert refused[:2] == (400, "CodeVerificationFailedException")
