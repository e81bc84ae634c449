"""`lambent up`: start the platform, here or in the background."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lambent.cli.output import done, note, say
from lambent.core.config import FIELDS, Config, ConfigError, Field, load_config
from lambent.core.logs import configure_logging

if TYPE_CHECKING:
    from lambent.app import Platform

Command = Callable[..., Any]


def _configuration_options(command: Command) -> Command:
    """One flag per setting; what each means stands in the settings' own table."""
    for one in reversed(FIELDS):
        command = click.option(one.flag, one.name, **_option(one))(command)
    return command


def _option(one: Field) -> dict[str, Any]:
    option: dict[str, Any] = {"default": None, "help": f"{one.help} (default: {one.default})"}
    if one.kind is bool:
        option["is_flag"] = True
    elif one.choices:
        option["type"] = click.Choice(one.choices)
    elif one.kind is int:
        option["type"] = int
    return option


@click.command()
@_configuration_options
@click.option("--detach", is_flag=True, help="Start in the background and return once ready.")
@click.option("--sample", type=click.Path(exists=True, file_okay=False), help="Deploy it, too.")
@click.option("--ready-fd", type=int, hidden=True)
def up(detach: bool, sample: str | None, ready_fd: int | None, **flags: Any) -> None:
    """Start Lambent. Interrupt stops it; its functions are there again at the next start."""
    try:
        config = load_config(flags, os.environ, Path.cwd())
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    if detach:
        _detach(config, sample)
        return
    configure_logging(config.log_level, config.log_format, sys.stderr)
    _run(config, sample, ready_fd)


def _run(config: Config, sample: str | None, ready_fd: int | None) -> None:
    # Imported here: every other command starts without the platform.
    import uvloop

    from lambent.app import serve
    from lambent.core.store.sqlite import DataDirectoryInUse
    from lambent.fleet.sandbox.levels import SandboxUnavailable

    pid_file = config.data_dir / "lambent.pid"
    holds_pid_file = False

    async def ready(platform: "Platform") -> None:
        nonlocal holds_pid_file
        pid_file.write_text(str(os.getpid()))
        holds_pid_file = True
        if ready_fd is not None:
            with os.fdopen(ready_fd, "w") as parent:
                json.dump({"endpoint": platform.endpoint}, parent)
        done(f"Lambent is ready at {platform.endpoint} ({platform.sandboxes.name} sandbox)")
        if sample is not None:
            await _deploy_sample(platform.endpoint, sample)

    try:
        uvloop.run(serve(config, ready))
    except (DataDirectoryInUse, SandboxUnavailable) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"cannot listen on {config.host}:{config.port}: {error}") from (
            error
        )
    finally:
        if holds_pid_file:
            pid_file.unlink(missing_ok=True)
    say("stopped")


async def _deploy_sample(endpoint: str, folder: str) -> None:
    """Deploy as a user would: from another process, through the API."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lambent", "sample", folder, "--endpoint", endpoint)
    )
    if await process.wait() != 0:
        note("the sample could not be deployed")


def _detach(config: Config, sample: str | None) -> None:
    config.data_dir.mkdir(parents=True, exist_ok=True)
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "lambent", "up", "--ready-fd", str(writing)]
    for one in FIELDS:
        value = getattr(config, one.name)
        if one.kind is bool:
            command += [one.flag] if value else []
        else:
            command += [one.flag, str(value)]
    if sample is not None:
        command += ["--sample", sample]
    log = config.data_dir / "lambent.log"
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[writing],
            start_new_session=True,
        )
    os.close(writing)
    with os.fdopen(reading) as ready:
        told = ready.read()
    if not told:
        child.wait()
        raise click.ClickException(f"Lambent did not start; its log is {log}")
    done(f"Lambent is ready at {json.loads(told)['endpoint']} (log: {log}; stop: lambent down)")
