"""Generated pages are what their commands would write now."""

import re
from pathlib import Path

from lambent.app import declared_services
from lambent.core import config_page
from lambent.fleet import states_page
from lambent.gateway.coverage import render, undeclared

ROOT = Path(__file__).parents[2]


def test_the_coverage_page_is_current() -> None:
    page = (ROOT / "docs" / "coverage.md").read_text()
    assert page == render(declared_services()), "run `make coverage`"


def test_every_declaration_is_of_something_that_the_model_has() -> None:
    for service in declared_services():
        assert undeclared(service) == []


def test_the_configuration_page_is_current() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text() == config_page.page()


def test_the_environments_page_is_current() -> None:
    assert (ROOT / "docs" / "environments.md").read_text() == states_page.page()


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "tests" / "README.md"]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"
