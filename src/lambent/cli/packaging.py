"""From a folder to a function: what runs it, where its handler is, and its zip."""

import ast
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

DEFAULT_PYTHON = "python3.12"
DEFAULT_NODE = "nodejs22.x"

_SKIPPED_FOLDERS = frozenset({".git", ".hg", ".venv", "venv", "__pycache__", ".lambent", ".idea"})
_SKIPPED_ENDINGS = (".pyc", ".pyo", ".DS_Store", ".swp", "~")
# The earliest instant a zip can hold: the same files give the same archive, and the same digest.
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_PYTHON_FILES = ("handler.py", "lambda_function.py", "app.py", "main.py", "index.py")
_NODE_FILES = (
    "index.mjs",
    "index.js",
    "index.cjs",
    "handler.mjs",
    "handler.js",
    "app.mjs",
    "app.js",
)
_HANDLER_NAMES = ("handler", "lambda_handler", "main")


@dataclass(frozen=True, slots=True)
class Detected:
    """What a folder is, as far as can be told by looking."""

    runtime: str
    handler: str


def detect(folder: Path) -> Detected:
    """Recognise a Python, Node.js or custom function. Raises ClickException when there is none."""
    if (folder / "bootstrap").is_file():
        return Detected("provided.al2023", "bootstrap")
    for name in _PYTHON_FILES:
        if (folder / name).is_file() and (handler := _python_handler(folder / name)):
            return Detected(DEFAULT_PYTHON, f"{Path(name).stem}.{handler}")
    for name in _NODE_FILES:
        if (folder / name).is_file():
            return Detected(DEFAULT_NODE, f"{Path(name).stem}.handler")
    lone = sorted(folder.glob("*.py"))
    if len(lone) == 1 and (handler := _python_handler(lone[0])):
        return Detected(DEFAULT_PYTHON, f"{lone[0].stem}.{handler}")
    raise click.ClickException(
        f"No handler found in {folder}. Expected one of {', '.join(_PYTHON_FILES[:3])} with a "
        f"function {_HANDLER_NAMES[0]}(event, context), one of {', '.join(_NODE_FILES[:2])}, or an "
        "executable bootstrap; or say --handler and --runtime."
    )


def package(folder: Path) -> bytes:
    """The folder as a zip; the same files always give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in _files(folder):
            info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _FIXED_TIME)
            info.external_attr = (path.stat().st_mode & 0o777 | 0o100000) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, path.read_bytes())
    return buffer.getvalue()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not (
            _SKIPPED_FOLDERS.intersection(relative.parts) or path.name.endswith(_SKIPPED_ENDINGS)
        ):
            yield path


def _python_handler(path: Path) -> str | None:
    try:
        tree = ast.parse(path.read_text())
    except (SyntaxError, ValueError):
        # It may be broken just now, in the middle of an edit: its function will say so itself.
        return _HANDLER_NAMES[0]
    functions = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return next((name for name in _HANDLER_NAMES if name in functions), None)


def event_of(text: str | None) -> bytes:
    """An event given as JSON text, as @FILE, or not at all. Raises BadParameter."""
    if text is None:
        return b"{}"
    try:
        body = Path(text[1:]).read_text() if text.startswith("@") else text
        json.loads(body)
    except OSError as error:
        raise click.BadParameter(f"cannot read {text[1:]}: {error.strerror}") from error
    except ValueError as error:
        raise click.BadParameter(f"the event is not JSON: {error}") from error
    return body.encode()
