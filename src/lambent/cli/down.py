"""`lambent down`: stop a Lambent that runs in the background."""

import os
import select
import signal
from pathlib import Path

import click

from lambent.cli.client import data_dir_option
from lambent.cli.output import done

# Long enough for invocations under way to finish, or to be ended by the platform's own deadline.
_PATIENCE_S = 40


class NoneRuns(click.ClickException):
    """There is nothing to stop."""

    exit_code = 3


@click.command()
@data_dir_option
def down(data_dir: str) -> None:
    """Stop the Lambent of a data directory. Exits with 3 when none runs."""
    pid_file = Path(data_dir) / "lambent.pid"
    try:
        pid = int(pid_file.read_text())
        descriptor = os.pidfd_open(pid)
    except (OSError, ValueError) as error:
        raise NoneRuns(f"No Lambent runs with its data under {data_dir}") from error
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        if not select.select([descriptor], [], [], _PATIENCE_S)[0]:
            raise click.ClickException(f"process {pid} does not end; its state is safe to kill -9")
    finally:
        os.close(descriptor)
    done("stopped")
