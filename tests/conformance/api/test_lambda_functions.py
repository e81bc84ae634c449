"""CreateFunction … DeleteFunction through boto3.

Expected answers: recordings from AWS published by LocalStack, November 2025, unless a line says
otherwise.
"""

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lambda_platform import ARN, ROLE, Platform, basic, serve, zipped

from lambent.services.lambda_.validation import MAX_VARIABLES_BYTES

IPV = "InvalidParameterValueException"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
CREATING = {"StateReason": "The function is being created.", "StateReasonCode": "Creating"}
LAYER = "arn:aws:lambda:us-east-1:000000000000:layer:"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with serve(tmp_path) as running:
        yield running


async def test_a_new_function_is_pending_and_has_every_default(platform: Platform) -> None:
    platform.open_gate.clear()
    code = zipped()
    answer = await platform.create()
    assert platform.status == 201
    assert UUID.fullmatch(answer.pop("RevisionId"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", answer.pop("LastModified"))
    version_arn = answer.pop("RuntimeVersionConfig")["RuntimeVersionArn"]
    assert re.fullmatch(r"arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}", version_arn)
    assert answer == {
        "Architectures": ["x86_64"],
        "CodeSha256": base64.b64encode(hashlib.sha256(code).digest()).decode(),
        "CodeSize": len(code),
        "Description": "",
        "EphemeralStorage": {"Size": 512},
        "FunctionArn": ARN,
        "FunctionName": "f",
        "Handler": "app.handler",
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
        "MemorySize": 128,
        "PackageType": "Zip",
        "Role": ROLE,
        "Runtime": "python3.12",
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "State": "Pending",
        **CREATING,
        "Timeout": 3,
        "TracingConfig": {"Mode": "PassThrough"},
        "Version": "$LATEST",
    }


async def test_it_becomes_active_with_another_revision(platform: Platform) -> None:
    created = await platform.create()
    active = await platform.settled()
    assert (active["State"], active["LastUpdateStatus"]) == ("Active", "Successful")
    assert "StateReason" not in active
    assert active["RevisionId"] != created["RevisionId"]


async def test_all_that_was_given_comes_back(platform: Platform) -> None:
    given = {
        "Description": "d",
        "Timeout": 900,
        "MemorySize": 10240,
        "Environment": {"Variables": {"KEY": "välue"}},
        "Architectures": ["arm64"],
        "EphemeralStorage": {"Size": 1024},
        "TracingConfig": {"Mode": "Active"},
        "KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k",
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"},
    }
    await platform.create(
        **given,
        Tags={"a": "b"},
        Layers=[f"{LAYER}one:1"],
        LoggingConfig={"LogFormat": "JSON"},
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    )
    answer = await platform.ask("get_function", FunctionName="f")
    found = answer["Configuration"]
    assert {name: found[name] for name in given} == given
    assert found["Layers"] == [{"Arn": f"{LAYER}one:1", "CodeSize": 10}]
    assert found["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "INFO",
        "LogGroup": "/aws/lambda/f",
    }
    assert found["VpcConfig"] == {
        "SubnetIds": ["subnet-1"],
        "SecurityGroupIds": ["sg-1"],
        "VpcId": "",
        "Ipv6AllowedForDualStack": False,
    }
    assert answer["Tags"] == {"a": "b"}
    assert answer["Code"]["RepositoryType"] == "S3"


def _zip_of(size: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("zeros", bytes(size))
    return buffer.getvalue()


BAD_VARIABLES = {"KEY": "x" * MAX_VARIABLES_BYTES}
CREATE_REFUSALS: list[tuple[dict[str, Any], int, str, str]] = [
    (
        {"Runtime": "python3.7"},
        400,
        IPV,
        (
            "The runtime parameter of python3.7 is no longer supported for creating or updating "
            "AWS "
            "Lambda functions. We recommend you use a supported runtime while creating or updating "
            "functions."
        ),
    ),
    ({"Runtime": "java21"}, 400, IPV, "Java is not built."),
    (
        {"Code": {"ZipFile": b"no zip"}},
        400,
        IPV,
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
    ),
    (
        {"Code": {"ZipFile": _zip_of(262_144_001)}},
        400,
        IPV,
        "Unzipped size must be smaller than 262144000 bytes",
    ),
    (
        {"Environment": {"Variables": BAD_VARIABLES}},
        400,
        IPV,
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided exceeded the 4KB limit. String measured: "
        '{"KEY":"' + BAD_VARIABLES["KEY"] + '"}',
    ),
    (
        {"Environment": {"Variables": {"AWS_REGION": "x"}}},
        400,
        IPV,
        (
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            "for "
            "modification. Reserved keys used in this request: AWS_REGION"
        ),
    ),
    (
        {"Timeout": 901},
        400,
        "ValidationException",
        (
            "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: "
            "Member must have value less than or equal to 900"
        ),
    ),
    (
        {"MemorySize": 10241},
        400,
        "ValidationException",
        (
            "1 validation error detected: Value '10241' at 'memorySize' failed to satisfy "
            "constraint: "
            "Member must have value less than or equal to 10240"
        ),
    ),
    (
        {"EphemeralStorage": {"Size": 10241}},
        400,
        "ValidationException",
        (
            "1 validation error detected: Value '10241' at 'ephemeralStorage.size' failed to "
            "satisfy "
            "constraint: Member must have value less than or equal to 10240"
        ),
    ),
    (
        {"FunctionName": "x" * 65},
        400,
        IPV,
        (
            f"1 validation error detected: Value '{'x' * 65}' at 'functionName' failed to satisfy "
            "constraint: Member must have length less than or equal to 64"
        ),
    ),
    (
        {"FunctionName": "arn:aws:lambda:us-west-2:000000000000:function:f"},
        404,
        "ResourceNotFoundException",
        "Functions from 'us-west-2' are not reachable in this region ('us-east-1')",
    ),
    (
        {"Tags": {f"key{number}": "" for number in range(51)}},
        400,
        IPV,
        "Number of tags exceeds resource tag limit.",
    ),
    (
        {"Layers": [f"{LAYER}l{number}:1" for number in range(6)]},
        400,
        IPV,
        "Cannot reference more than 5 layers.",
    ),
    (
        {"Layers": [f"{LAYER}missing:1"]},
        400,
        IPV,
        f"Layer version {LAYER}missing:1 does not exist.",
    ),
    (
        {"Layers": [f"{LAYER}a:1", f"{LAYER}a:2"]},
        400,
        IPV,
        (
            "Two different versions of the same layer are not allowed to be referenced in the same "
            f"function. {LAYER}a:1 and {LAYER}a:2 are versions of the same layer."
        ),
    ),
    (
        {"Layers": ["arn:aws:lambda:eu-west-1:000000000000:layer:a:1"]},
        400,
        IPV,
        (
            "Layers are not in the same region as the function. Layers are expected to be in "
            "region "
            "us-east-1."
        ),
    ),
    (
        {"Layers": [f"{LAYER}huge:1"]},
        400,
        IPV,
        (
            "Function code combined with layers exceeds the maximum allowed size of 262144000 "
            "bytes. "
            "The actual size is 262144041 bytes."
        ),
    ),
    (
        {
            "CodeSigningConfigArn": "arn:aws:lambda:us-east-1:000000000000:code-signing-config:"
            "csc-0123456789abcdefg"
        },
        404,
        "CodeSigningConfigNotFoundException",
        (
            "The code signing configuration cannot be found. Check that the provided configuration "
            "is "
            "not deleted: arn:aws:lambda:us-east-1:000000000000:code-signing-config:"
            "csc-0123456789abcdefg."
        ),
    ),
    (
        {"LoggingConfig": {"SystemLogLevel": "WARN"}},
        400,
        IPV,
        "ApplicationLogLevel and SystemLogLevel can only be set for functions with LogFormat JSON.",
    ),
    ({"Code": {}}, 400, IPV, "Please provide a source for function code."),
]


@pytest.mark.parametrize(("params", "status", "code", "message"), CREATE_REFUSALS)
async def test_create_refuses_in_awss_words(
    platform: Platform, params: dict[str, Any], status: int, code: str, message: str
) -> None:
    refused = await platform.refused("create_function", **{**basic(), **params})
    assert refused == (status, code, message)
    assert (await platform.ask("list_functions"))["Functions"] == []


async def test_an_unknown_runtime_is_refused_with_those_there_are(platform: Platform) -> None:
    status, code, message = await platform.refused(
        "create_function", **{**basic(), "Runtime": "cobol"}
    )
    assert (status, code) == (400, IPV)
    assert message.startswith(
        "Value cobol at 'runtime' failed to satisfy constraint: Member must satisfy enum value "
        "set: ["
    )
    assert message.endswith("] or be a valid ARN")


@pytest.mark.parametrize("member", ["Runtime", "Handler"])
async def test_a_zip_needs_runtime_and_handler(platform: Platform, member: str) -> None:
    params = {key: value for key, value in basic().items() if key != member}
    status, code, message = await platform.refused("create_function", **params)
    assert (status, code) == (400, IPV)
    assert member in message


async def test_a_zip_over_50_mb_is_refused(platform: Platform) -> None:
    status, _, message = await platform.refused(
        "create_function", **{**basic(), "Code": {"ZipFile": bytes(52_428_801)}}
    )
    assert (status, message) == (413, "Zipped size must be smaller than 52428800 bytes")


@pytest.mark.parametrize(
    "params",
    [
        {"PackageType": "Image"},
        {"Code": {"ImageUri": "image"}},
        {"Code": {"S3Bucket": "bucket", "S3Key": "key"}},
        {"FileSystemConfigs": [{"Arn": "arn", "LocalMountPath": "/mnt/x"}]},
        {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}},
        {"DurableConfig": {"ExecutionTimeout": 1}},
    ],
)
async def test_what_is_not_built_is_refused_by_name(
    platform: Platform, params: dict[str, Any]
) -> None:
    status, code, _ = await platform.refused("create_function", **{**basic(), **params})
    assert status == 400
    assert code in ("NotImplementedException", "ValidationException")


async def test_a_name_is_taken_once(platform: Platform) -> None:
    await platform.create()
    refused = await platform.refused("create_function", **basic())
    assert refused == (409, "ResourceConflictException", "Function already exist: f")


@pytest.mark.parametrize("operation", ["get_function", "get_function_configuration"])
async def test_an_unknown_function_is_named_with_its_qualifier(
    platform: Platform, operation: str
) -> None:
    code = "ResourceNotFoundException"
    plain = await platform.refused(operation, FunctionName="f")
    qualified = await platform.refused(operation, FunctionName="f", Qualifier="a")
    await platform.active()
    no_alias = await platform.refused(operation, FunctionName="f:a")
    lower_case = await platform.refused(operation, FunctionName="f", Qualifier="$latest")
    assert plain == (404, code, f"Function not found: {ARN}")
    assert qualified == no_alias == (404, code, f"Function not found: {ARN}:a")
    assert lower_case == (404, code, f"Function not found: {ARN}:$latest")


@pytest.mark.parametrize(
    "name", ["f", "f:$LATEST", "000000000000:function:f", "function:f", ARN, f"{ARN}:$LATEST"]
)
async def test_a_function_is_found_by_each_form_of_its_name(platform: Platform, name: str) -> None:
    await platform.create()
    answer = await platform.ask("get_function_configuration", FunctionName=name)
    assert answer["FunctionArn"] == (f"{ARN}:$LATEST" if name.endswith("$LATEST") else ARN)


async def test_two_qualifiers_must_agree(platform: Platform) -> None:
    refused = await platform.refused("get_function", FunctionName="f:1", Qualifier="2")
    assert refused == (
        400,
        IPV,
        "The derived qualifier from the function name does not match the specified qualifier.",
    )


async def test_another_accounts_function_is_denied(platform: Platform) -> None:
    status, code, _ = await platform.refused(
        "get_function", FunctionName="arn:aws:lambda:us-east-1:111111111111:function:f"
    )
    assert (status, code) == (403, "AccessDeniedException")


async def test_an_update_is_in_progress_then_successful(platform: Platform) -> None:
    before = await platform.active()
    platform.open_gate.clear()
    answer = await platform.ask("update_function_configuration", FunctionName="f", Timeout=10)
    assert (answer["State"], answer["LastUpdateStatus"]) == ("Active", "InProgress")
    assert answer["LastUpdateStatusReason"] == "The function is being created."
    assert answer["LastUpdateStatusReasonCode"] == "Creating"
    platform.open_gate.set()
    after = await platform.settled()
    assert (after["Timeout"], after["LastUpdateStatus"]) == (10, "Successful")
    assert "LastUpdateStatusReason" not in after
    revisions = {before["RevisionId"], answer["RevisionId"], after["RevisionId"]}
    assert len(revisions) == 3


async def test_what_an_update_does_not_name_stays(platform: Platform) -> None:
    await platform.active(Environment={"Variables": {"KEY": "v"}}, MemorySize=256)
    await platform.ask("update_function_configuration", FunctionName="f", Description="other")
    after = await platform.settled()
    assert after["MemorySize"] == 256
    assert after["Environment"] == {"Variables": {"KEY": "v"}}
    assert after["Description"] == "other"


async def test_a_vpc_taken_away_leaves_empty_lists(platform: Platform) -> None:
    await platform.active(VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]})
    empty = {"SubnetIds": [], "SecurityGroupIds": []}
    answer = await platform.ask("update_function_configuration", FunctionName="f", VpcConfig=empty)
    assert answer["VpcConfig"] == {**empty, "VpcId": "", "Ipv6AllowedForDualStack": False}


