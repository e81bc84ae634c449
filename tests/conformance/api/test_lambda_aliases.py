"""Aliases through boto3.

Expected answers: recordings from AWS published by LocalStack, November 2025.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lambda_platform import ARN, Platform, serve

IPV, MISSING = "InvalidParameterValueException", "ResourceNotFoundException"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    """With a function of two versions."""
    async with serve(tmp_path) as running:
        await running.active()
        await running.ask("publish_version", FunctionName="f")
        await running.ask("update_function_configuration", FunctionName="f", Timeout=9)
        await running.settled()
        await running.ask("publish_version", FunctionName="f")
        yield running


async def _alias(platform: Platform, name: str = "a", version: str = "1", **params: Any) -> Any:
    return await platform.ask(
        "create_alias", FunctionName="f", Name=name, FunctionVersion=version, **params
    )


def weights(**shares: float) -> dict[str, Any]:
    return {"AdditionalVersionWeights": {key.strip("v"): share for key, share in shares.items()}}


async def test_an_alias_names_a_version(platform: Platform) -> None:
    latest = await platform.ask("get_function_configuration", FunctionName="f")
    answer = await _alias(platform)
    assert platform.status == 201
    revision = answer.pop("RevisionId")
    assert revision
    assert answer == {
        "AliasArn": f"{ARN}:a",
        "Name": "a",
        "FunctionVersion": "1",
        "Description": "",
    }
    found = await platform.ask("get_function_configuration", FunctionName="f", Qualifier="a")
    assert (found["Version"], found["FunctionArn"]) == ("1", f"{ARN}:a")
    after = await platform.ask("get_function_configuration", FunctionName="f")
    assert after["RevisionId"] == latest["RevisionId"]


async def test_an_alias_is_changed_and_keeps_the_rest(platform: Platform) -> None:
    before = await _alias(platform, Description="d", RoutingConfig=weights(v2=0.25))
    changed = await platform.ask(
        "update_alias",
        FunctionName="f",
        Name="a",
        Description="e",
        RevisionId=before["RevisionId"],
    )
    assert changed["RoutingConfig"] == weights(v2=0.25)
    assert changed["Description"] == "e"
    assert changed["RevisionId"] != before["RevisionId"]
    single = await platform.ask(
        "update_alias", FunctionName="f", Name="a", FunctionVersion="2", RoutingConfig=weights()
    )
    assert single["FunctionVersion"] == "2"
    assert "RoutingConfig" not in single


async def test_aliases_are_listed_also_by_version(platform: Platform) -> None:
    await _alias(platform, "b", "2")
    await _alias(platform, "a", "1")
    every = await platform.ask("list_aliases", FunctionName="f")
    of_two = await platform.ask("list_aliases", FunctionName="f", FunctionVersion="2")
    assert [alias["Name"] for alias in every["Aliases"]] == ["a", "b"]
    assert [alias["Name"] for alias in of_two["Aliases"]] == ["b"]


async def test_an_alias_goes_and_may_be_gone(platform: Platform) -> None:
    await _alias(platform)
    for _ in range(2):
        await platform.ask("delete_alias", FunctionName="f", Name="a")
        assert platform.status == 204
    refused = await platform.refused("get_alias", FunctionName="f", Name="a")
    assert refused == (404, MISSING, f"Cannot find alias arn: {ARN}:a")


REFUSALS: list[tuple[str, dict[str, Any], int, str, str]] = [
    (
        "create_alias",
        {"Name": "live", "FunctionVersion": "1"},
        409,
        "ResourceConflictException",
        f"Alias already exists: {ARN}:live",
    ),
    (
        "create_alias",
        {"Name": "a", "FunctionVersion": "10"},
        404,
        MISSING,
        f"Function not found: {ARN}:10",
    ),
    (
        "create_alias",
        {"Name": "a", "FunctionVersion": "1", "RoutingConfig": weights(v10=0.5)},
        404,
        MISSING,
        f"Function not found: {ARN}:10",
    ),
    (
        "create_alias",
        {"Name": "a", "FunctionVersion": "$LATEST", "RoutingConfig": weights(v1=0.5)},
        400,
        IPV,
        "$LATEST is not supported for an alias pointing to more than 1 version",
    ),
    (
        "create_alias",
        {"Name": "a", "FunctionVersion": "1", "RoutingConfig": weights(v1=0.5)},
        400,
        IPV,
        (
            "Invalid function version 1. Function version 1 is already included in routing "
            "configuration."
        ),
    ),
    (
        "create_alias",
        {"Name": "a", "FunctionVersion": "1", "RoutingConfig": weights(v1=0.5, v2=0.1)},
        400,
        IPV,
        "Number of items in AdditionalVersionWeights cannot be greater than 1",
    ),
    ("update_alias", {"Name": "a"}, 404, MISSING, f"Alias not found: {ARN}:a"),
    (
        "update_alias",
        {"Name": "live", "RevisionId": "old"},
        412,
        "PreconditionFailedException",
        (
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id"
        ),
    ),
]


@pytest.mark.parametrize(("operation", "params", "status", "code", "message"), REFUSALS)
async def test_aliases_are_refused_in_awss_words(
    platform: Platform,
    operation: str,
    params: dict[str, Any],
    status: int,
    code: str,
    message: str,
) -> None:
    await _alias(platform, "live")
    refused = await platform.refused(operation, FunctionName="f", **params)
    assert refused == (status, code, message)


@pytest.mark.parametrize("shares", [{"v2": 1.5}, {"$LATEST": 0.5}])
async def test_weights_are_of_versions_and_between_0_and_1(
    platform: Platform, shares: dict[str, float]
) -> None:
    _, code, message = await platform.refused(
        "create_alias",
        FunctionName="f",
        Name="a",
        FunctionVersion="1",
        RoutingConfig=weights(**shares),
    )
    assert code == "ValidationException"
    assert "routingConfig.additionalVersionWeights" in message
