"""Generated pages are what their commands would write now."""

from pathlib import Path

from lambent.app import declared_services
from lambent.gateway.coverage import render, undeclared

ROOT = Path(__file__).parents[2]


def test_the_coverage_page_is_current() -> None:
    page = (ROOT / "docs" / "coverage.md").read_text()
    assert page == render(declared_services()), "run `make coverage`"


def test_every_declaration_is_of_something_that_the_model_has() -> None:
    for service in declared_services():
        assert undeclared(service) == []