async def test_changes_are_refused_while_something_is_under_way(platform: Platform) -> None:
    platform.open_gate.clear()
    await platform.create()
    pending = await platform.refused(
        "update_function_code", FunctionName="f", ZipFile=zipped("x = 1")
    )
    platform.open_gate.set()
    await platform.settled()
    platform.open_gate.clear()
    await platform.ask("update_function_code", FunctionName="f", ZipFile=zipped("x = 1"))
    updating = await platform.refused("update_function_configuration", FunctionName="f", Timeout=9)
    publishing = await platform.refused("publish_version", FunctionName="f")
    assert pending == (
        409,
        "ResourceConflictException",
        (
            "The operation cannot be performed at this time. The function is currently in the "
            "following state: Pending"
        ),
    )
    assert updating == publishing
    assert updating == (
        409,
        "ResourceConflictException",
        (
            "The operation cannot be performed at this time. An update is in progress for "
            "resource: "
            f"{ARN}"
        ),
    )


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("update_function_code", {"ZipFile": zipped()}),
        ("update_function_configuration", {"Timeout": 9}),
        ("publish_version", {}),
    ],
)
async def test_an_old_revision_is_refused(
    platform: Platform, operation: str, params: dict[str, Any]
) -> None:
    await platform.active()
    refused = await platform.refused(operation, FunctionName="f", RevisionId="old", **params)
    assert refused == (
        412,
        "PreconditionFailedException",
        (
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id"
        ),
    )


