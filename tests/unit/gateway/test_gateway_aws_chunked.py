"""The aws-chunked coding's framing."""

import pytest

from lambent.core.errors import AwsError
from lambent.gateway.aws_chunked import unchunk


def test_chunks_are_put_together() -> None:
    body = (
        b"2000;chunk-signature=a\r\n" + b"x" * 8192 + b"\r\n2\r\nyz\r\n0;chunk-signature=b\r\n\r\n"
    )
    assert unchunk(body).body == b"x" * 8192 + b"yz"


def test_trailers_follow_the_last_chunk() -> None:
    body = b"0\r\nX-Amz-Checksum-Crc32: AA==\r\nx-amz-trailer-signature:00\r\n\r\n"
    assert unchunk(body).trailers == {
        "x-amz-checksum-crc32": "AA==",
        "x-amz-trailer-signature": "00",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"5",
        b"5\r\nhello",
        b"5\r\nhello\r\n",
        b"4\r\nhello\r\n0\r\n\r\n",
        b"6\r\nhello\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"\r\n0\r\n\r\n",
        b"f" * 20 + b"\r\n",
    ],
)
def test_broken_framing_is_refused(body: bytes) -> None:
    with pytest.raises(AwsError) as refused:
        unchunk(body)
    assert refused.value.code == "IncompleteBody"


def test_crumbs_are_refused() -> None:
    with pytest.raises(AwsError) as refused:
        unchunk(b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
    assert refused.value.code == "InvalidChunkSizeError"
