"""A Lambent of its own for a measurement, and the functions measured on it."""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

ROLE = "arn:aws:iam::000000000000:role/benchmark"
PYTHON_ECHO = {"handler.py": "def handler(event, context):\n    return event\n"}
PYTHON_SLEEP = {
    "handler.py": "import time\ndef handler(event, context):\n    time.sleep(1)\n    return event\n"
}
NODE_ECHO = {"index.mjs": "export const handler = async (event) => event;\n"}


class Server:
    """A running `lambent up`."""

    def __init__(self, process: "subprocess.Popen[bytes]", endpoint: str, ready_s: float) -> None:
        self.process = process
        self.endpoint = endpoint
        self.ready_s = ready_s
        self.port = int(endpoint.rsplit(":", 1)[1])
        self.client: Any = boto3.client(
            "lambda",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(read_timeout=120, retries={"total_max_attempts": 1}),
        )

    def create(self, name: str, files: dict[str, str], runtime: str, handler: str) -> None:
        """Make a function and wait until it is active."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as package:
            for path, text in files.items():
                package.writestr(path, text)
        self.client.create_function(
            FunctionName=name,
            Runtime=runtime,
            Handler=handler,
            Role=ROLE,
            Timeout=60,
            Code={"ZipFile": archive.getvalue()},
        )
        self.client.get_waiter("function_active_v2").wait(FunctionName=name)

    def invoke(self, name: str) -> float:
        """One invocation through the SDK; its seconds."""
        began = time.perf_counter()
        answer = self.client.invoke(FunctionName=name, Payload=b"{}")
        answer["Payload"].read()
        if "FunctionError" in answer:
            raise RuntimeError(f"{name} failed")
        return time.perf_counter() - began

    def memory_mb(self) -> float:
        """What all its processes hold, shared pages counted once (PSS)."""
        return sum(_pss_kb(pid) for pid in _tree(self.process.pid)) / 1024


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Start a Lambent on a free port with empty data, and stop it afterwards."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        Path(folder).chmod(0o755)
        reading, writing = os.pipe()
        began = time.perf_counter()
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "lambent", "up", "--port", "0"),
                *("--data-dir", folder, "--log-level", "error", "--ready-fd", str(writing)),
            ],
            pass_fds=[writing],
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as ready:
            told = json.load(ready)
        server = Server(process, told["endpoint"], time.perf_counter() - began)
        try:
            yield server
        finally:
            process.terminate()
            process.wait(30)


@contextlib.contextmanager
def floor(kind: str, port: int, clients: int = 0) -> Iterator[None]:
    """One of the floors, running."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.floors", kind, str(port), str(clients)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield
    finally:
        os.killpg(process.pid, 15)
        process.wait(10)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += _tree(int(child))
    return found


def _pss_kb(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
