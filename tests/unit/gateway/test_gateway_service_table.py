"""The generated table of services."""

from pathlib import Path

import lambent.gateway.service_table as module
from lambent.gateway.make_service_table import render
from lambent.gateway.service_table import load_table


def test_the_table_is_what_the_installed_botocore_says() -> None:
    """When this fails after an upgrade, run `python -m lambent.gateway.make_service_table`."""
    file = Path(module.__file__).with_name("service_table.json")
    assert file.read_text(encoding="utf-8") == render()


def test_only_what_is_asked_for_is_loaded() -> None:
    assert set(load_table({"sqs", "lambda"}).by_name) == {"sqs", "lambda"}
