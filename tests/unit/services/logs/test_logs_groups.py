"""Groups, streams, tags and retention of CloudWatch Logs."""

from typing import Any

import pytest

from lambent.core.errors import ValidationException
from lambent.core.identity import Scope
from lambent.core.models import service_model
from lambent.services.logs.errors import (
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    TooManyTagsException,
)
from lambent.services.logs.statements import SCHEMA

ARN = "arn:aws:logs:us-east-1:000000000000:log-group:g"
DAY_S = 24 * 3600.0


async def test_a_group_is_described_as_recorded_from_aws(logs: Any) -> None:
    await logs("CreateLogGroup", logGroupName="g")
    answer = await logs("DescribeLogGroups")
    assert answer == {
        "logGroups": [
            {
                "arn": f"{ARN}:*",
                "creationTime": logs.now_ms,
                "deletionProtectionEnabled": False,
                "logGroupArn": ARN,
                "logGroupClass": "STANDARD",
                "logGroupName": "g",
                "metricFilterCount": 0,
                "storedBytes": 0,
            }
        ]
    }


async def test_a_group_listed_by_pattern_lacks_two_members(logs: Any) -> None:
    await logs("CreateLogGroup", logGroupName="some-group")
    (group,) = (await logs("DescribeLogGroups", logGroupNamePattern="e-g"))["logGroups"]
    assert "storedBytes" not in group
    assert "deletionProtectionEnabled" not in group
    assert (await logs("DescribeLogGroups", logGroupNamePattern="E-G"))["logGroups"] == []


async def test_a_second_group_of_one_name_is_refused(logs: Any) -> None:
    await logs("CreateLogGroup", logGroupName="g")
    with pytest.raises(ResourceAlreadyExistsException, match=r"^The specified log group already"):
        await logs("CreateLogGroup", logGroupName="g")


async def test_groups_of_other_accounts_are_out_of_sight(logs: Any) -> None:
    await logs("CreateLogGroup", logGroupName="g")
    logs.scope = Scope(account="111111111111")
    assert (await logs("DescribeLogGroups"))["logGroups"] == []
    with pytest.raises(ResourceNotFoundException):
        await logs("DeleteLogGroup", logGroupName="g")


async def test_groups_come_in_pages(logs: Any) -> None:
    for name in "edcba":
        await logs("CreateLogGroup", logGroupName=name)
    names: list[str] = []
    token: dict[str, str] = {}
    pages = 0
    while pages == 0 or token:
        page = await logs("DescribeLogGroups", limit=2, **token)
        names += [group["logGroupName"] for group in page["logGroups"]]
        token = {"nextToken": page["nextToken"]} if "nextToken" in page else {}
        pages += 1
    assert (names, pages) == (["a", "b", "c", "d", "e"], 3)


@pytest.mark.parametrize("token", ["x", "bm9uc2Vuc2U=", "W10=", "WzFd", "é"])
async def test_a_token_that_is_none_is_refused(logs: Any, token: str) -> None:
    with pytest.raises(InvalidParameterException, match=r"^The specified nextToken is invalid\.$"):
        await logs("DescribeLogGroups", nextToken=token)


async def test_prefix_and_pattern_exclude_each_other(logs: Any) -> None:
    with pytest.raises(InvalidParameterException, match="mutually exclusive"):
        await logs("DescribeLogGroups", logGroupNamePrefix="a", logGroupNamePattern="b")


async def test_list_log_groups_takes_alternatives_and_tags(logs: Any) -> None:
    await logs("CreateLogGroup", logGroupName="abc-1", tags={"env": "test"})
    await logs("CreateLogGroup", logGroupName="x-abc")
    await logs("CreateLogGroup", logGroupName="zzz")
    both = await logs("ListLogGroups", logGroupNamePattern="abc|zzz")
    assert [group["logGroupName"] for group in both["logGroups"]] == ["abc-1", "x-abc", "zzz"]
    beginning = await logs("ListLogGroups", logGroupNamePattern="^abc")
    assert [group["logGroupName"] for group in beginning["logGroups"]] == ["abc-1"]
    tagged = await logs("ListLogGroups", logGroupTags=[{"key": "env", "values": ["test"]}])
    assert [group["logGroupName"] for group in tagged["logGroups"]] == ["abc-1"]