async def test_a_dry_run_changes_nothing(platform: Platform) -> None:
    before = await platform.active()
    code = zipped("x = 1")
    answer = await platform.ask("update_function_code", FunctionName="f", ZipFile=code, DryRun=True)
    after = await platform.ask("get_function_configuration", FunctionName="f")
    assert answer["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert after == before


async def test_an_image_is_refused_for_a_zip(platform: Platform) -> None:
    await platform.active()
    refused = await platform.refused("update_function_code", FunctionName="f", ImageUri="i")
    assert refused == (
        400,
        IPV,
        "Please don't provide ImageUri when updating a function with packageType Zip.",
    )


async def test_code_that_cannot_be_unpacked_fails_the_function(platform: Platform) -> None:
    platform.failure = ValueError("the link leads out of the package")
    await platform.create()
    platform.failure = None
    while (found := await platform.ask("get_function_configuration", FunctionName="f"))[
        "State"
    ] == "Pending":
        pass
    assert found["State"] == "Failed"
    assert found["StateReason"] == "the link leads out of the package"
    assert found["StateReasonCode"] == "InvalidZipFileException"
    await platform.ask("update_function_code", FunctionName="f", ZipFile=zipped("x = 1"))
    mended = await platform.settled()
    assert mended["State"] == "Active"


async def test_unused_code_is_collected(platform: Platform) -> None:
    await platform.active()
    await platform.active("g")
    first = await platform.blobs.digests()
    await platform.ask("update_function_code", FunctionName="f", ZipFile=zipped("x = 1"))
    await platform.settled()
    both = await platform.blobs.digests()
    await platform.ask("delete_function", FunctionName="g")
    assert len(first) == 1
    assert first < both
    assert await platform.blobs.digests() == both - first


async def test_a_function_is_deleted_once(platform: Platform) -> None:
    await platform.active()
    await platform.ask("delete_function", FunctionName="f")
    assert platform.status == 204
    refused = await platform.refused("delete_function", FunctionName="f", Qualifier="7")
    assert refused == (404, "ResourceNotFoundException", f"Function not found: {ARN}")
    assert await platform.blobs.digests() == set()


@pytest.mark.parametrize(
    ("qualifier", "message"),
    [
        ("$LATEST", "$LATEST version cannot be deleted without deleting the function."),
        ("live", "Deletion of aliases is not currently supported."),
    ],
)
async def test_latest_and_aliases_are_not_deleted_so(
    platform: Platform, qualifier: str, message: str
) -> None:
    refused = await platform.refused("delete_function", FunctionName="f", Qualifier=qualifier)
    assert refused == (400, IPV, message)


async def test_functions_are_listed_in_pages_without_states(platform: Platform) -> None:
    for name in ("c", "a", "b"):
        await platform.create(name)
    first = await platform.ask("list_functions", MaxItems=2)
    second = await platform.ask("list_functions", MaxItems=2, Marker=first["NextMarker"])
    names = [entry["FunctionName"] for page in (first, second) for entry in page["Functions"]]
    assert names == ["a", "b", "c"]
    assert "NextMarker" not in second
    hidden = {"State", "LastUpdateStatus", "RuntimeVersionConfig"}
    assert not hidden & first["Functions"][0].keys()


async def test_a_foreign_marker_is_refused(platform: Platform) -> None:
    for marker in ("?", "e30=", "WzFd"):
        await platform.create(f"f{len(marker)}{marker[0].strip('?')}")
        status, code, _ = await platform.refused("list_functions", Marker=marker)
        assert (status, code) == (400, IPV)


async def test_every_version_is_listed_with_all(platform: Platform) -> None:
    await platform.active()
    await platform.ask("publish_version", FunctionName="f")
    answer = await platform.ask("list_functions", FunctionVersion="ALL")
    assert [entry["FunctionArn"] for entry in answer["Functions"]] == [f"{ARN}:$LATEST", f"{ARN}:1"]


async def test_tags_come_and_go(platform: Platform) -> None:
    await platform.active(Tags={"a": "1"})
    await platform.ask("tag_resource", Resource=ARN, Tags={"b": "2", "c": "3"})
    assert platform.status == 204
    await platform.ask("untag_resource", Resource=ARN, TagKeys=["c", "unknown"])
    assert await platform.ask("list_tags", Resource=ARN) == {"Tags": {"a": "1", "b": "2"}}


@pytest.mark.parametrize(
    ("resource", "tags", "refusal"),
    [
        (ARN, {}, (400, IPV, "An error occurred and the request cannot be processed.")),
        (
            f"{ARN}:1",
            {"a": "b"},
            (
                400,
                IPV,
                (
                    "Tags on function aliases and versions are not supported. Please specify a "
                    "function ARN."
                ),
            ),
        ),
        (
            ARN.replace(":f", ":g").replace(":gunction", ":function"),
            {"a": "b"},
            (404, "ResourceNotFoundException", f"Function not found: {ARN[:-1]}g"),
        ),
        (
            ARN,
            {f"k{number}": "" for number in range(51)},
            (400, IPV, "Number of tags exceeds resource tag limit."),
        ),
    ],
)
async def test_tags_are_refused_in_awss_words(
    platform: Platform, resource: str, tags: dict[str, str], refusal: tuple[int, str, str]
) -> None:
    await platform.active()
    assert await platform.refused("tag_resource", Resource=resource, Tags=tags) == refusal


async def test_all_is_there_again_after_a_restart(platform: Platform) -> None:
    await platform.active(
        Environment={"Variables": {"K1": "v"}},
        Layers=[f"{LAYER}one:1"],
        Tags={"a": "b"},
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    )
    await platform.ask("publish_version", FunctionName="f")
    await platform.ask("create_alias", FunctionName="f", Name="live", FunctionVersion="1")
    before = platform.state.all_functions()
    while any(version.state != "Active" for version in before[0].versions.values()):
        await platform.settled()
        await platform.ask("get_function", FunctionName="f", Qualifier="1")
        before = platform.state.all_functions()
    await platform.stop()
    await platform.start()
    assert platform.state.all_functions() == before


async def test_a_creation_that_was_cut_off_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with serve(tmp_path) as first:
        await first.active()
        stuck = first.state.all_functions()[0]
        row = {"state": "Pending", "id": stuck.id}
        await first.store.write(
            lambda tx: tx.execute("UPDATE lambda_versions SET state = :state", row)
        )
    async with serve(tmp_path) as second:
        assert (await second.settled())["State"] == "Active"
