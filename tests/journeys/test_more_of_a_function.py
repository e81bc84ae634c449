"""What a caller hands to a function beside its event, and the end of one that takes too much."""

import base64
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lambent.testing.process import Running


def test_the_client_context_reaches_the_function(lambent: Running, client: Any) -> None:
    code = "def handler(e, c):\n    return c.client_context.custom\n"
    name = lambent.deploy({"handler.py": code})
    context = base64.b64encode(json.dumps({"custom": {"a": "b"}}).encode()).decode()
    answer = client.invoke(FunctionName=name, ClientContext=context, Payload=b"{}")
    assert json.loads(answer["Payload"].read()) == {"a": "b"}


def test_a_function_that_outgrows_its_memory_is_ended(lambent: Running, client: Any) -> None:
    code = "def handler(e, c):\n    return len(bytearray(b'x') * (400 << 20))\n"
    name = lambent.deploy({"handler.py": code}, MemorySize=128, Timeout=30)
    answer = client.invoke(FunctionName=name, Payload=b"{}")
    assert answer["FunctionError"] == "Unhandled"
    payload = json.loads(answer["Payload"].read())
    assert payload["errorType"] == "Runtime.OutOfMemory"
    assert payload["errorMessage"].endswith("signal: killed")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("index.mjs", "export const handler = async () => ({ said: 'yes' });\n"),
        (
            "bootstrap",
            """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  id=$(curl -sS -D - -o /dev/null "$api/next" | tr -d '\\r' |
    sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')
  curl -sS -o /dev/null -d '{"said": "yes"}' "$api/$id/response"
done
""",
        ),
    ],
)
def test_node_and_bootstrap_folders_are_deployed_as_they_are(
    lambent: Running, tmp_path: Path, file: str, text: str
) -> None:
    folder = tmp_path / f"of-{file.replace('.', '-')}"
    folder.mkdir()
    (folder / file).write_text(text)
    (folder / file).chmod(0o755)
    at = ("--endpoint", lambent.endpoint)
    for command in (("deploy", str(folder)), ("invoke", folder.name)):
        done = subprocess.run(
            [sys.executable, "-m", "lambent", *command, *at],
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"said": "yes"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_leaves_no_process_and_no_mount(own_lambent: Running, number: int) -> None:
    name = own_lambent.deploy({"handler.py": "def handler(e, c):\n    return 1\n"})
    made: Any = own_lambent.client("lambda")
    made.invoke(FunctionName=name, Payload=b"{}")["Payload"].read()
    made.close()
    assert own_lambent.process is not None
    # The platform itself, and the environment that it keeps: what follows can find them.
    assert len(processes_of(own_lambent.data_dir)) >= 2
    assert own_lambent.stop(number) == 0
    assert processes_of(own_lambent.data_dir) == []
    assert str(own_lambent.data_dir) not in Path("/proc/self/mountinfo").read_text()


def processes_of(data_dir: Path) -> list[str]:
    """Every process whose mounts or command line name this data directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "mountinfo").read_bytes() + (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if str(data_dir).encode() in told:
            found.append(entry.name)
    return found
