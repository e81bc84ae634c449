from pathlib import Path

import pytest

from lambent.core.clock import RealClock
from lambent.fleet.runtimes.api import RuntimeChoice
from lambent.fleet.runtimes.python import family as family_module
from lambent.fleet.runtimes.python.family import PythonFamily
from lambent.fleet.runtimes.python.interpreters import Interpreter
from lambent.fleet.sandbox.levels import Sandboxes


@pytest.fixture
def minors() -> list[int]:
    return [11, 13]


@pytest.fixture(params=[False])
def family(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    minors: list[int],
) -> PythonFamily:
    found = {
        minor: Interpreter(minor=minor, path=Path("/p"), prefix=Path("/p")) for minor in minors
    }
    monkeypatch.setattr(family_module, "find_interpreters", lambda home, path: found)
    return PythonFamily(
        Sandboxes("process", tmp_path, RealClock()),
        libraries_dir=tmp_path,
        home=tmp_path,
        search_path="",
        strict=request.param,
        cpu_shares=False,
    )


def test_an_exact_interpreter_is_chosen_without_a_word(family: PythonFamily) -> None:
    choice = family.resolve("python3.11")
    assert isinstance(choice, RuntimeChoice)
    assert choice.version.startswith("python:3.11.v")
    assert choice.warning is None


def test_another_interpreter_stands_in_with_a_warning(family: PythonFamily) -> None:
    choice = family.resolve("python3.14")
    assert isinstance(choice, RuntimeChoice)
    assert choice.identifier == "python3.14"
    assert choice.version.startswith("python:3.13.v")
    assert choice.warning == "python3.14 is not on this host; python3.13 stands in"


@pytest.mark.parametrize("family", [True], indirect=True)
def test_strictly_no_other_stands_in(family: PythonFamily) -> None:
    assert isinstance(family.resolve("python3.11"), RuntimeChoice)
    refusal = family.resolve("python3.14")
    assert refusal == "python3.14 is not on this host, and --strict-runtimes is set"


@pytest.mark.parametrize("minors", [[9]])
def test_an_old_interpreter_says_that_it_has_no_sdk(family: PythonFamily) -> None:
    choice = family.resolve("python3.9")
    assert isinstance(choice, RuntimeChoice)
    assert choice.warning is not None
    assert "boto3 is not there for python3.9" in choice.warning


@pytest.mark.parametrize("minors", [[]])
def test_a_host_without_python_refuses(family: PythonFamily) -> None:
    assert family.resolve("python3.12") == "no Python interpreter was found on this host"


@pytest.mark.parametrize("runtime", ["nodejs20.x", "provided.al2023", "python2.7", "python3.7"])
def test_other_families_runtimes_are_not_answered(family: PythonFamily, runtime: str) -> None:
    assert family.resolve(runtime) is None
