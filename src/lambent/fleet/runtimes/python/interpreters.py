"""The Python interpreters on this host, by version, and which of them runs a given runtime."""

import os
import re
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_RUNTIME = re.compile(r"python3\.(\d{1,2})")
_VERSIONED = re.compile(r"3\.(\d+)\.(\d+)")
_OLDEST, _NEWEST = 8, 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """An interpreter of version 3.`minor`. `prefix` is the folder it is installed in."""

    minor: int
    path: Path
    prefix: Path


def minor_of(runtime: str) -> int | None:
    """The minor version a runtime identifier asks for, or None when it is not Python's."""
    match = _RUNTIME.fullmatch(runtime)
    if match is None or not _OLDEST <= int(match[1]) <= _NEWEST:
        return None
    return int(match[1])


def find_interpreters(home: Path, search_path: str) -> dict[int, Interpreter]:
    """One interpreter per minor version: pyenv's and uv's own builds, then those on the path.

    Looks at files only; nothing is run.
    """
    found: dict[int, Interpreter] = {}
    for minor in range(_OLDEST, _NEWEST + 1):
        for candidate in _candidates(minor, home, search_path):
            real = candidate.resolve()
            if real.is_file() and os.access(real, os.X_OK) and _is_python(real, minor):
                prefix = real.parent.parent
                found[minor] = Interpreter(minor=minor, path=real, prefix=prefix)
                break
    return found


def nearest(minor: int, found: dict[int, Interpreter]) -> Interpreter | None:
    """The interpreter whose version is closest, a newer one rather than an older."""
    if not found:
        return None
    return found[min(found, key=lambda have: (abs(have - minor), -have))]


def _candidates(minor: int, home: Path, search_path: str) -> list[Path]:
    name = f"python3.{minor}"
    managed = [
        *_newest_first((home / ".pyenv" / "versions").glob(f"3.{minor}.*/bin/{name}")),
        *_newest_first((home / ".local/share/uv/python").glob(f"cpython-3.{minor}.*/bin/{name}")),
    ]
    own = [Path(sys.executable)] if sys.version_info[1] == minor else []
    on_path = shutil.which(name, path=search_path)
    return [*managed, *own, *([Path(on_path)] if on_path else [])]


def _newest_first(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=_patch, reverse=True)


def _patch(path: Path) -> int:
    match = _VERSIONED.search(str(path))
    return int(match[2]) if match else -1


def _is_python(path: Path, minor: int) -> bool:
    # A pyenv shim is a shell script that asks for a version it may not have.
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF" or sys.platform == "darwin"
