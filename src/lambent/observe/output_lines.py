"""Raw output of a program, cut into log messages: one for each line."""

# AWS: a longer line becomes several events of this size. Source: Lambda Developer Guide.
MAX_MESSAGE_BYTES = 262_144


class OutputLines:
    """Joins bytes that arrive cut anywhere into whole lines.

    Holds at most one partial line of less than `MAX_MESSAGE_BYTES`. Each byte is copied a constant
    number of times, however small the pieces that it comes in.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes, each with its newline."""
        if not self._pieces and data.endswith(b"\n") and len(data) <= MAX_MESSAGE_BYTES:
            if data.count(b"\n") == 1:
                return [data.decode("utf-8", "replace")]
            return [_text(line) for line in data.split(b"\n")[:-1]]
        messages: list[str] = []
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._keep(line + b"\n", messages)
            messages.extend(self.flush())
        if rest:
            self._keep(rest, messages)
        return messages

    def flush(self) -> list[str]:
        """The partial line, if there is one."""
        if not self._pieces:
            return []
        line = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        return [line.decode("utf-8", "replace")]

    def _keep(self, piece: bytes, messages: list[str]) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size <= MAX_MESSAGE_BYTES:
            return
        parts = split_oversized(b"".join(self._pieces))
        messages.extend(part.decode("utf-8", "replace") for part in parts[:-1])
        self._pieces = [parts[-1]]
        self._size = len(parts[-1])


def split_oversized(line: bytes) -> list[bytes]:
    """`line` in parts of at most `MAX_MESSAGE_BYTES`, cut between characters."""
    parts: list[bytes] = []
    start = 0
    while len(line) - start > MAX_MESSAGE_BYTES:
        end = start + MAX_MESSAGE_BYTES
        # A UTF-8 character has at most three continuation bytes; more of them is no UTF-8.
        for back in range(4):
            if line[end - back] & 0xC0 != 0x80:
                end -= back
                break
        parts.append(line[start:end])
        start = end
    parts.append(line[start:])
    return parts


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace") + "\n"
