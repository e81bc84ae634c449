"""How a command reaches a running Lambent."""

import http.client
import json
import os
from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient

DEFAULT_ENDPOINT = "http://127.0.0.1:4566"

P = ParamSpec("P")
R = TypeVar("R")


class NotRunning(click.ClickException):
    """Nobody answers at the endpoint."""

    exit_code = 3

    def __init__(self, endpoint: str) -> None:
        super().__init__(f"Lambent does not answer at {endpoint}. Start it with: lambent up")


def endpoint_option(command: Callable[P, R]) -> Callable[P, R]:
    """`--endpoint`, for every command that talks to a running Lambent."""
    return click.option(
        "--endpoint",
        envvar=["LAMBENT_ENDPOINT", "AWS_ENDPOINT_URL"],
        default=DEFAULT_ENDPOINT,
        show_default=True,
        help="Where Lambent listens.",
    )(command)


def json_option(command: Callable[P, R]) -> Callable[P, R]:
    """`--json`, for scripts."""
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(command)


def lambda_client(endpoint: str) -> "LambdaClient":
    client: LambdaClient = _client("lambda", endpoint)
    return client


def logs_client(endpoint: str) -> "CloudWatchLogsClient":
    client: CloudWatchLogsClient = _client("logs", endpoint)
    return client


def _client(service: str, endpoint: str) -> Any:
    # boto3 takes a third of a second to load; commands that need no SDK do not wait for it.
    import boto3
    from botocore.config import Config

    session = boto3.session.Session()
    credentials = session.get_credentials()
    return session.client(
        service,  # type: ignore[call-overload]  # the stubs want a literal
        endpoint_url=endpoint,
        region_name=session.region_name or "us-east-1",
        aws_access_key_id=None if credentials else "test",
        aws_secret_access_key=None if credentials else "test",
        config=Config(
            retries={"total_max_attempts": 1},
            read_timeout=960,
            inject_host_prefix=False,
        ),
    )


def admin(endpoint: str, path: str) -> dict[str, Any]:
    """GET a document under /_lambent/. Raises NotRunning."""
    parts = urlsplit(endpoint)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=10)
    try:
        connection.request("GET", f"/_lambent/{path}")
        document: dict[str, Any] = json.loads(connection.getresponse().read())
    except (OSError, ValueError) as error:
        raise NotRunning(endpoint) from error
    finally:
        connection.close()
    return document


def reporting_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what the SDK raises into one line and an exit code."""

    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

        try:
            return command(*args, **kwargs)
        except EndpointConnectionError as error:
            raise NotRunning(str(kwargs.get("endpoint", ""))) from error
        except ClientError as error:
            details = error.response["Error"]
            raise click.ClickException(f"{details['Code']}: {details['Message']}") from error
        except BotoCoreError as error:
            raise click.ClickException(str(error)) from error

    return update_wrapper(wrapped, command)


def data_dir_option(command: Callable[P, R]) -> Callable[P, R]:
    """`--data-dir`, for commands that look for a running process rather than an endpoint."""
    return click.option(
        "--data-dir",
        type=click.Path(file_okay=False),
        default=lambda: os.environ.get("LAMBENT_DATA_DIR", ".lambent"),
        help="The data directory of the Lambent meant (default: ./.lambent).",
    )(command)
