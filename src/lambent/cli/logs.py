"""`lambent logs`: what a function wrote."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import click

from lambent.cli.client import (
    endpoint_option,
    json_option,
    lambda_client,
    logs_client,
    reporting_errors,
)


@click.command()
@click.argument("name")
@click.option("--follow", "-f", is_flag=True, help="Stay, and show new lines as they come.")
@click.option("--filter", "pattern", default="", help="A CloudWatch Logs filter pattern.")
@endpoint_option
@json_option
@reporting_errors
def logs(name: str, follow: bool, pattern: str, endpoint: str, as_json: bool) -> None:
    """Show the log of function NAME."""
    configuration = lambda_client(endpoint).get_function_configuration(FunctionName=name)
    group = configuration.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}")
    client = logs_client(endpoint)
    try:
        for page in client.get_paginator("filter_log_events").paginate(
            logGroupName=group, filterPattern=pattern
        ):
            for event in page["events"]:
                _show(event, as_json)
    except client.exceptions.ResourceNotFoundException:
        # The group comes with the function's first line: there is nothing to show yet.
        if not follow:
            return
    if follow:
        _follow(client, configuration["FunctionArn"], group, pattern, as_json)


def _follow(client: Any, function_arn: str, group: str, pattern: str, as_json: bool) -> None:
    _, partition, _, region, account, _ = function_arn.split(":", 5)
    with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
        client.create_log_group(logGroupName=group)
    arn = f"arn:{partition}:logs:{region}:{account}:log-group:{group}"
    stream = client.start_live_tail(
        logGroupIdentifiers=[arn], **({"logEventFilterPattern": pattern} if pattern else {})
    )
    try:
        for update in stream["responseStream"]:
            for event in update.get("sessionUpdate", {}).get("sessionResults", ()):
                _show(event, as_json)
    except KeyboardInterrupt:
        return


def _show(event: Any, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({key: event[key] for key in ("timestamp", "message")}))
        return
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    click.echo(f"{click.style(at, dim=True)} {event['message'].rstrip()}")
