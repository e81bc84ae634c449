"""How commands speak: words and colours for people, JSON for scripts."""

import json
from typing import Any

import click


def say(text: str, **style: Any) -> None:
    """A line for a person, on standard error so that results stay alone on standard output."""
    click.secho(text, err=True, **style)


def done(text: str) -> None:
    say(f"✓ {text}", fg="green")


def note(text: str) -> None:
    say(f"! {text}", fg="yellow")


def failed(text: str) -> None:
    say(f"✗ {text}", fg="red")


def result_json(document: Any) -> None:
    """A result for a script."""
    click.echo(json.dumps(document, indent=2, default=str))
