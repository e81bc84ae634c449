"""Real runtimes in real sandboxes, shared by the tests of a module; each test has environments
of its own."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from python_place import PythonPlace

from lambent.core.clock import RealClock
from lambent.fleet.runtimes.python.family import PythonFamily
from lambent.fleet.sandbox.levels import Sandboxes, why_no_namespaces

_LEVELS = [
    pytest.param(
        "namespace",
        marks=pytest.mark.skipif(
            why_no_namespaces() is not None, reason=why_no_namespaces() or "it can be had"
        ),
    ),
    "process",
]


@pytest.fixture(scope="module", params=_LEVELS)
def level_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def python_family(
    level_name: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PythonFamily]:
    folder = tmp_path_factory.mktemp("platform")
    sandboxes = Sandboxes(level_name, folder / "run", RealClock())  # type: ignore[arg-type]
    family = PythonFamily(
        sandboxes,
        libraries_dir=folder / "runtimes",
        home=Path.home(),
        search_path=os.environ["PATH"],
        strict=False,
        cpu_shares=False,
    )
    yield family
    await sandboxes.close()


@pytest_asyncio.fixture(loop_scope="module")
async def python(python_family: PythonFamily, tmp_path: Path) -> AsyncIterator[PythonPlace]:
    place = PythonPlace(python_family, tmp_path)
    yield place
    for host in place.made:
        await host.close()
