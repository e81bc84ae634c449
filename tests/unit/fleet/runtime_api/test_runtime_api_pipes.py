"""A program's output: drained up to a moment, framed records whole."""

import asyncio
import os
import struct
from collections.abc import AsyncIterator

import pytest

from lambent.fleet.runtime_api.pipes import OutputPipe, framed


class Heard:
    """An Output that remembers."""

    def __init__(self) -> None:
        self.plain = b""
        self.records: list[tuple[int, int, bytes]] = []

    def written(self, data: bytes) -> None:
        self.plain += data

    def framed(self, frame_type: int, timestamp_us: int, message: bytes) -> None:
        self.records.append((frame_type, timestamp_us, message))


@pytest.fixture
async def pipe() -> AsyncIterator[tuple[OutputPipe, Heard]]:
    heard = Heard()
    made = OutputPipe(heard.written)
    yield made, heard
    made.close()


def frame(message: bytes, kind: int = 0xA55A000F) -> bytes:
    return struct.pack(">IIQ", kind, len(message), 7) + message


def test_records_are_whole_wherever_they_are_cut() -> None:
    data = frame(b"one\ntwo") + frame(b"") + frame(b"three", 0xA55A0017)
    for cut in range(len(data) + 1):
        heard = Heard()
        take = framed(heard)
        take(data[:cut])
        take(data[cut:])
        assert heard.records == [
            (0xA55A000F, 7, b"one\ntwo"),
            (0xA55A000F, 7, b""),
            (0xA55A0017, 7, b"three"),
        ]
        assert heard.plain == b""


@pytest.mark.parametrize(
    "garbage",
    [b"no frame, surely", struct.pack(">IIQ", 0xA55A000F, 1 << 31, 0), b"\0" * 16],
)
def test_what_is_no_frame_is_plain_output_from_then_on(garbage: bytes) -> None:
    heard = Heard()
    take = framed(heard)
    take(frame(b"good"))
    take(garbage)
    take(frame(b"late"))
    assert [message for *_, message in heard.records] == [b"good"]
    assert heard.plain == garbage + frame(b"late")


async def test_all_that_was_written_before_is_there_after_a_drain(
    pipe: tuple[OutputPipe, Heard],
) -> None:
    output, heard = pipe
    os.write(output.writing, b"x" * 60_000)
    output.drain()
    assert heard.plain == b"x" * 60_000
    os.close(output.writing)


async def test_a_drain_does_not_wait_for_who_goes_on_writing(
    pipe: tuple[OutputPipe, Heard],
) -> None:
    """A program that prints without end, on another core, must not hold the loop."""
    output, heard = pipe

    class Endless(Heard):
        def written(self, data: bytes) -> None:
            super().written(data)
            assert len(self.plain) <= 4096, "the drain runs after what is written meanwhile"
            os.write(output.writing, data)

    endless = Endless()
    output._take = endless.written
    os.write(output.writing, b"y" * 1000)
    output.drain()
    assert endless.plain == b"y" * 1000
    output._take = heard.written
    os.close(output.writing)


async def test_the_end_of_all_writers_closes_it(pipe: tuple[OutputPipe, Heard]) -> None:
    output, heard = pipe
    os.write(output.writing, b"last")
    output.handed_over()
    while output._reading is not None:
        await asyncio.sleep(0)
    assert heard.plain == b"last"
