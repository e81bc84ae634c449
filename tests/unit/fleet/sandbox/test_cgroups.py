"""Control groups against files that look like the kernel's: what is written where."""

from pathlib import Path

import pytest

from lambent.fleet.sandbox.cgroups import ControlGroup, Controllers

MIB = 1 << 20


def files(folder: Path, **content: str) -> Path:
    folder.mkdir(parents=True)
    for name, text in content.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


@pytest.fixture
def version_2(tmp_path: Path) -> Path:
    return files(
        tmp_path / "v2" / "one",
        cgroup__freeze="0",
        cgroup__kill="",
        memory__peak="5000000",
        memory__current="0",
        memory__events="low 0\noom 1\noom_kill 2\n",
        memory__stat="anon 1000\nshmem 1000000\n",
    )


def group_of(folder: Path, cpus: float | None = 0.5) -> ControlGroup:
    root = folder.parent
    controllers = Controllers(unified=root, freezer=None, memory=root, pids=root, cpu=root)
    group = ControlGroup(controllers, folder.name)
    group.limit(
        memory_bytes=128 * MIB,
        tmp_bytes=512 * MIB,
        shared_bytes=28 * MIB,
        cpus=cpus,
    )
    return group


def test_version_2_limits(version_2: Path) -> None:
    group_of(version_2)
    read = {path.name: path.read_text() for path in version_2.iterdir()}
    assert read["memory.max"] == str((128 - 28 + 512) * MIB)
    assert read["memory.swap.max"] == "0"
    assert read["pids.max"] == "1024"
    assert read["cpu.max"] == "50000 100000"


def test_without_a_share_cpu_is_not_limited(version_2: Path) -> None:
    group_of(version_2, cpus=None)
    assert not (version_2 / "cpu.max").exists()


def test_version_2_is_frozen_and_thawed(version_2: Path) -> None:
    group = group_of(version_2)
    group.freeze()
    assert (version_2 / "cgroup.freeze").read_text() == "1"
    group.thaw()
    assert (version_2 / "cgroup.freeze").read_text() == "0"


@pytest.mark.parametrize(
    ("peak_mb", "in_tmp_mb", "reported_mb"),
    [(60, 0, 60 + 28), (300, 250, 50 + 28)],
)
def test_the_peak_leaves_tmp_out_and_shared_pages_in(
    version_2: Path, peak_mb: int, in_tmp_mb: int, reported_mb: int
) -> None:
    group = group_of(version_2)
    (version_2 / "memory.peak").write_text(str(peak_mb * MIB))
    (version_2 / "memory.stat").write_text(f"anon 0\nshmem {in_tmp_mb * MIB}\n")
    assert group.memory_peak_bytes() == reported_mb * MIB


def test_kills_for_memory_are_counted(version_2: Path) -> None:
    assert group_of(version_2).out_of_memory_kills() == 2


@pytest.mark.parametrize(
    ("current_mb", "own_mb", "killed"),
    [
        (99, 99, False),
        (101, 101, True),
        (400, 20, False),  # in /tmp
        (400, 101, True),
    ],
)
def test_only_the_program_s_own_memory_is_held_against_it(
    version_2: Path, current_mb: int, own_mb: int, killed: bool
) -> None:
    group = group_of(version_2)
    (version_2 / "memory.current").write_text(str(current_mb * MIB))
    (version_2 / "memory.stat").write_text(f"anon {own_mb * MIB}\nshmem 0\n")
    before = group.out_of_memory_kills()
    group.end_if_over_limit()
    assert (version_2 / "cgroup.kill").read_text() == ("1" if killed else "")
    assert (group.out_of_memory_kills() > before) is killed


def test_memory_is_told_apart_only_once_it_can_matter(version_2: Path) -> None:
    group = group_of(version_2)
    (version_2 / "memory.current").write_text(str(300 * MIB))
    (version_2 / "memory.stat").write_text(f"anon {50 * MIB}\nshmem 0\n")
    group.end_if_over_limit()
    # 250 in /tmp and 50 of its own: below 350 the program cannot have passed 100.
    (version_2 / "memory.stat").unlink()
    (version_2 / "memory.current").write_text(str(349 * MIB))
    group.end_if_over_limit()
    (version_2 / "memory.stat").write_text(f"anon {101 * MIB}\nshmem 0\n")
    (version_2 / "memory.current").write_text(str(351 * MIB))
    group.end_if_over_limit()
    assert (version_2 / "cgroup.kill").read_text() == "1"
