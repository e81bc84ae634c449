"""Raw output into lines, in linear time and bounded space."""

from hypothesis import given
from hypothesis import strategies as st

from lambent.observe.output_lines import MAX_MESSAGE_BYTES, OutputLines, split_oversized


@given(st.lists(st.binary(max_size=20)))
def test_lines_do_not_depend_on_how_output_is_cut(pieces: list[bytes]) -> None:
    cut, whole = OutputLines(), OutputLines()
    in_pieces = [line for piece in pieces for line in cut.feed(piece)] + cut.flush()
    at_once = whole.feed(b"".join(pieces)) + whole.flush()
    assert in_pieces == at_once


@given(st.text(alphabet="a\né😀", max_size=60))
def test_lines_joined_are_the_output(text: str) -> None:
    lines = OutputLines()
    messages = lines.feed(text.encode()) + lines.flush()
    assert "".join(messages) == text
    assert all(message.endswith("\n") for message in messages[:-1])


def test_an_oversized_line_is_split_between_characters() -> None:
    line = b"x" + "é".encode() * MAX_MESSAGE_BYTES + b"\n"
    lines = OutputLines()
    messages = lines.feed(line)
    assert "".join(messages) == line.decode()
    assert all(len(message.encode()) <= MAX_MESSAGE_BYTES for message in messages)
    assert len(messages) == 3


def test_a_megabyte_in_single_bytes_is_linear() -> None:
    # Quadratic joining of this would copy half a terabyte.
    lines = OutputLines()
    messages = [message for _ in range(1 << 20) for message in lines.feed(b"x")]
    assert len(messages) == 3
    assert len(lines.flush()[0]) == MAX_MESSAGE_BYTES


def test_continuation_bytes_alone_are_still_split() -> None:
    parts = split_oversized(b"\x80" * (2 * MAX_MESSAGE_BYTES + 1))
    assert [len(part) for part in parts] == [MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES, 1]
