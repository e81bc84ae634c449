"""`lambent deploy`: a folder with a handler becomes a function, without ceremony."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lambent.cli.client import endpoint_option, json_option, lambda_client, reporting_errors
from lambent.cli.output import done, failed, result_json, say
from lambent.cli.packaging import detect, package

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

DEFAULT_ROLE = "arn:aws:iam::000000000000:role/lambent-default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What is to be deployed; None leaves what is there, or AWS's default."""

    folder: Path
    name: str
    runtime: str | None = None
    handler: str | None = None
    memory_mb: int | None = None
    timeout_s: int | None = None
    role: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    layers: tuple[str, ...] = ()


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", help="The function's name (default: the folder's).")
@click.option(
    "--runtime", help="Default: told from the files (python3.12, nodejs22.x, provided.al2023)."
)
@click.option("--handler", help="Default: told from the files, for example handler.handler.")
@click.option("--memory", "memory_mb", type=int, help="Memory in MB (default 128).")
@click.option("--timeout", "timeout_s", type=int, help="Timeout in seconds (default 3).")
@click.option("--role", help="The execution role's ARN.")
@click.option("--env", "variables", multiple=True, metavar="KEY=VALUE", help="Repeatable.")
@click.option("--layer", "layers", multiple=True, metavar="ARN", help="Repeatable.")
@click.option("--watch", is_flag=True, help="Stay, and put every edit live.")
@endpoint_option
@json_option
@reporting_errors
def deploy(
    folder: Path,
    name: str | None,
    variables: tuple[str, ...],
    watch: bool,
    endpoint: str,
    as_json: bool,
    **options: Any,
) -> None:
    """Create or update a function from FOLDER."""
    deployment = Deployment(
        folder=folder.resolve(),
        name=name or folder.resolve().name,
        variables=dict(_pair(text) for text in variables),
        **options,
    )
    client = lambda_client(endpoint)
    configuration = put_function(client, deployment)
    if as_json:
        result_json(configuration)
    else:
        done(f"{configuration['FunctionName']} is live ({configuration['Runtime']})")
    if watch:
        _watch(client, deployment)


def put_function(client: "LambdaClient", deployment: Deployment) -> dict[str, Any]:
    """Create the function, or bring code and configuration up to date; its configuration."""
    archive = package(deployment.folder)
    try:
        client.get_function_configuration(FunctionName=deployment.name)
    except client.exceptions.ResourceNotFoundException:
        _create(client, deployment, archive)
    else:
        _update(client, deployment, archive)
    client.get_waiter("function_updated_v2").wait(
        FunctionName=deployment.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    answer: Any = client.get_function_configuration(FunctionName=deployment.name)
    answer.pop("ResponseMetadata")
    return dict(answer)


def _create(client: "LambdaClient", deployment: Deployment, archive: bytes) -> None:
    settings = _settings(deployment)
    if "Runtime" not in settings or "Handler" not in settings:
        detected = detect(deployment.folder)
        settings.setdefault("Runtime", detected.runtime)
        settings.setdefault("Handler", detected.handler)
    client.create_function(
        FunctionName=deployment.name,
        Code={"ZipFile": archive},
        **{"Role": DEFAULT_ROLE, **settings},
    )
    client.get_waiter("function_active_v2").wait(
        FunctionName=deployment.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def _update(client: "LambdaClient", deployment: Deployment, archive: bytes) -> None:
    if settings := _settings(deployment):
        client.update_function_configuration(FunctionName=deployment.name, **settings)
        client.get_waiter("function_updated_v2").wait(
            FunctionName=deployment.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
    client.update_function_code(FunctionName=deployment.name, ZipFile=archive)


def _settings(deployment: Deployment) -> dict[str, Any]:
    settings = {
        "Runtime": deployment.runtime,
        "Handler": deployment.handler,
        "MemorySize": deployment.memory_mb,
        "Timeout": deployment.timeout_s,
        "Role": deployment.role,
        "Environment": {"Variables": deployment.variables} if deployment.variables else None,
        "Layers": list(deployment.layers) or None,
    }
    return {key: value for key, value in settings.items() if value is not None}


def _watch(client: "LambdaClient", deployment: Deployment) -> None:
    from botocore.exceptions import ClientError
    from watchfiles import watch

    live = package(deployment.folder)
    announced = False
    # It yields nothing now and then, first as soon as it watches: an edit made from then on is
    # seen, and one made before is found by looking.
    for changes in watch(
        deployment.folder,
        debounce=100,
        step=20,
        rust_timeout=100,
        yield_on_timeout=True,
        raise_interrupt=False,
    ):
        if not announced:
            announced = True
            say(f"watching {deployment.folder}; interrupt to stop", dim=True)
        elif not changes:
            continue
        names = sorted({Path(path).name for _, path in changes})
        try:
            edited = package(deployment.folder)
            if edited == live:
                continue
            client.update_function_code(FunctionName=deployment.name, ZipFile=edited)
        except (ClientError, OSError) as error:
            failed(f"{', '.join(names)}: {error}")
        else:
            live = edited
            done(f"{', '.join(names)} → {deployment.name} is live")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not KEY=VALUE", param_hint="--env")
    return key, value
