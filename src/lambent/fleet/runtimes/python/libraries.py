"""The libraries that every Python function finds: AWS's runtime client and SDK, and nothing else.

They are those that Lambent itself was installed with, linked into a directory of their own, so
that a function never sees Lambent's environment. Pure Python, and so the same for every version.
"""

import importlib.metadata
import json
import os
import shutil
from pathlib import Path

_WANTED = ("awslambdaric", "boto3")
_NATIVE = (".so", ".pyd", ".dylib")


def runtime_libraries(root: Path) -> Path:
    """The directory with the libraries, made if it is absent or of other versions."""
    distributions = _closure(_WANTED)
    versions = {one.metadata["Name"]: one.version for one in distributions}
    stamp = json.dumps(versions, sort_keys=True)
    target = root / "libraries"
    if _read(target / "versions.json") == stamp:
        return target
    partial = root / f"libraries.{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for distribution in distributions:
        _link(distribution, partial)
    (partial / "versions.json").write_text(stamp)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    return target


def libraries_need(minor: int) -> str | None:
    """The versions of Python that the SDK needs, when 3.`minor` is not one of them."""
    # Imported where it is used, as below: a start waits for neither.
    from packaging.specifiers import SpecifierSet

    needed: str | None = importlib.metadata.metadata("boto3")["Requires-Python"]
    if needed is None or SpecifierSet(needed).contains(f"3.{minor}"):
        return None
    return needed


def _closure(names: tuple[str, ...]) -> list[importlib.metadata.Distribution]:
    """The distributions called `names`, and all that they require here."""
    from packaging.requirements import Requirement

    found: dict[str, importlib.metadata.Distribution] = {}
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        distribution = importlib.metadata.distribution(name)
        key = distribution.metadata["Name"].lower().replace("_", "-")
        if key in found:
            continue
        found[key] = distribution
        for text in distribution.requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                wanted.append(requirement.name)
    return [found[key] for key in sorted(found)]


def _link(distribution: importlib.metadata.Distribution, target: Path) -> None:
    for file in distribution.files or ():
        parts = file.parts
        unwanted = parts[0] in ("..", "bin") or "__pycache__" in parts
        # Compiled for Lambent's own interpreter; each of these libraries has a way without.
        if unwanted or file.name.endswith(_NATIVE):
            continue
        source = Path(str(distribution.locate_file(file)))
        link = target.joinpath(*parts)
        link.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, link)
        except OSError:
            shutil.copyfile(source, link)


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
