"""PublishVersion, ListVersionsByFunction and the deletion of versions, through boto3.

Expected answers: recordings from AWS published by LocalStack, November 2025, unless a line says
otherwise.
"""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lambda_platform import ARN, Platform, serve, zipped


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with serve(tmp_path) as running:
        yield running


async def _active_version(platform: Platform, number: str) -> None:
    await asyncio.to_thread(
        platform.client.get_waiter("published_version_active").wait,
        FunctionName="f",
        Qualifier=number,
        WaiterConfig={"Delay": 0, "MaxAttempts": 1000},
    )


async def test_a_version_is_pending_then_active(platform: Platform) -> None:
    latest = await platform.active(Description="of latest")
    platform.open_gate.clear()
    answer = await platform.ask("publish_version", FunctionName="f", Description="first")
    assert platform.status == 201
    assert (answer["Version"], answer["FunctionArn"]) == ("1", f"{ARN}:1")
    assert (answer["State"], answer["StateReasonCode"]) == ("Pending", "Creating")
    assert answer["Description"] == "first"
    platform.open_gate.set()
    await _active_version(platform, "1")
    after = await platform.ask("get_function_configuration", FunctionName="f")
    assert after["RevisionId"] != latest["RevisionId"]
    assert after["Description"] == "of latest"


async def test_nothing_new_is_not_published_again(platform: Platform) -> None:
    await platform.active()
    await platform.ask("publish_version", FunctionName="f")
    await _active_version(platform, "1")
    one = await platform.ask("get_function_configuration", FunctionName="f:1")
    again = await platform.ask("publish_version", FunctionName="f")
    assert (again["Version"], again["RevisionId"]) == ("1", one["RevisionId"])


async def test_numbers_are_never_used_again(platform: Platform) -> None:
    await platform.active()
    await platform.ask("publish_version", FunctionName="f")
    await platform.ask("delete_function", FunctionName="f", Qualifier="1")
    answer = await platform.ask("publish_version", FunctionName="f")
    assert answer["Version"] == "2"


async def test_a_version_keeps_what_it_was(platform: Platform) -> None:
    await platform.active(Timeout=5)
    await platform.ask("publish_version", FunctionName="f")
    await platform.ask("update_function_configuration", FunctionName="f", Timeout=6)
    await platform.settled()
    listed = (await platform.ask("list_versions_by_function", FunctionName="f"))["Versions"]
    assert [(entry["Version"], entry["Timeout"]) for entry in listed] == [("$LATEST", 6), ("1", 5)]
    assert [entry["FunctionArn"] for entry in listed] == [f"{ARN}:$LATEST", f"{ARN}:1"]
    assert "State" not in listed[0]


async def test_create_and_update_can_publish(platform: Platform) -> None:
    created = await platform.create(Publish=True)
    await platform.settled()
    updated = await platform.ask(
        "update_function_code", FunctionName="f", ZipFile=zipped("x = 1"), Publish=True
    )
    assert (created["Version"], updated["Version"]) == ("1", "2")
    assert updated["FunctionArn"] == f"{ARN}:2"


async def test_versions_are_listed_by_number_in_pages(platform: Platform) -> None:
    await platform.active()
    for number in range(11):
        await platform.ask("update_function_configuration", FunctionName="f", Timeout=number + 10)
        await platform.settled()
        await platform.ask("publish_version", FunctionName="f")
    found: list[str] = []
    marker: dict[str, str] = {}
    while True:
        page = await platform.ask(
            "list_versions_by_function", FunctionName="f", MaxItems=5, **marker
        )
        found += [entry["Version"] for entry in page["Versions"]]
        if "NextMarker" not in page:
            break
        marker = {"Marker": page["NextMarker"]}
    assert found == ["$LATEST", *map(str, range(1, 12))]


async def test_other_code_than_expected_is_not_published(platform: Platform) -> None:
    await platform.active()
    current = base64.b64encode(hashlib.sha256(zipped()).digest()).decode()
    refused = await platform.refused("publish_version", FunctionName="f", CodeSha256="other")
    assert refused == (
        400,
        "InvalidParameterValueException",
        (
            f"CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({current}). "
            "Please try again with the CodeSHA256 in $LATEST."
        ),
    )


@pytest.mark.parametrize("operation", ["publish_version", "list_versions_by_function"])
async def test_there_are_no_versions_of_no_function(platform: Platform, operation: str) -> None:
    refused = await platform.refused(operation, FunctionName="f")
    assert refused == (404, "ResourceNotFoundException", f"Function not found: {ARN}")


async def test_deleting_an_unknown_version_is_no_error(platform: Platform) -> None:
    await platform.active()
    await platform.ask("delete_function", FunctionName="f", Qualifier="7")
    assert platform.status == 204


async def test_a_version_with_an_alias_is_not_deleted(platform: Platform) -> None:
    # The words: recorded by users of AWS, 2021 and 2022.
    await platform.active()
    await platform.ask("publish_version", FunctionName="f")
    await platform.ask("create_alias", FunctionName="f", Name="live", FunctionVersion="1")
    refused = await platform.refused("delete_function", FunctionName="f", Qualifier="1")
    assert refused == (
        409,
        "ResourceConflictException",
        "Unable to delete version because the following aliases reference it: [live]",
    )
