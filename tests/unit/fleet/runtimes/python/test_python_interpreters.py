from pathlib import Path

import pytest

from lambent.fleet.runtimes.python.interpreters import (
    Interpreter,
    find_interpreters,
    minor_of,
    nearest,
)


@pytest.mark.parametrize(
    ("runtime", "minor"),
    [
        ("python3.8", 8),
        ("python3.12", 12),
        ("python3.15", 15),
        ("python3.7", None),
        ("python3.16", None),
        ("python3", None),
        ("python2.7", None),
        ("python3.12 ", None),
        ("nodejs20.x", None),
        ("provided.al2023", None),
    ],
)
def test_a_runtime_identifier_names_a_minor_version(runtime: str, minor: int | None) -> None:
    assert minor_of(runtime) == minor


def have(*minors: int) -> dict[int, Interpreter]:
    return {
        minor: Interpreter(minor=minor, path=Path(f"/p/{minor}"), prefix=Path("/p"))
        for minor in minors
    }


@pytest.mark.parametrize(
    ("wanted", "minors", "chosen"),
    [
        (12, (11, 12, 13), 12),
        (14, (9, 13), 13),
        (8, (9, 13), 9),
        (12, (11, 13), 13),  # as near: the newer
        (10, (8, 11), 11),
    ],
)
def test_the_nearest_stands_in_and_rather_a_newer_one(
    wanted: int, minors: tuple[int, ...], chosen: int
) -> None:
    interpreter = nearest(wanted, have(*minors))
    assert interpreter is not None
    assert interpreter.minor == chosen


def test_without_interpreters_there_is_no_nearest() -> None:
    assert nearest(12, {}) is None


def build(path: Path, content: bytes = b"\x7fELF and so on") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def test_the_newest_patch_of_a_managed_build_is_found(tmp_path: Path) -> None:
    for patch in (2, 10, 9):
        build(tmp_path / f".pyenv/versions/3.9.{patch}/bin/python3.9")
    found = find_interpreters(tmp_path, "")
    assert found[9].prefix == tmp_path / ".pyenv/versions/3.9.10"


def test_a_shim_on_the_path_is_not_an_interpreter(tmp_path: Path) -> None:
    shims, real = tmp_path / "shims", tmp_path / "real/bin"
    build(shims / "python3.8", b"#!/bin/sh\nexec pyenv exec python3.8\n")
    assert 8 not in find_interpreters(tmp_path, str(shims))
    build(real / "python3.8")
    assert find_interpreters(tmp_path, str(real))[8].prefix == tmp_path / "real"


def test_a_link_is_followed_to_its_build(tmp_path: Path) -> None:
    target = build(tmp_path / ".local/share/uv/python/cpython-3.14.0-linux/bin/python3.14")
    links = tmp_path / "bin"
    links.mkdir()
    (links / "python3.14").symlink_to(target)
    assert find_interpreters(tmp_path / "elsewhere", str(links))[14].path == target
