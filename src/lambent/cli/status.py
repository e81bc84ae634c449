"""`lambent status`: what runs, where, and what to know about it."""

import click

from lambent.cli.client import admin, endpoint_option, json_option
from lambent.cli.output import note, result_json


@click.command()
@endpoint_option
@json_option
def status(endpoint: str, as_json: bool) -> None:
    """Show whether Lambent runs, and what it holds. Exits with 3 when it does not."""
    document = admin(endpoint, "status")
    if as_json:
        result_json(document)
        return
    click.secho(f"Lambent {document['version']} at {endpoint}", bold=True)
    for label, key in (("data", "data_dir"), ("sandbox", "sandbox"), ("clock", "clock")):
        click.echo(f"  {label:<9} {document[key]}")
    for version, counts in sorted(document["environments"].items()):
        click.echo(
            f"  {version}: {counts['busy']} busy, {counts['idle']} idle, "
            f"{counts['starting']} starting"
        )
    for runtime, what in sorted(document["runtimes"].items()):
        click.echo(f"  {runtime:<16} {what}")
    for warning in document["warnings"]:
        note(warning)
