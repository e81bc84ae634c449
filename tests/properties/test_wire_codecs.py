"""The codecs below the protocols: whatever is written is read back, by ours and by botocore's."""

import contextlib
import io
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from botocore.parsers import RpcV2CBORParser
from hypothesis import given
from hypothesis import strategies as st

from lambent.gateway.wire import cbor, eventstream, timestamps
from lambent.gateway.wire.xml_reading import parse
from lambent.gateway.wire.xml_writing import escape

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(microsecond=naive.microsecond // 1000 * 1000, tzinfo=UTC)
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False)
    | TEXT
    | st.binary()
    | INSTANTS
)
TREES = st.recursive(LEAVES, lambda below: st.lists(below) | st.dictionaries(TEXT, below))


@given(TREES)
def test_cbor_reads_what_it_wrote(tree: Any) -> None:
    assert cbor.loads(cbor.dumps(tree)) == tree


@given(st.dictionaries(TEXT, st.integers(-(2**64), 2**64 - 1) | TEXT | st.binary() | st.booleans()))
def test_cbor_is_what_botocore_reads(tree: dict[str, Any]) -> None:
    stream = io.BufferedReader(io.BytesIO(cbor.dumps(tree)))
    assert RpcV2CBORParser().parse_data_item(stream) == tree


@given(st.binary())
def test_bytes_that_are_not_cbor_are_refused_in_one_way(data: bytes) -> None:
    with contextlib.suppress(cbor.CborError):
        cbor.loads(data)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\x9f\x01\x02\xff", [1, 2]),
        (b"\xbf\x61a\x01\xff", {"a": 1}),
        (b"\x7f\x61a\x61b\xff", "ab"),
        (b"\x5f\x41a\x41b\xff", b"ab"),
        (b"\xf9\x3c\x00", 1.0),
        (b"\xfa\x3f\x80\x00\x00", 1.0),
        (b"\xf7", None),
    ],
)
def test_cbor_reads_indefinite_lengths_and_narrow_floats(data: bytes, value: Any) -> None:
    assert cbor.loads(data) == value


def test_cbor_refuses_depth_without_end() -> None:
    with pytest.raises(cbor.CborError, match="too deep"):
        cbor.loads(b"\x81" * 100_000 + b"\x01")


def test_cbor_writes_what_is_no_number() -> None:
    assert math.isnan(cbor.loads(cbor.dumps(math.nan)))


HEADER_NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
HEADER_VALUES = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
    | st.binary(max_size=50)
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
)
FRAMES = st.lists(st.tuples(st.dictionaries(HEADER_NAMES, HEADER_VALUES), st.binary()))


@given(FRAMES)
def test_event_stream_frames_read_back(frames: list[tuple[dict[str, Any], bytes]]) -> None:
    data = b"".join(eventstream.encode_frame(headers, payload) for headers, payload in frames)
    decoded = eventstream.decode_frames(data)
    assert [(dict(frame.headers), frame.payload) for frame in decoded] == frames


@given(FRAMES)
def test_event_stream_frames_are_what_botocore_reads(
    frames: list[tuple[dict[str, Any], bytes]],
) -> None:
    buffer = EventStreamBuffer()
    for headers, payload in frames:
        buffer.add_data(eventstream.encode_frame(headers, payload))
    assert [(dict(message.headers), message.payload) for message in buffer] == frames


@given(st.data())
def test_a_damaged_frame_is_refused(data: st.DataObject) -> None:
    frame = eventstream.encode_frame({":event-type": "x"}, b"payload")
    at = data.draw(st.integers(0, len(frame) - 1))
    bit = data.draw(st.integers(0, 7))
    damaged = frame[:at] + bytes([frame[at] ^ 1 << bit]) + frame[at + 1 :]
    with pytest.raises(eventstream.FrameError):
        eventstream.decode_frames(damaged)


@given(INSTANTS)
def test_instants_survive_each_text_format(instant: datetime) -> None:
    assert timestamps.from_text(timestamps.to_text(instant, "iso8601"), "iso8601") == instant
    assert timestamps.from_epoch(timestamps.to_epoch(instant)) == instant
    seconds = timestamps.from_text(timestamps.to_text(instant, "rfc822"), "rfc822")
    assert timedelta(0) <= instant - seconds < timedelta(seconds=1)


@given(st.text())
def test_any_text_makes_a_document_that_can_be_read(text: str) -> None:
    element = parse(f'<a b="{escape(text)}">{escape(text)}</a>'.encode())
    assert len(element.text) == len(text)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
def test_printable_text_survives_xml(text: str) -> None:
    assert parse(f"<a>{escape(text)}</a>".encode()).text == text
