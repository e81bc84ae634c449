"""`lambent invoke`: run a function once and see its result."""

import base64
import json
import sys
from typing import Any

import click

from lambent.cli.client import endpoint_option, json_option, lambda_client, reporting_errors
from lambent.cli.output import failed, result_json, say
from lambent.cli.packaging import event_of


@click.command()
@click.argument("name")
@click.argument("event", required=False)
@click.option("--qualifier", help="A version or an alias.")
@click.option("--logs", "show_logs", is_flag=True, help="Show what the function logged, too.")
@endpoint_option
@json_option
@reporting_errors
def invoke(
    name: str,
    event: str | None,
    qualifier: str | None,
    show_logs: bool,
    endpoint: str,
    as_json: bool,
) -> None:
    """Invoke function NAME with EVENT (JSON, or @FILE; default {}).

    Exits with 1 when the function failed.
    """
    client = lambda_client(endpoint)
    selected: dict[str, Any] = {"Qualifier": qualifier} if qualifier else {}
    answer = client.invoke(
        FunctionName=name,
        Payload=event_of(event),
        LogType="Tail" if show_logs else "None",
        **selected,
    )
    payload = answer["Payload"].read()
    error = answer.get("FunctionError")
    if as_json:
        result_json(
            {
                "payload": _parsed(payload),
                "functionError": error,
                "executedVersion": answer.get("ExecutedVersion"),
                "requestId": answer["ResponseMetadata"]["RequestId"],
            }
        )
    else:
        if show_logs:
            say(base64.b64decode(answer["LogResult"]).decode(errors="replace"), dim=True)
        click.echo(json.dumps(_parsed(payload), indent=2, ensure_ascii=False))
        if error:
            failed(f"the function failed ({error})")
    if error:
        sys.exit(1)


def _parsed(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")
