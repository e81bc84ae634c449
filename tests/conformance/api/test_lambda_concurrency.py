"""Reserved and provisioned concurrency through boto3.

Expected answers: recordings from AWS published by LocalStack, November 2025.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lambda_settings_platform import CONFLICT, IPV, MISSING, PREFIX, Platform, serve

from lambent.core.identity import Scope

ARN = f"{PREFIX}:function:f"
NOT_FOUND = "ProvisionedConcurrencyConfigNotFoundException"
ONLY_FUNCTIONS = (
    "This operation is permitted on Lambda functions only. Aliases and versions do not support "
    "this operation. Please specify either a function name or an unqualified function ARN."
)
ON_LATEST = "The function resource provided must be an alias or a published version."


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    """With a function of two versions and an alias `a` of the first."""
    async with serve(tmp_path) as running:
        await running.published(versions=2)
        await running.ask("create_alias", FunctionName="f", Name="a", FunctionVersion="1")
        yield running


async def _reserve(platform: Platform, number: int) -> Any:
    return await platform.ask(
        "put_function_concurrency", FunctionName="f", ReservedConcurrentExecutions=number
    )


def config(qualifier: str = "1", number: int = 2, **params: Any) -> dict[str, Any]:
    return {
        "FunctionName": "f",
        "Qualifier": qualifier,
        "ProvisionedConcurrentExecutions": number,
        **params,
    }


async def _provision(platform: Platform, qualifier: str = "1", number: int = 2) -> Any:
    return await platform.ask("put_provisioned_concurrency_config", **config(qualifier, number))


async def test_reserved_concurrency_reaches_dispatch_at_once(platform: Platform) -> None:
    def seen() -> int | None:
        target = platform.service.directory.target(Scope(), "f", None)
        return target.version.function.reserved_concurrency

    assert await platform.ask("get_function_concurrency", FunctionName="f") == {}
    assert await _reserve(platform, 5) == {"ReservedConcurrentExecutions": 5}
    assert seen() == 5
    await platform.restart()
    assert seen() == 5
    got = await platform.ask("get_function_concurrency", FunctionName="f")
    assert got == {"ReservedConcurrentExecutions": 5}
    settings = await platform.ask("get_account_settings")
    assert settings["AccountLimit"]["UnreservedConcurrentExecutions"] == 995
    await platform.ask("delete_function_concurrency", FunctionName="f")
    assert platform.status == 204
    assert seen() is None


@pytest.mark.parametrize(
    ("name", "number", "refusal"),
    [
        (f"{ARN}:1", 1, (400, IPV, ONLY_FUNCTIONS)),
        ("g", 1, (404, MISSING, f"Function not found: {PREFIX}:function:g:$LATEST")),
        (
            "f",
            1,
            (
                400,
                IPV,
                (
                    " ReservedConcurrentExecutions  1 should not be lower than function's total "
                    "provisioned concurrency [2]."
                ),
            ),
        ),
        (
            "f",
            901,
            (
                400,
                IPV,
                (
                    "Specified ReservedConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its minimum value of [100]."
                ),
            ),
        ),
    ],
)
async def test_reservations_refused(
    platform: Platform, name: str, number: int, refusal: tuple[int, str, str]
) -> None:
    await _provision(platform)
    assert (
        await platform.refused(
            "put_function_concurrency", FunctionName=name, ReservedConcurrentExecutions=number
        )
        == refusal
    )


async def test_provisioned_concurrency_is_kept_warm_and_restored(platform: Platform) -> None:
    answer = await _provision(platform, "a", 3)
    assert platform.status == 202
    assert answer.pop("LastModified").endswith("+0000")
    assert answer == {
        "RequestedProvisionedConcurrentExecutions": 3,
        "AllocatedProvisionedConcurrentExecutions": 0,
        "AvailableProvisionedConcurrentExecutions": 0,
        "Status": "IN_PROGRESS",
    }
    assert platform.provisioner.wanted == {"1": 3}
    await platform.restart()
    assert platform.provisioner.wanted == {"1": 3}
    got = await platform.ask("get_provisioned_concurrency_config", FunctionName="f", Qualifier="a")
    assert (got["Status"], got["AllocatedProvisionedConcurrentExecutions"]) == ("READY", 3)
    platform.provisioner.failure = "FUNCTION_ERROR_INIT_FAILURE"
    got = await platform.ask("get_provisioned_concurrency_config", FunctionName="f", Qualifier="a")
    assert (got["Status"], got["StatusReason"]) == ("FAILED", "FUNCTION_ERROR_INIT_FAILURE")


async def test_provisioned_concurrency_follows_its_alias(platform: Platform) -> None:
    await _provision(platform, "a", 4)
    await platform.ask("update_alias", FunctionName="f", Name="a", FunctionVersion="2")
    assert platform.provisioner.wanted == {"1": 0, "2": 4}
    await platform.ask(
        "update_alias",
        FunctionName="f",
        Name="a",
        RoutingConfig={"AdditionalVersionWeights": {"1": 0.25}},
    )
    assert platform.provisioner.wanted == {"1": 1, "2": 3}
    await platform.ask("delete_alias", FunctionName="f", Name="a")
    assert platform.provisioner.wanted == {"1": 0, "2": 0}
    await platform.ask("create_alias", FunctionName="f", Name="a", FunctionVersion="1")
    await platform.restart()
    listed = await platform.ask("list_provisioned_concurrency_configs", FunctionName="f")
    assert listed == {"ProvisionedConcurrencyConfigs": []}


async def test_provisioned_concurrency_ends_with_its_function(platform: Platform) -> None:
    await _provision(platform, "1", 2)
    await platform.ask("delete_function", FunctionName="f")
    assert platform.provisioner.wanted == {"1": 0}
    await platform.published()
    refused = await platform.refused(
        "get_provisioned_concurrency_config", FunctionName="f", Qualifier="1"
    )
    assert refused == (404, NOT_FOUND, "No Provisioned Concurrency Config found for this function")


async def test_configurations_are_listed_in_pages_and_deleted(platform: Platform) -> None:
    await _provision(platform, "a", 1)
    await _provision(platform, "2", 2)
    listed = await platform.ask(
        "list_provisioned_concurrency_configs", FunctionName="f", MaxItems=1
    )
    rest = await platform.ask(
        "list_provisioned_concurrency_configs", FunctionName="f", Marker=listed["NextMarker"]
    )
    arns = [
        one["FunctionArn"]
        for answer in (listed, rest)
        for one in answer["ProvisionedConcurrencyConfigs"]
    ]
    assert arns == [f"{ARN}:2", f"{ARN}:a"]
    where = {"FunctionName": "f", "Qualifier": "2"}
    await platform.ask("delete_provisioned_concurrency_config", **where)
    assert platform.status == 204
    assert platform.provisioner.wanted == {"1": 1, "2": 0}
    assert await platform.refused("get_provisioned_concurrency_config", **where) == (
        404,
        NOT_FOUND,
        "No Provisioned Concurrency Config found for this function",
    )


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        (
            config("$LATEST"),
            (
                400,
                IPV,
                (
                    "Provisioned Concurrency Configs cannot be applied to unpublished function "
                    "versions."
                ),
            ),
        ),
        (config("b"), (404, MISSING, f"Cannot find alias arn: {ARN}:b")),
        (config("9"), (404, MISSING, f"Function not found: {ARN}:9")),
        (
            config(FunctionName="g"),
            (404, MISSING, f"Function not found: {PREFIX}:function:g:1"),
        ),
        (
            config("1", 0),
            (
                400,
                "ValidationException",
                (
                    "1 validation error detected: Value '0' at 'provisionedConcurrentExecutions' "
                    "failed to satisfy constraint: Member must have value greater than or equal "
                    "to 1"
                ),
            ),
        ),
        (
            config("1", 1001),
            (
                400,
                IPV,
                (
                    "Specified ConcurrentExecutions for function is greater than account's "
                    "unreserved concurrency [1000]."
                ),
            ),
        ),
        (
            config("1", 901),
            (
                400,
                IPV,
                (
                    "Specified ConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its minimum value of [100]."
                ),
            ),
        ),
    ],
)
async def test_provisioning_refused(
    platform: Platform, params: dict[str, Any], refusal: tuple[int, str, str]
) -> None:
    assert await platform.refused("put_provisioned_concurrency_config", **params) == refusal


async def test_provisioned_is_not_above_reserved(platform: Platform) -> None:
    await _reserve(platform, 2)
    await _provision(platform, "1", 2)
    assert await platform.refused("put_provisioned_concurrency_config", **config("2", 1)) == (
        400,
        IPV,
        (
            "Requested Provisioned Concurrency should not be greater than the "
            "reservedConcurrentExecution for function"
        ),
    )


async def test_alias_and_version_cannot_both_be_provisioned(platform: Platform) -> None:
    await _provision(platform, "1")
    assert await platform.refused("put_provisioned_concurrency_config", **config("a")) == (
        409,
        CONFLICT,
        (
            "Alias can't be used for Provisioned Concurrency configuration on an already "
            "Provisioned version"
        ),
    )
    await platform.ask("delete_provisioned_concurrency_config", FunctionName="f", Qualifier="1")
    await _provision(platform, "a")
    assert await platform.refused("put_provisioned_concurrency_config", **config("1")) == (
        409,
        CONFLICT,
        "Version is pointed by a Provisioned Concurrency alias",
    )


@pytest.mark.parametrize("operation", ["get", "delete"])
async def test_nothing_is_provisioned_on_latest(platform: Platform, operation: str) -> None:
    assert await platform.refused(
        f"{operation}_provisioned_concurrency_config", FunctionName="f", Qualifier="$LATEST"
    ) == (400, IPV, ON_LATEST)
