"""Layers and their permissions through boto3.

Expected answers: recordings from AWS published by LocalStack, November 2025.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lambda_platform import zipped
from lambda_settings_platform import CONFLICT, IPV, MISSING, PREFIX, REVISION, Platform, serve

ARN = f"{PREFIX}:layer:l"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with serve(tmp_path) as running:
        yield running


async def _publish(platform: Platform, name: str = "l", code: str = "", **params: Any) -> Any:
    return await platform.ask(
        "publish_layer_version", LayerName=name, Content={"ZipFile": zipped(code)}, **params
    )


async def test_a_published_version_is_given_back(platform: Platform) -> None:
    answer = await _publish(
        platform, Description="d", CompatibleRuntimes=[], CompatibleArchitectures=["arm64"]
    )
    assert platform.status == 201
    assert answer["LayerVersionArn"] == f"{ARN}:1"
    assert answer["LayerArn"] == ARN
    assert (answer["Version"], answer["Description"]) == (1, "d")
    assert answer["CompatibleRuntimes"] == []
    assert answer["CompatibleArchitectures"] == ["arm64"]
    assert "LicenseInfo" not in answer
    assert answer["Content"]["CodeSize"] == len(zipped(""))
    got = await platform.ask("get_layer_version", LayerName="l", VersionNumber=1)
    by_arn = await platform.ask("get_layer_version_by_arn", Arn=f"{ARN}:1")
    for one in (answer, got, by_arn):
        assert "/_lambent/code/" in one["Content"].pop("Location")
    assert got == by_arn == answer


async def test_numbers_are_never_used_again_also_after_a_restart(platform: Platform) -> None:
    await _publish(platform)
    await platform.ask("delete_layer_version", LayerName="l", VersionNumber=1)
    assert platform.status == 204
    await platform.ask("delete_layer_version", LayerName="l", VersionNumber=1)
    assert (await platform.ask("list_layers"))["Layers"] == []
    await platform.restart()
    assert (await _publish(platform))["Version"] == 2


async def test_lists_are_filtered_and_paged(platform: Platform) -> None:
    await _publish(platform, "a", CompatibleRuntimes=["python3.12"])
    await _publish(platform, "a")
    await _publish(platform, "b", CompatibleArchitectures=["arm64"])
    versions = await platform.ask("list_layer_versions", LayerName="a", MaxItems=1)
    assert [one["Version"] for one in versions["LayerVersions"]] == [2]
    rest = await platform.ask("list_layer_versions", LayerName="a", Marker=versions["NextMarker"])
    assert [one["Version"] for one in rest["LayerVersions"]] == [1]
    assert "NextMarker" not in rest
    found = (await platform.ask("list_layers", CompatibleRuntime="python3.12"))["Layers"]
    assert [(one["LayerName"], one["LatestMatchingVersion"]["Version"]) for one in found] == [
        ("a", 1)
    ]
    arm = (await platform.ask("list_layers", CompatibleArchitecture="arm64"))["Layers"]
    assert [one["LayerName"] for one in arm] == ["b"]


async def test_a_function_keeps_a_deleted_layer_until_it_goes(platform: Platform) -> None:
    await _publish(platform, code="layer")
    await platform.active(Layers=[f"{ARN}:1"])
    digests = await platform.blobs.digests()
    await platform.ask("delete_layer_version", LayerName="l", VersionNumber=1)
    assert await platform.blobs.digests() == digests
    await platform.ask("delete_function", FunctionName="f")
    while await platform.blobs.digests():
        pass


async def test_a_deleted_layer_that_nobody_uses_is_collected(platform: Platform) -> None:
    await _publish(platform)
    assert await platform.blobs.digests()
    await platform.ask("delete_layer_version", LayerName="l", VersionNumber=1)
    assert not await platform.blobs.digests()


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([f"{ARN}:1"] * 6, "Cannot reference more than 5 layers."),
        ([f"{ARN}:9"], f"Layer version {ARN}:9 does not exist."),
        (
            [f"{ARN}:1", f"{ARN}:2"],
            (
                "Two different versions of the same layer are not allowed to be referenced in the "
                f"same function. {ARN}:1 and {ARN}:2 are versions of the same layer."
            ),
        ),
        (
            [f"{ARN}:1".replace("us-east-1", "eu-west-1")],
            (
                "Layers are not in the same region as the function. Layers are expected to be in "
                "region us-east-1."
            ),
        ),
    ],
)
async def test_a_function_refuses_layers(
    platform: Platform, layers: list[str], message: str
) -> None:
    await _publish(platform)
    await _publish(platform)
    await platform.active()
    assert await platform.refused(
        "update_function_configuration", FunctionName="f", Layers=layers
    ) == (400, IPV, message)


@pytest.mark.parametrize(
    ("operation", "number", "status", "code", "message"),
    [
        ("get_layer_version", 9, 404, MISSING, "The resource you requested does not exist."),
        ("get_layer_version", 0, 400, IPV, "Layer Version Cannot be less than 1"),
        ("delete_layer_version", 0, 400, IPV, "Layer Version Cannot be less than 1"),
        ("get_layer_version_policy", 9, 404, MISSING, f"Layer version {ARN}:9 does not exist."),
        (
            "get_layer_version_policy",
            1,
            404,
            MISSING,
            "No policy is associated with the given resource.",
        ),
    ],
)
async def test_what_is_not_there(
    platform: Platform, operation: str, number: int, status: int, code: str, message: str
) -> None:
    await _publish(platform)
    assert await platform.refused(operation, LayerName="l", VersionNumber=number) == (
        status,
        code,
        message,
    )


async def test_a_zip_must_be_one(platform: Platform) -> None:
    assert await platform.refused(
        "publish_layer_version", LayerName="l", Content={"ZipFile": b"no"}
    ) == (
        400,
        IPV,
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
    )


def permission(sid: str = "s", **params: Any) -> dict[str, Any]:
    return {
        "LayerName": "l",
        "VersionNumber": 1,
        "StatementId": sid,
        "Action": "lambda:GetLayerVersion",
        "Principal": "*",
        **params,
    }


async def test_statements_are_added_and_removed(platform: Platform) -> None:
    await _publish(platform)
    added_one = permission()
    added = await platform.ask("add_layer_version_permission", **added_one)
    assert added["Statement"] == (
        '{"Sid":"s","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion",'
        f'"Resource":"{ARN}:1"}}'
    )
    await platform.restart()
    policy = await platform.ask("get_layer_version_policy", LayerName="l", VersionNumber=1)
    assert policy["RevisionId"] == added["RevisionId"]
    assert json.loads(policy["Policy"]) == {
        "Version": "2012-10-17",
        "Id": "default",
        "Statement": [json.loads(added["Statement"])],
    }
    assert await platform.refused("add_layer_version_permission", **added_one) == (
        409,
        CONFLICT,
        (
            "The statement id (s) provided already exists. Please provide a new statement id, or "
            "remove the existing statement."
        ),
    )
    assert await platform.refused(
        "add_layer_version_permission", **permission("t", RevisionId="x")
    ) == (
        412,
        REVISION,
        (
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetLayerPolicy API to retrieve the latest Revision Id"
        ),
    )
    key = {"LayerName": "l", "VersionNumber": 1}
    assert await platform.refused("remove_layer_version_permission", **key, StatementId="u") == (
        404,
        MISSING,
        "Statement u is not found in resource policy.",
    )
    await platform.ask("remove_layer_version_permission", **key, StatementId="s")
    assert platform.status == 204
    refused = await platform.refused("get_layer_version_policy", **key)
    assert refused[2] == "No policy is associated with the given resource."
