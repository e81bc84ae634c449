"""The AWS SDK for JavaScript, unmodified, with AWS_ENDPOINT_URL alone."""

import base64
import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from lambent.testing.process import Running, archive

FOLDER = Path(__file__).parents[1] / "javascript"

FIRST = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError("as asked")
    print("seen", event["n"])
    return {"version": "first", "n": event["n"]}
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")
def test_a_function_from_its_making_to_its_end(lambent: Running) -> None:
    if not (FOLDER / "node_modules").is_dir():
        pytest.skip("the SDK is not installed; `make test` installs it")
    name = f"js-{uuid.uuid4().hex[:8]}"
    codes = [FIRST, FIRST.replace("first", "second")]
    zips = [base64.b64encode(archive({"handler.py": code})).decode() for code in codes]
    ran = subprocess.run(
        ["node", "first-function.mjs", name, *zips],
        cwd=FOLDER,
        env={**os.environ, "AWS_ENDPOINT_URL": lambent.endpoint},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["createdState"] == "Pending"
    assert seen["status"] == 200
    assert seen["first"] == {"version": "first", "n": 1}
    assert seen["executedVersion"] == "$LATEST"
    assert "REPORT RequestId: " in seen["tail"]
    assert seen["functionError"] == "Unhandled"
    assert seen["failure"] == "ValueError"
    assert seen["published"] == "1"
    assert seen["second"]["version"] == "second"
    assert seen["old"]["version"] == "first"
    assert seen["stream"] == ['{"version": "second", "n": 5}', "InvokeComplete"]
    assert "seen 1" in seen["logged"]
    assert seen["missing"] is True
    assert seen["missingStatus"] == 404
    assert seen["missingMessage"].startswith("Function not found: arn:aws:lambda:us-east-1:")
