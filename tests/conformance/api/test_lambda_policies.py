"""Resource policies of functions through boto3.

Expected answers: recordings from AWS published by LocalStack, November 2025; the model for whole
documents.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lambda_settings_platform import CONFLICT, IPV, MISSING, PREFIX, REVISION, Platform, serve

ARN = f"{PREFIX}:function:f"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    """With a function, its version 1 and an alias `a` of it."""
    async with serve(tmp_path) as running:
        await running.published()
        await running.ask("create_alias", FunctionName="f", Name="a", FunctionVersion="1")
        yield running


def permission(**params: Any) -> dict[str, Any]:
    return {
        "FunctionName": "f",
        "StatementId": "s",
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
        **params,
    }


@pytest.mark.parametrize(
    ("params", "principal"),
    [
        ({"Principal": "s3.amazonaws.com"}, '{"Service":"s3.amazonaws.com"}'),
        ({"Principal": "123456789012"}, '{"AWS":"arn:aws:iam::123456789012:root"}'),
        (
            {"Principal": "arn:aws:iam::123456789012:role/r"},
            '{"AWS":"arn:aws:iam::123456789012:role/r"}',
        ),
        ({"Principal": "*"}, '"*"'),
    ],
)
async def test_principals(platform: Platform, params: dict[str, str], principal: str) -> None:
    answer = await platform.ask("add_permission", **permission(**params))
    assert platform.status == 201
    assert answer == {
        "Statement": f'{{"Sid":"s","Effect":"Allow","Principal":{principal},'
        f'"Action":"lambda:InvokeFunction","Resource":"{ARN}"}}'
    }


async def test_conditions_stand_in_awss_order(platform: Platform) -> None:
    answer = await platform.ask(
        "add_permission",
        **permission(
            SourceArn="arn:aws:s3:::b",
            SourceAccount="123456789012",
            PrincipalOrgID="o-1234567890",
            FunctionUrlAuthType="NONE",
            EventSourceToken="t",
            InvokedViaFunctionUrl=True,
        ),
    )
    statement = json.loads(answer["Statement"])
    assert list(statement) == ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"]
    assert statement["Condition"] == {
        "StringEquals": {
            "aws:PrincipalOrgID": "o-1234567890",
            "lambda:FunctionUrlAuthType": "NONE",
            "lambda:EventSourceToken": "t",
            "AWS:SourceAccount": "123456789012",
        },
        "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"},
        "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
    }


@pytest.mark.parametrize("qualifier", [None, "1", "a"])
async def test_a_policy_shares_the_revision_id(platform: Platform, qualifier: str | None) -> None:
    where = {} if qualifier is None else {"Qualifier": qualifier}

    async def revision() -> str:
        if qualifier == "a":
            answer = await platform.ask("get_alias", FunctionName="f", Name="a")
        else:
            answer = await platform.ask("get_function_configuration", FunctionName="f", **where)
        return str(answer["RevisionId"])

    before = await revision()
    added = await platform.ask("add_permission", **permission(**where))
    resource = ARN if qualifier is None else f"{ARN}:{qualifier}"
    assert json.loads(added["Statement"])["Resource"] == resource
    assert before != await revision()
    await platform.restart()
    policy = await platform.ask("get_policy", FunctionName="f", **where)
    assert policy["RevisionId"] == await revision()
    assert policy["Policy"] == (
        '{"Version":"2012-10-17","Id":"default","Statement":[' + added["Statement"] + "]}"
    )
    await platform.ask(
        "remove_permission",
        FunctionName="f",
        StatementId="s",
        RevisionId=policy["RevisionId"],
        **where,
    )
    assert platform.status == 204
    assert await platform.refused("get_policy", FunctionName="f", **where) == (
        404,
        MISSING,
        "The resource you requested does not exist.",
    )


@pytest.mark.parametrize(
    ("operation", "params", "refusal"),
    [
        (
            "add_permission",
            permission(),
            (
                409,
                CONFLICT,
                (
                    "The statement id (s) provided already exists. Please provide a new statement "
                    "id, or remove the existing statement."
                ),
            ),
        ),
        (
            "add_permission",
            permission(Principal="invalid.nonaws.com"),
            (
                400,
                IPV,
                "The provided principal was invalid. Please check the principal and try again.",
            ),
        ),
        (
            "add_permission",
            permission(Qualifier="$LATEST"),
            (400, IPV, "We currently do not support adding policies for $LATEST."),
        ),
        (
            "add_permission",
            permission(RevisionId="x"),
            (
                412,
                REVISION,
                (
                    "The Revision Id provided does not match the latest Revision Id. Call the "
                    "GetPolicy API to retrieve the latest Revision Id"
                ),
            ),
        ),
        (
            "add_permission",
            permission(FunctionName="g"),
            (404, MISSING, f"Function not found: {PREFIX}:function:g"),
        ),
        (
            "add_permission",
            permission(Qualifier="b"),
            (404, MISSING, f"Cannot find alias arn: {ARN}:b"),
        ),
        (
            "remove_permission",
            {"FunctionName": "f", "Qualifier": "1", "StatementId": "s"},
            (404, MISSING, "No policy is associated with the given resource."),
        ),
        (
            "remove_permission",
            {"FunctionName": "g", "StatementId": "s"},
            (404, MISSING, f"No policy found for: {PREFIX}:function:g"),
        ),
        (
            "remove_permission",
            {"FunctionName": "f", "StatementId": "x"},
            (404, MISSING, "Statement x is not found in resource policy."),
        ),
        (
            "get_policy",
            {"FunctionName": "f", "Qualifier": "1"},
            (404, MISSING, "The resource you requested does not exist."),
        ),
    ],
)
async def test_refusals(
    platform: Platform, operation: str, params: dict[str, Any], refusal: tuple[int, str, str]
) -> None:
    await platform.ask("add_permission", **permission())
    assert await platform.refused(operation, **params) == refusal


async def test_a_policy_has_20_kb(platform: Platform) -> None:
    arn = "arn:aws:s3:::" + 9_000 * "b"
    for sid in ("s", "t"):
        await platform.ask("add_permission", **permission(StatementId=sid, SourceArn=arn))
    refused = await platform.refused("add_permission", **permission(StatementId="u", SourceArn=arn))
    assert refused[:2] == (400, "PolicyLengthExceededException")


async def test_policies_go_with_what_they_belong_to(platform: Platform) -> None:
    await platform.ask("add_permission", **permission(Qualifier="a"))
    await platform.ask("delete_alias", FunctionName="f", Name="a")
    await platform.ask("create_alias", FunctionName="f", Name="a", FunctionVersion="1")
    refused = await platform.refused("get_policy", FunctionName="f", Qualifier="a")
    assert refused[2] == "The resource you requested does not exist."


async def test_a_whole_document_takes_the_place_of_the_statements(platform: Platform) -> None:
    await platform.ask("add_permission", **permission())
    document = {
        "Version": "2012-10-17",
        "Statement": {
            "Sid": "w",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "lambda:InvokeFunction",
            "Resource": ARN,
        },
    }
    put = await platform.ask("put_resource_policy", ResourceArn=ARN, Policy=json.dumps(document))
    assert json.loads(put["Policy"]) == document
    got = await platform.ask("get_resource_policy", ResourceArn=ARN)
    assert got == put
    assert (await platform.ask("get_policy", FunctionName="f"))["Policy"] == put["Policy"]
    await platform.ask("add_permission", **permission())
    got = await platform.ask("get_resource_policy", ResourceArn=ARN)
    assert [one["Sid"] for one in json.loads(got["Policy"])["Statement"]] == ["w", "s"]
    await platform.ask("delete_resource_policy", ResourceArn=ARN)
    assert platform.status == 204
    assert await platform.refused("delete_resource_policy", ResourceArn=ARN) == (
        404,
        MISSING,
        "No policy is associated with the given resource.",
    )
    assert await platform.refused("get_resource_policy", ResourceArn=ARN) == (
        404,
        MISSING,
        "The resource you requested does not exist.",
    )


@pytest.mark.parametrize(
    "policy", ["x", "[]", '{"Statement":[3]}', '{"Statement":[{"Effect":"Allow"}]}', "{}"]
)
async def test_what_is_no_policy_is_refused(platform: Platform, policy: str) -> None:
    refused = await platform.refused("put_resource_policy", ResourceArn=ARN, Policy=policy)
    assert refused[:2] == (400, IPV)
