"""The Node.js binaries on this host, by major version."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_RUNTIME = re.compile(r"nodejs(\d{2})\.x")
_VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
_MANAGED = (
    ".nvm/versions/node/*/bin/node",
    ".volta/tools/image/node/*/bin/node",
    ".local/share/fnm/node-versions/*/installation/bin/node",
    ".asdf/installs/nodejs/*/bin/node",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A Node.js binary. `prefix` is the folder it is installed in."""

    major: int
    version: str
    path: Path
    prefix: Path


def major_of(runtime: str) -> int | None:
    """The major version a runtime identifier asks for, or None when it is not Node.js's."""
    match = _RUNTIME.fullmatch(runtime)
    return int(match[1]) if match else None


def find_nodes(home: Path, search_path: str) -> dict[int, Node]:
    """One binary per major version: those of version managers, then the one on the path.

    Runs each once, to ask for its version.
    """
    on_path = shutil.which("node", path=search_path)
    candidates = [path for pattern in _MANAGED for path in home.glob(pattern)]
    candidates += [Path(on_path)] if on_path else []
    found: dict[int, Node] = {}
    for candidate in candidates:
        node = _ask(candidate.resolve())
        if node is not None and _newer(node, found.get(node.major)):
            found[node.major] = node
    return found


def nearest(major: int, found: dict[int, Node]) -> Node | None:
    """The binary whose version is closest, a newer one rather than an older."""
    if not found:
        return None
    return found[min(found, key=lambda have: (abs(have - major), -have))]


def _ask(path: Path) -> Node | None:
    if not os.access(path, os.X_OK):
        return None
    try:
        asked = subprocess.run([path, "--version"], capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    version = asked.stdout.decode(errors="replace").strip()
    match = _VERSION.fullmatch(version)
    if match is None:
        return None
    return Node(major=int(match[1]), version=version[1:], path=path, prefix=path.parent.parent)


def _newer(node: Node, than: Node | None) -> bool:
    return than is None or _parts(node) > _parts(than)


def _parts(node: Node) -> tuple[int, ...]:
    return tuple(int(part) for part in node.version.split("."))
