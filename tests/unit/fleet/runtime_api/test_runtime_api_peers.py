"""Whose socket it is at the other end."""

import errno
import os
import socket
from collections.abc import Iterator

import pytest

from lambent.fleet.runtime_api import peers

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as theirs,
        server.accept()[0] as ours,
    ):
        yield ours, theirs


def test_the_owner_of_the_other_end_is_found(pair: Pair) -> None:
    assert peers.peer_uid(pair[0]) == os.geteuid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes sockets of another user")
@pytest.mark.parametrize("asked", [True, False], ids=["kernel", "table"])
def test_another_users_socket_is_told_apart(asked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not asked:
        monkeypatch.setattr(peers, "_ask_kernel", _unavailable)
    with socket.create_server(("127.0.0.1", 0)) as server:
        # Only the making is another user's: a module imported on the way might not be readable to
        # it, and would be missing for every test that follows.
        os.seteuid(1_234)
        try:
            theirs = socket.socket()
        finally:
            os.seteuid(0)
        theirs.connect(server.getsockname())
        ours, _ = server.accept()
        with ours, theirs:
            assert peers.peer_uid(ours) == 1_234


def test_the_table_is_read_where_the_kernel_cannot_be_asked(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "_ask_kernel", _unavailable)
    assert peers.peer_uid(pair[0]) == os.geteuid()


def test_a_socket_without_a_peer_has_no_owner() -> None:
    with socket.socket() as alone:
        assert peers.peer_uid(alone) is None


def _unavailable(own: object, other: object) -> int:
    raise OSError(errno.EPROTONOSUPPORT, "not here")
