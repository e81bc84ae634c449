"""What a person types. Only an AWS SDK client and an HTTP client; `up` starts the platform.

Each command is a module of its name. People get words and colours, scripts get JSON (`--json`);
exit codes: 0 done, 1 it failed (a function error, too), 2 wrong usage, 3 Lambent is not running.
"""

import click

from lambent import __version__
from lambent.cli.coverage import coverage
from lambent.cli.deploy import deploy
from lambent.cli.doctor import doctor
from lambent.cli.down import down
from lambent.cli.invoke import invoke
from lambent.cli.logs import logs
from lambent.cli.sample import sample
from lambent.cli.status import status
from lambent.cli.up import up


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="lambent")
def main() -> None:
    """Serverless computing on your own machine: AWS Lambda and its event sources, locally."""


for command in (up, down, status, doctor, deploy, invoke, logs, coverage, sample):
    main.add_command(command)