async def test_a_deleted_group_is_gone_with_all_in_it(logs: Any) -> None:
    await logs.put("one")
    await logs("DeleteLogGroup", logGroupName="g")
    with pytest.raises(ResourceNotFoundException, match=r"^The specified log group does not exist"):
        await logs("DescribeLogStreams", logGroupName="g")
    await logs("CreateLogGroup", logGroupName="g")
    assert (await logs("DescribeLogStreams", logGroupName="g"))["logStreams"] == []
    assert await logs.filtered() == []


async def test_a_protected_group_keeps_all_in_it(logs: Any) -> None:
    await logs.put("one")
    await logs(
        "PutLogGroupDeletionProtection", logGroupIdentifier=ARN, deletionProtectionEnabled=True
    )
    with pytest.raises(ValidationException):
        await logs("DeleteLogGroup", logGroupName="g")
    with pytest.raises(ValidationException):
        await logs("DeleteLogStream", logGroupName="g", logStreamName="s")
    await logs(
        "PutLogGroupDeletionProtection", logGroupIdentifier="g", deletionProtectionEnabled=False
    )
    await logs("DeleteLogGroup", logGroupName="g")


async def test_stored_bytes_follow_events_in_and_out(logs: Any) -> None:
    await logs.put("12345", "123", stream="s")
    await logs.put("1", stream="t")

    async def stored() -> int:
        return int((await logs("DescribeLogGroups"))["logGroups"][0]["storedBytes"])

    assert await stored() == 9 + 3 * 26
    await logs("DeleteLogStream", logGroupName="g", logStreamName="s")
    assert await stored() == 1 + 26


# Streams


async def test_a_stream_is_described_as_recorded_from_aws(logs: Any) -> None:
    await logs("CreateLogGroup", logGroupName="g")
    await logs("CreateLogStream", logGroupName="g", logStreamName="s")
    expected = {
        "arn": f"{ARN}:log-stream:s",
        "creationTime": logs.now_ms,
        "logStreamName": "s",
        "storedBytes": 0,
    }
    for identifier in ("g", ARN, f"{ARN}:*"):
        answer = await logs("DescribeLogStreams", logGroupIdentifier=identifier)
        assert answer == {"logStreams": [expected]}
    with pytest.raises(ValidationException, match="mutually exclusive"):
        await logs("DescribeLogStreams", logGroupName="g", logGroupIdentifier="g")


async def test_a_stream_with_events_tells_of_them(logs: Any) -> None:
    await logs.put("one", "two")
    (stream,) = (await logs("DescribeLogStreams", logGroupName="g"))["logStreams"]
    assert stream["firstEventTimestamp"] == logs.now_ms - 1
    assert stream["lastEventTimestamp"] == logs.now_ms
    assert stream["lastIngestionTime"] == logs.now_ms
    assert stream["uploadSequenceToken"]


async def test_a_second_stream_of_one_name_is_refused(logs: Any) -> None:
    await logs.put("one")
    with pytest.raises(ResourceAlreadyExistsException, match=r"^The specified log stream already"):
        await logs("CreateLogStream", logGroupName="g", logStreamName="s")


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", ["LogStreamName", "LastEventTime"])
async def test_streams_come_in_order_and_pages(logs: Any, order: str, descending: bool) -> None:
    for name in "cab":
        await logs.put("x", stream=name)
        await logs.clock.advance(1)
    names: list[str] = []
    token: dict[str, str] = {}
    while len(names) < 3:
        page = await logs(
            "DescribeLogStreams",
            logGroupName="g",
            orderBy=order,
            descending=descending,
            limit=1,
            **token,
        )
        names += [stream["logStreamName"] for stream in page["logStreams"]]
        token = {"nextToken": page["nextToken"]} if "nextToken" in page else {}
    expected = ["a", "b", "c"] if order == "LogStreamName" else ["c", "a", "b"]
    assert names == (expected[::-1] if descending else expected)
    assert token == {}


