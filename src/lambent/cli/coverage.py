"""`lambent coverage`: which operations and parameters are built, from the code's declarations."""

import click


@click.command()
def coverage() -> None:
    """Print docs/coverage.md."""
    from lambent.app import declared_services
    from lambent.gateway.coverage import render

    click.echo(render(declared_services()), nl=False)
