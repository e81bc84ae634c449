"""Unpacking code: complete or not at all, and never outside of its directory."""

import io
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from lambent.fleet.packages import BadPackage, Packages, unpack

T = TypeVar("T")


class Zips:
    """The archives of a test, run inline."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, digest: str, **files: str) -> str:
        with zipfile.ZipFile(self.path(digest), "w") as package:
            for name, text in files.items():
                package.writestr(name.replace("__", "/"), text)
        return digest

    def path(self, digest: str) -> Path:
        return self._folder / digest

    async def run(self, work: Callable[[], T]) -> T:
        return work()


def archive(folder: Path, *members: tuple[zipfile.ZipInfo, bytes]) -> Path:
    path = folder / "package.zip"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for info, data in members:
            package.writestr(info, data)
    path.write_bytes(buffer.getvalue())
    return path


def member(name: str, mode: int = 0o644, kind: int = stat.S_IFREG) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | mode) << 16
    return info


async def test_layers_are_merged_and_the_later_one_wins(tmp_path: Path) -> None:
    zips = Zips(tmp_path)
    first = zips.add("a" * 64, python__one="1", shared="first")
    second = zips.add("b" * 64, python__two="2", shared="second")
    packages = Packages(tmp_path / "unpacked", zips)
    opt = await packages.opt_dir((first, second))
    assert opt is not None
    assert (opt / "python" / "one").read_text() == "1"
    assert (opt / "python" / "two").read_text() == "2"
    assert (opt / "shared").read_text() == "second"
    assert await packages.opt_dir((first, second)) == opt
    assert await packages.opt_dir(()) is None


async def test_what_a_crash_left_half_unpacked_is_not_used(tmp_path: Path) -> None:
    zips = Zips(tmp_path)
    digest = zips.add("c" * 64, handler="code")
    half_done = tmp_path / "unpacked" / f".code-{digest}.{os.getpid()}"
    half_done.mkdir(parents=True)
    (half_done / "junk").write_text("half")
    task = await Packages(tmp_path / "unpacked", zips).task_dir(digest)
    assert sorted(path.name for path in task.iterdir()) == ["handler"]


def test_modes_become_readable_and_keep_their_execute_bit(tmp_path: Path) -> None:
    path = archive(tmp_path, (member("bootstrap", 0o700), b"#!"), (member("data", 0o600), b""))
    target = tmp_path / "out"
    target.mkdir()
    unpack(path, target)
    assert stat.S_IMODE((target / "bootstrap").stat().st_mode) == 0o755
    assert stat.S_IMODE((target / "data").stat().st_mode) == 0o644


@pytest.mark.parametrize("name", ["../evil", "a/../../evil"])
def test_a_member_outside_of_the_package_is_refused(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path, (member(name), b"x"))
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(BadPackage):
        unpack(path, target)
    assert not (tmp_path / "evil").exists()


def test_nothing_is_written_through_a_link_that_leads_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    path = archive(
        tmp_path,
        (member("door", kind=stat.S_IFLNK), str(outside).encode()),
        (member("door/evil"), b"x"),
    )
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(BadPackage):
        unpack(path, target)
    assert list(outside.iterdir()) == []


def test_links_inside_the_package_are_kept(tmp_path: Path) -> None:
    path = archive(tmp_path, (member("real"), b"x"), (member("alias", kind=stat.S_IFLNK), b"real"))
    target = tmp_path / "out"
    target.mkdir()
    unpack(path, target)
    assert (target / "alias").read_text() == "x"


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(b"not a zip")
    with pytest.raises(BadPackage):
        unpack(path, tmp_path)
