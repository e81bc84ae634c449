"""The AWS CLI, unmodified, with AWS_ENDPOINT_URL alone."""

import base64
import json
import os
import subprocess
import urllib.request
import uuid
from pathlib import Path
from typing import Any

import pytest

from lambent.testing.process import ROLE, Running, archive

AWS = Path(__file__).parents[3] / ".tools" / "awscli" / "bin" / "aws"
pytestmark = pytest.mark.skipif(
    not AWS.exists(), reason="the AWS CLI is not installed; `make test` installs it"
)

CODE = "def handler(event, context):\n    print('hello from', event)\n    return event\n"


class Cli:
    """Runs `aws` as a user of us-east-1 would."""

    def __init__(self, lambent: Running) -> None:
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "AWS_ENDPOINT_URL": lambent.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_PAGER": "",
        }

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [AWS, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        ran = self.run(*arguments, "--output", "json")
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout) if ran.stdout.strip() else None


@pytest.fixture
def aws(lambent: Running) -> Cli:
    return Cli(lambent)


def test_a_function_is_made_invoked_updated_versioned_and_deleted(aws: Cli, tmp_path: Path) -> None:
    name = f"cli-{uuid.uuid4().hex[:8]}"
    package, out = tmp_path / "code.zip", tmp_path / "out.json"
    package.write_bytes(archive({"handler.py": CODE}))
    made = aws.json(
        *("lambda", "create-function", "--function-name", name, "--runtime", "python3.12"),
        *("--role", ROLE, "--handler", "handler.handler", "--zip-file", f"fileb://{package}"),
    )
    assert made["State"] == "Pending"
    assert aws.run("lambda", "wait", "function-active-v2", "--function-name", name).returncode == 0

    invoked = aws.json(
        *("lambda", "invoke", "--function-name", name, "--payload", '{"a": 1}'),
        *("--log-type", "Tail", str(out)),
    )
    assert invoked["StatusCode"] == 200
    assert json.loads(out.read_text()) == {"a": 1}
    assert b"hello from {'a': 1}" in base64.b64decode(invoked["LogResult"])

    changed = aws.json(
        *("lambda", "update-function-configuration", "--function-name", name),
        *("--memory-size", "256", "--environment", "Variables={STAGE=test}"),
    )
    assert changed["MemorySize"] == 256
    assert aws.run("lambda", "wait", "function-updated-v2", "--function-name", name).returncode == 0
    version = aws.json("lambda", "publish-version", "--function-name", name)
    assert version["Version"] == "1"
    alias = aws.json(
        *("lambda", "create-alias", "--function-name", name, "--name", "live"),
        *("--function-version", "1"),
    )
    assert alias["AliasArn"].endswith(f":function:{name}:live")
    aws.json("lambda", "invoke", "--function-name", f"{name}:live", "--payload", "{}", str(out))

    location = aws.json("lambda", "get-function", "--function-name", name)["Code"]["Location"]
    with urllib.request.urlopen(location) as answer:
        assert answer.read() == package.read_bytes()
    names = [one["FunctionName"] for one in aws.json("lambda", "list-functions")["Functions"]]
    assert name in names
    aws.json("lambda", "delete-function", "--function-name", name)
    assert aws.run("lambda", "get-function", "--function-name", name).returncode != 0


def test_a_missing_function_is_told_in_awss_words(aws: Cli) -> None:
    ran = aws.run("lambda", "get-function", "--function-name", "absent-function")
    assert ran.returncode != 0
    assert "An error occurred (ResourceNotFoundException)" in ran.stderr
    assert (
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:absent-function"
        in ran.stderr
    )


def test_what_is_not_built_names_its_operation(aws: Cli) -> None:
    ran = aws.run("lambda", "list-event-source-mappings")
    assert ran.returncode != 0
    assert "NotImplementedException" in ran.stderr
    assert "ListEventSourceMappings" in ran.stderr


def test_a_functions_log_is_in_cloudwatch(aws: Cli, lambent: Running) -> None:
    name = lambent.deploy({"handler.py": CODE})
    client = lambent.client("lambda")
    client.invoke(FunctionName=name, Payload=b'{"n": 7}')["Payload"].read()
    client.close()
    group = f"/aws/lambda/{name}"
    groups = aws.json("logs", "describe-log-groups", "--log-group-name-prefix", group)
    assert [one["logGroupName"] for one in groups["logGroups"]] == [group]
    streams = aws.json("logs", "describe-log-streams", "--log-group-name", group)["logStreams"]
    assert "[$LATEST]" in streams[0]["logStreamName"]
    found = aws.json(
        "logs", "filter-log-events", "--log-group-name", group, "--filter-pattern", "hello"
    )
    assert [event["message"].strip() for event in found["events"]] == ["hello from {'n': 7}"]
    every = aws.json(
        *("logs", "get-log-events", "--log-group-name", group, "--start-from-head"),
        *("--log-stream-name", streams[0]["logStreamName"]),
    )
    kinds = [event["message"].split()[0] for event in every["events"]]
    assert kinds == ["INIT_START", "START", "hello", "END", "REPORT"]