async def test_order_by_time_takes_no_prefix(logs: Any) -> None:
    await logs("CreateLogGroup", logGroupName="g")
    with pytest.raises(InvalidParameterException, match="Cannot order by LastEventTime"):
        await logs(
            "DescribeLogStreams",
            logGroupName="g",
            orderBy="LastEventTime",
            logStreamNamePrefix="a",
        )


# Tags, keys, retention


async def test_older_and_newer_tag_operations_see_the_same_tags(logs: Any) -> None:
    await logs("CreateLogGroup", logGroupName="g", tags={"env": "testing1"})
    await logs("TagResource", resourceArn=ARN, tags={"test1": "val1"})
    await logs("TagLogGroup", logGroupName="g", tags={"test2": "val2", "env": "x"})
    expected = {"env": "x", "test1": "val1", "test2": "val2"}
    assert await logs("ListTagsForResource", resourceArn=ARN) == {"tags": expected}
    await logs("UntagResource", resourceArn=f"{ARN}:*", tagKeys=["env"])
    await logs("UntagLogGroup", logGroupName="g", tags=["test1"])
    assert await logs("ListTagsLogGroup", logGroupName="g") == {"tags": {"test2": "val2"}}


async def test_more_than_fifty_tags_are_refused_and_none_is_kept(logs: Any) -> None:
    await logs("CreateLogGroup", logGroupName="g", tags={"first": ""})
    with pytest.raises(TooManyTagsException):
        await logs("TagResource", resourceArn=ARN, tags={str(n): "" for n in range(50)})
    assert await logs("ListTagsForResource", resourceArn=ARN) == {"tags": {"first": ""}}


async def test_a_key_is_kept_and_given_back(logs: Any) -> None:
    await logs("CreateLogGroup", logGroupName="g")
    await logs("AssociateKmsKey", logGroupName="g", kmsKeyId="k")
    assert (await logs("DescribeLogGroups"))["logGroups"][0]["kmsKeyId"] == "k"
    await logs("DisassociateKmsKey", resourceIdentifier=f"{ARN}:*")
    assert "kmsKeyId" not in (await logs("DescribeLogGroups"))["logGroups"][0]


async def test_expired_events_are_out_of_sight_at_once_and_out_of_the_store_soon(
    logs: Any,
) -> None:
    await logs.put("old")
    await logs.clock.advance(DAY_S)
    await logs.put("new")
    await logs("PutRetentionPolicy", logGroupName="g", retentionInDays=1)
    await logs.clock.advance(1)
    assert await logs.filtered() == ["new"]
    page = await logs("GetLogEvents", logGroupName="g", logStreamName="s")
    assert [event["message"] for event in page["events"]] == ["new"]
    await logs.clock.advance(3600)
    (group,) = (await logs("DescribeLogGroups"))["logGroups"]
    assert (group["storedBytes"], group["retentionInDays"]) == (3 + 26, 1)
    await logs("DeleteRetentionPolicy", logGroupName="g")
    assert "retentionInDays" not in (await logs("DescribeLogGroups"))["logGroups"][0]
    assert await logs.filtered() == ["new"]


async def test_retention_takes_only_awss_days(logs: Any) -> None:
    await logs("CreateLogGroup", logGroupName="g")
    with pytest.raises(InvalidParameterException, match="'2' at 'retentionInDays'"):
        await logs("PutRetentionPolicy", logGroupName="g", retentionInDays=2)


async def test_every_operation_of_the_model_is_built_or_says_why_not(logs: Any) -> None:
    service = logs.service.service
    built, refused = set(service.operations), set(service.not_built)
    assert built | refused == set(service_model("logs").operation_names)
    assert not built & refused


async def test_the_schema_has_one_version_so_far() -> None:
    assert len(SCHEMA.versions) == 1
