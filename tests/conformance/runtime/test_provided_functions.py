"""Custom runtimes: a shell script and a compiled program speak the Runtime API themselves."""

import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambent.testing.process import ROLE, Running, archive

SHELL = """#!/bin/bash
set -eu
API="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  HEADERS="$(mktemp)"
  EVENT=$(curl -sS -D "$HEADERS" "$API/invocation/next")
  ID=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$HEADERS" | tr -d '[:space:]' | cut -d: -f2)
  if [[ "$EVENT" == *fail* ]]; then
    curl -sS -X POST "$API/invocation/$ID/error" -o /dev/null \\
      -H "Lambda-Runtime-Function-Error-Type: Custom.Oops" \\
      -d '{"errorType":"Custom.Oops","errorMessage":"as asked"}'
  elif [[ "$EVENT" == *wrong* ]]; then
    curl -sS -X POST "$API/invocation/not-an-id/response" -d '{}' > /tmp/refused
    curl -sS -X POST "$API/invocation/$ID/response" -d "@/tmp/refused" -o /dev/null
  else
    curl -sS -X POST "$API/invocation/$ID/response" -o /dev/null \\
      -d "{\\"event\\":$EVENT,\\"handler\\":\\"$_HANDLER\\",\\"env\\":\\"${AWS_EXECUTION_ENV:-}\\"}"
  fi
done
"""

C = r"""
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static int dial(void) {
  char host[64]; int port;
  sscanf(getenv("AWS_LAMBDA_RUNTIME_API"), "%63[^:]:%d", host, &port);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &at.sin_addr);
  int s = socket(AF_INET, SOCK_STREAM, 0);
  return connect(s, (struct sockaddr *)&at, sizeof at) ? -1 : s;
}

int main(void) {
  static char in[65536], out[4096], id[64];
  int s = dial();
  const char *next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";
  for (int round = 1;; round++) {
    if (write(s, next, strlen(next)) < 0) return 1;
    int n = read(s, in, sizeof in - 1);
    if (n <= 0) return 2;
    in[n] = 0;
    char *at = strcasestr(in, "lambda-runtime-aws-request-id: ");
    sscanf(at + 31, "%63s", id);
    char body[64];
    int size = sprintf(body, "{\"round\":%d}", round);
    int m = sprintf(out, "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\n"
                    "Host: x\r\nContent-Length: %d\r\n\r\n%s", id, size, body);
    if (write(s, out, m) < 0 || read(s, in, sizeof in) <= 0) return 3;
  }
}
"""


def invoke(client: Any, name: str, event: Any = None) -> tuple[Any, str | None]:
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event or {}))
    return json.loads(answer["Payload"].read()), answer.get("FunctionError")


@pytest.fixture(params=["provided.al2023", "provided.al2"])
def runtime(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the shell runtime needs curl")
def test_a_shell_script_is_a_runtime(lambent: Running, client: Any, runtime: str) -> None:
    name = lambent.deploy({"bootstrap": SHELL}, runtime=runtime, handler="some.handler")
    for number in range(3):
        payload, error = invoke(client, name, {"n": number})
        assert error is None
        assert payload == {"event": {"n": number}, "handler": "some.handler", "env": ""}


@pytest.mark.skipif(shutil.which("curl") is None, reason="the shell runtime needs curl")
def test_a_custom_runtimes_error_is_passed_on(lambent: Running, client: Any) -> None:
    name = lambent.deploy({"bootstrap": SHELL}, runtime="provided.al2023", handler="h")
    payload, error = invoke(client, name, {"please": "fail"})
    assert error == "Unhandled"
    assert payload == {"errorType": "Custom.Oops", "errorMessage": "as asked"}


@pytest.mark.skipif(shutil.which("curl") is None, reason="the shell runtime needs curl")
def test_a_wrong_request_id_is_refused(lambent: Running, client: Any) -> None:
    name = lambent.deploy({"bootstrap": SHELL}, runtime="provided.al2023", handler="h")
    payload, _ = invoke(client, name, {"go": "wrong"})
    assert payload == {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no C compiler here")
def test_a_compiled_program_is_a_runtime(lambent: Running, client: Any, tmp_path: Path) -> None:
    source, program = tmp_path / "bootstrap.c", tmp_path / "bootstrap"
    source.write_text(C)
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-static", "-o", program, source], check=True)
    name = f"compiled-{tmp_path.name}"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.write(program, "bootstrap")
    client.create_function(
        FunctionName=name,
        Runtime="provided.al2023",
        Handler="h",
        Role=ROLE,
        Code={"ZipFile": buffer.getvalue()},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    rounds = [invoke(client, name)[0]["round"] for _ in range(3)]
    assert rounds == [1, 2, 3]
    client.delete_function(FunctionName=name)


def test_without_a_bootstrap_the_places_looked_at_are_named(lambent: Running, client: Any) -> None:
    name = lambent.deploy({"other": ""}, runtime="provided.al2023", handler="h")
    payload, error = invoke(client, name)
    assert error == "Unhandled"
    assert payload["errorType"] == "Runtime.InvalidEntrypoint"
    assert payload["errorMessage"].startswith("RequestId: ")
    assert "[/var/task/bootstrap /opt/bootstrap]" in payload["errorMessage"]


def test_a_bootstrap_that_cannot_be_executed_is_told(lambent: Running, client: Any) -> None:
    name = lambent.deploy({"bootstrap": "echo no"}, runtime="provided.al2023", handler="h")
    payload, error = invoke(client, name)
    assert error == "Unhandled"
    assert payload["errorType"] == "Runtime.InvalidEntrypoint"
    assert payload["errorMessage"].endswith("fork/exec /var/task/bootstrap: exec format error")


def test_a_bootstrap_that_ends_is_told(lambent: Running, client: Any) -> None:
    name = lambent.deploy({"bootstrap": "#!/bin/sh\nexit 7\n"}, runtime="provided.al2", handler="h")
    payload, error = invoke(client, name)
    assert error == "Unhandled"
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].endswith("Runtime exited with error: exit status 7")


def test_a_bootstrap_in_a_layer_is_found(lambent: Running, client: Any) -> None:
    layer = client.publish_layer_version(
        LayerName="shell-runtime", Content={"ZipFile": archive({"bootstrap": SHELL})}
    )["LayerVersionArn"]
    name = lambent.deploy(
        {"unused": ""}, runtime="provided.al2023", handler="in.layer", Layers=[layer]
    )
    payload, error = invoke(client, name, {"a": 1})
    assert error is None
    assert payload["handler"] == "in.layer"
