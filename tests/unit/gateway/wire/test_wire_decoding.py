"""What is refused, what is ignored and what is mended on the way in."""

import json
from typing import Any

import pytest

from lambent.core.errors import SerializationException
from lambent.core.http import HttpRequest
from lambent.gateway.wire import compile_service
from lambent.gateway.wire.xml_reading import MAX_DEPTH, MalformedXML, parse


def _decode(service: str, operation: str, body: Any, **labels: str) -> dict[str, Any]:
    wire = compile_service(service)
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = HttpRequest(method="POST", path="/", body=sent)
    return wire.operation(operation, wire.protocols[0]).decode(request, labels)


def test_unknown_members_are_ignored_and_nulls_are_absent() -> None:
    body = {"logGroupName": "g", "kmsKeyId": None, "nonsense": {"a": 1}}
    assert _decode("logs", "CreateLogGroup", body) == {"logGroupName": "g"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1, "NUMBER_VALUE cannot be converted to String"),
        (1.5, "DECIMAL_VALUE cannot be converted to String"),
        (True, "TRUE_VALUE cannot be converted to String"),
        ([], "Unrecognized collection type class java.lang.String"),
        ({}, "Start of structure or map found where not expected"),
    ],
)
def test_another_type_than_a_string_is_refused(value: Any, words: str) -> None:
    with pytest.raises(SerializationException) as raised:
        _decode("dynamodb", "DescribeTable", {"TableName": value})
    assert raised.value.message == words


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("Timeout", "3", "STRING_VALUE cannot be converted to Integer"),
        ("Publish", "yes", "Unexpected token received from parser"),
        ("Layers", "a", "Unexpected field type"),
        ("Code", {"ZipFile": "23456"}, "Base64 encoded length is expected a multiple of 4 bytes"),
        ("Code", {"ZipFile": 1}, "only base-64-encoded strings are convertible to bytes"),
        ("Code", [], "Start of list found where not expected"),
    ],
)
def test_other_wrong_types_are_refused(member: str, value: Any, words: str) -> None:
    with pytest.raises(SerializationException, match=words):
        _decode("lambda", "CreateFunction", {"FunctionName": "f", member: value})


def test_a_decimal_is_truncated_where_an_integer_is_wanted() -> None:
    assert _decode("lambda", "CreateFunction", {"Timeout": 3.9}) == {"Timeout": 3}


@pytest.mark.parametrize(
    "body",
    [b"{", b"[1]", b"nonsense", b'{"TableName": NaN}', b'{"TableName": "\\ud800"}', b"\xff"],
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(SerializationException):
        _decode("dynamodb", "DescribeTable", body)


def _nested(depth: int) -> bytes:
    return b'{"Item": {"a": ' + b'{"L": [' * depth + b"]}" * depth + b'}, "TableName": "t"}'


@pytest.mark.parametrize("depth", [64, 300, 450, 2_000, 200_000])
def test_nesting_without_end_is_refused(depth: int) -> None:
    with pytest.raises(SerializationException):
        _decode("dynamodb", "PutItem", _nested(depth))


def test_nesting_as_deep_as_any_service_takes_is_borne() -> None:
    wire = compile_service("dynamodb").operation("PutItem", "json")
    wire.validate(wire.decode(HttpRequest(method="POST", path="/", body=_nested(32)), {}))
    wide = json.dumps({"TableName": "ttt", "Item": {str(n): {"S": "a"} for n in range(500)}})
    assert len(_decode("dynamodb", "PutItem", wide.encode())["Item"]) == 500


def test_an_empty_body_is_an_empty_structure() -> None:
    assert _decode("kinesis", "ListStreams", b"") == {}
    assert _decode("lambda", "UpdateFunctionCode", b"", FunctionName="f") == {"FunctionName": "f"}


def test_query_reads_the_query_string_and_the_body() -> None:
    wire = compile_service("sns").operation("Publish", "query")
    request = HttpRequest(
        method="POST",
        path="/",
        query="Action=Publish&TopicArn=t",
        body=b"Message=a%26b&MessageAttributes.entry.2.Name=n"
        b"&MessageAttributes.entry.2.Value.DataType=String",
    )
    assert wire.decode(request, {}) == {
        "TopicArn": "t",
        "Message": "a&b",
        "MessageAttributes": {"n": {"DataType": "String"}},
    }


def test_query_orders_lists_by_their_numbers() -> None:
    wire = compile_service("iam").operation("TagRole", "query")
    body = b"Tags.member.10.Key=c&Tags.member.2.Key=b&Tags.member.1.Key=a&Tags.member.x.Key=d"
    params = wire.decode(HttpRequest(method="POST", path="/", body=body), {})
    assert [tag["Key"] for tag in params["Tags"]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "body",
    [b"DurationSeconds=ten", b"DurationSeconds.a=1", b"RoleArn=%ff", b"a." * 100 + b"=1"],
)
def test_query_calls_what_it_cannot_read_malformed(body: bytes) -> None:
    wire = compile_service("sts").operation("AssumeRole", "query")
    with pytest.raises(SerializationException) as raised:
        wire.decode(HttpRequest(method="POST", path="/", body=body), {})
    assert raised.value.code == "MalformedInput"


@pytest.mark.parametrize(
    "body",
    [
        b"<a>",
        b"<!DOCTYPE a><a/>",
        b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
        b"<a>&e;</a>",
        b"",
        b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
        b'<?xml version="1.0" encoding="utf-7"?><a>\xff</a>',
    ],
)
def test_xml_that_no_request_needs_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedXML):
        parse(body)


def test_xml_names_are_compared_without_their_prefixes() -> None:
    wire = compile_service("s3").operation("PutBucketTagging", "rest-xml")
    body = (
        b"<x:Tagging xmlns:x='u'><x:TagSet><x:Tag><x:Key>k</x:Key></x:Tag></x:TagSet></x:Tagging>"
    )
    params = wire.decode(HttpRequest(method="PUT", path="/b", body=body), {"Bucket": "b"})
    assert params["Tagging"] == {"TagSet": [{"Key": "k"}]}


def test_a_quoted_header_item_keeps_its_comma() -> None:
    wire = compile_service("s3").operation("GetObjectAttributes", "rest-xml")
    request = HttpRequest(
        method="GET", path="/b/k", headers={"x-amz-object-attributes": 'ETag, "a,b\\"c", Size'}
    )
    params = wire.decode(request, {"Bucket": "b", "Key": "k"})
    assert params["ObjectAttributes"] == ["ETag", 'a,b"c', "Size"]


def test_s3_calls_what_it_cannot_read_an_invalid_argument() -> None:
    wire = compile_service("s3").operation("ListObjectsV2", "rest-xml")
    with pytest.raises(SerializationException) as raised:
        wire.decode(HttpRequest(method="GET", path="/b", query="max-keys=x"), {"Bucket": "b"})
    assert raised.value.code == "InvalidArgument"
