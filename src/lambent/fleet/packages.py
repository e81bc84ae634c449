"""Function code and layers, unpacked once per content and shared, read-only, by environments."""

import os
import shutil
import stat
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol, TypeVar

T = TypeVar("T")

Blocking = Callable[[Callable[[], T]], Awaitable[T]]


class BadPackage(ValueError):
    """The archive cannot be unpacked; the message says why."""


class Archives(Protocol):
    """Where the zips are: the blob store."""

    def path(self, digest: str) -> Path: ...

    async def run(self, work: Callable[[], T]) -> T:
        """Run blocking work off the loop."""
        ...


class Packages:
    """Unpacked archives under `root`, by digest.

    Invariant: a directory under `root` with a final name is complete; it is unpacked under a
    temporary name and renamed. What a crash left half-done is unpacked again.
    """

    def __init__(self, root: Path, archives: Archives) -> None:
        self._root = root
        self._archives = archives
        self._ready: dict[str, Path] = {}

    async def task_dir(self, code_digest: str) -> Path:
        """The function's code, as /var/task shows it. Raises BadPackage."""
        return await self._directory(f"code-{code_digest}", (code_digest,))

    async def opt_dir(self, layer_digests: tuple[str, ...]) -> Path | None:
        """The layers merged in order, later ones over earlier ones, as /opt shows them."""
        if not layer_digests:
            return None
        name = "opt-" + "-".join(digest[:24] for digest in layer_digests)
        return await self._directory(name, layer_digests)

    async def forget(self, code_digest: str) -> None:
        """Remove an unpacked function that nothing refers to any more."""
        name = f"code-{code_digest}"
        self._ready.pop(name, None)
        await self._archives.run(lambda: shutil.rmtree(self._root / name, ignore_errors=True))

    async def _directory(self, name: str, digests: tuple[str, ...]) -> Path:
        if (ready := self._ready.get(name)) is not None:
            return ready
        final = self._root / name
        archives = [self._archives.path(digest) for digest in digests]
        await self._archives.run(lambda: _unpack_once(archives, final))
        self._ready[name] = final
        return final


def _unpack_once(archives: list[Path], final: Path) -> None:
    if final.is_dir():
        return
    partial = final.with_name(f".{final.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o755)
    try:
        for archive in archives:
            unpack(archive, partial)
        partial.chmod(0o755)
        partial.rename(final)
    except OSError:
        # Another unpacking of the same content came first: theirs is as good as ours.
        if not final.is_dir():
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def unpack(archive: Path, target: Path) -> None:
    """Unpack a zip over `target`: readable by all, execute bits kept, links only inside.

    Raises BadPackage for what is no zip, for a member that would land outside of `target`, and for
    an encrypted or damaged one.
    """
    try:
        with zipfile.ZipFile(archive) as package:
            for member in package.infolist():
                _unpack_member(package, member, target)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
        raise BadPackage(str(error)) from error
    except RuntimeError as error:  # zipfile's word for an encrypted member
        raise BadPackage(str(error)) from error


def _unpack_member(package: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    path = _inside(target, member.filename)
    mode = member.external_attr >> 16
    if member.is_dir():
        path.mkdir(parents=True, exist_ok=True, mode=0o755)
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    if path.is_symlink() or path.is_file():
        path.unlink()
    if stat.S_ISLNK(mode):
        path.symlink_to(_link_target(package.read(member).decode(), path, target))
        return
    with package.open(member) as source, path.open("wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
    path.chmod(0o755 if mode & 0o111 else 0o644)


def _inside(target: Path, name: str) -> Path:
    """Where a member goes. Refuses a name, or a link on its way, that leads out of `target`."""
    path = target / name.replace("\\", "/").lstrip("/")
    if not path.parent.resolve().is_relative_to(target.resolve()) or ".." in path.parts:
        raise BadPackage(f"{name!r} is outside of the package")
    return path


def _link_target(link: str, path: Path, target: Path) -> str:
    # A link to an absolute path means that path inside the environment, where it is harmless; a
    # relative one must stay inside, or unpacking through it could write anywhere.
    if link.startswith("/"):
        return link
    if not (path.parent / link).resolve().is_relative_to(target.resolve()):
        raise BadPackage(f"the link {path.name!r} leads out of the package")
    return link
