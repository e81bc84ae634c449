"""`lambent doctor`: what this host allows, before anything runs."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from lambent.cli.client import json_option
from lambent.cli.output import done, failed, note, result_json


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check what this host has for Lambent. Exits with 1 when something necessary is missing."""
    from lambent.fleet.runtimes.nodejs.binaries import find_nodes
    from lambent.fleet.runtimes.python.interpreters import find_interpreters
    from lambent.fleet.sandbox.levels import why_no_namespaces

    search_path = os.environ.get("PATH", os.defpath)
    obstacle = why_no_namespaces()
    pythons = sorted(find_interpreters(Path.home(), search_path))
    nodes = find_nodes(Path.home(), search_path)
    report = {
        "lambent_python": sys.version.split()[0],
        "sandbox": "namespace" if obstacle is None else "process",
        "sandbox_obstacle": obstacle,
        "python": [f"3.{minor}" for minor in pythons],
        "node": sorted(str(major) for major in nodes),
    }
    if as_json:
        result_json(report)
    else:
        _tell(report)
    if not pythons:
        sys.exit(1)


def _tell(report: Mapping[str, object]) -> None:
    done(f"Python {report['lambent_python']}")
    if report["sandbox_obstacle"] is None:
        done("functions are isolated by namespaces and control groups")
    else:
        note(f"functions run as plain processes: {report['sandbox_obstacle']}")
    for language in ("python", "node"):
        versions = report[language]
        assert isinstance(versions, list)
        if versions:
            done(f"{language} for functions: {', '.join(versions)}")
        elif language == "python":
            failed("no Python interpreter was found for functions")
        else:
            note(f"no {language} was found; functions in it are refused")
