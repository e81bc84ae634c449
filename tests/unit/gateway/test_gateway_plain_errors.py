"""Errors without a model, as botocore's own parsers read them."""

from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.parsers import create_parser

from lambent.core.errors import AwsError
from lambent.gateway.plain_errors import encode_plain


class OddException(AwsError):
    status = 418


@pytest.mark.parametrize(
    "protocol", ["json", "rest-json", "query", "ec2", "rest-xml", "smithy-rpc-v2-cbor"]
)
@pytest.mark.parametrize("message", ["plain", "<&>\"'", "Grüße 🙂", "x" * 20_000])
def test_botocore_reads_the_error(protocol: str, message: str) -> None:
    response = encode_plain(OddException(message), protocol=protocol, request_id="the-id")
    no_shape: Any = None
    parsed = create_parser(protocol).parse(
        {
            "status_code": response.status,
            "headers": dict(response.headers),
            "body": response.body,
        },
        no_shape,
    )
    assert response.status == 418
    assert parsed["Error"]["Code"] == "OddException"
    assert parsed["Error"]["Message"] == message[: 16_000 if "cbor" in protocol else None]
    assert dict(response.headers)["x-amzn-requestid"] == "the-id"


@pytest.mark.parametrize("protocol", ["query", "ec2", "rest-xml"])
def test_characters_that_xml_cannot_carry_are_replaced(protocol: str) -> None:
    response = encode_plain(OddException("a\x00\ud800b"), protocol=protocol, request_id="i")
    assert isinstance(response.body, bytes)
    texts = [element.text for element in ElementTree.fromstring(response.body).iter()]
    assert "a\ufffd\ufffdb" in texts


def test_half_a_character_does_not_break_cbor() -> None:
    error = OddException("a\ud800b")
    response = encode_plain(error, protocol="smithy-rpc-v2-cbor", request_id="i")
    assert isinstance(response.body, bytes)
    assert response.body.endswith(b"a?b")
