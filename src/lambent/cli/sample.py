"""`lambent sample`: deploy the sample function, invoke it once, and say what to try next."""

import json
import os
import shutil
import sys
from pathlib import Path

import click

from lambent.cli.client import endpoint_option, lambda_client, reporting_errors
from lambent.cli.deploy import Deployment, put_function
from lambent.cli.output import done


@click.command(hidden=True)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@endpoint_option
@reporting_errors
def sample(folder: Path, endpoint: str) -> None:
    """Deploy FOLDER as the sample application."""
    name = folder.resolve().name
    client = lambda_client(endpoint)
    put_function(client, Deployment(folder=folder.resolve(), name=name))
    answer = client.invoke(FunctionName=name, Payload=b'{"name": "world"}')
    done(f"deployed {name} and invoked it:")
    click.echo(json.dumps(json.load(answer["Payload"]), indent=2))
    command = _command()
    keys = "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1"
    click.echo(
        f"\nLambent listens at {click.style(endpoint, bold=True)}. Try next, in another shell:\n\n"
        f'  {command} invoke {name} \'{{"name": "you"}}\'\n'
        f"  {command} logs {name} --follow\n"
        f"  {keys} \\\n    AWS_ENDPOINT_URL={endpoint} aws lambda list-functions\n"
    )


def _command() -> str:
    """How this command is called from here."""
    if shutil.which("lambent") is not None:
        return "lambent"
    own = Path(sys.executable).with_name("lambent")
    return os.path.relpath(own)
