"""What a folder is taken for, and the zip and the event made of what a user gives."""

import io
import zipfile
from pathlib import Path

import click
import pytest

from lambent.cli.packaging import Detected, detect, event_of, package


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("handler.py", "def handler(e, c): pass", Detected("python3.12", "handler.handler")),
        (
            "lambda_function.py",
            "def lambda_handler(e, c): pass",
            Detected("python3.12", "lambda_function.lambda_handler"),
        ),
        ("odd.py", "async def main(e, c): pass", Detected("python3.12", "odd.main")),
        ("app.py", "def handler(:", Detected("python3.12", "app.handler")),
        ("index.mjs", "", Detected("nodejs22.x", "index.handler")),
        ("bootstrap", "", Detected("provided.al2023", "bootstrap")),
    ],
)
def test_a_folder_tells_what_runs_it(
    tmp_path: Path, name: str, text: str, expected: Detected
) -> None:
    (tmp_path / name).write_text(text)
    assert detect(tmp_path) == expected


def test_a_folder_without_a_handler_is_refused_with_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text("other = 1")
    with pytest.raises(click.ClickException, match="executable bootstrap"):
        detect(tmp_path)


def test_the_same_files_give_the_same_zip_without_what_tools_left(tmp_path: Path) -> None:
    (tmp_path / "bootstrap").write_text("#!/bin/sh\n")
    (tmp_path / "bootstrap").chmod(0o755)
    first = package(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.txt").write_text("")
    (tmp_path / "handler.py~").write_text("")
    assert package(tmp_path) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist() == ["bootstrap"]
        assert archive.getinfo("bootstrap").external_attr >> 16 == 0o100755


def test_an_event_is_text_or_a_file_and_must_be_json(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"n": 1}')
    assert event_of(None) == b"{}"
    assert event_of(f"@{event}") == b'{"n": 1}'
    with pytest.raises(click.BadParameter, match="not JSON"):
        event_of("{nonsense")
    with pytest.raises(click.BadParameter, match="cannot read"):
        event_of(f"@{tmp_path / 'absent'}")
