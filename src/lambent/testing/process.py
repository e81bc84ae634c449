"""A real platform for a test: the `lambent up` of a user, in a process of its own.

It is ready when `start` returns, which it learns from a pipe and not by asking again and again.
Clients make one attempt, so that an error is seen as it was answered.
"""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

ROLE = "arn:aws:iam::000000000000:role/test"
# The one that is there for certain: the interpreter of the tests themselves.
PYTHON_RUNTIME = f"python3.{sys.version_info.minor}"


@dataclass
class Running:
    """A `lambent up` process. `start` again after `kill` finds the same data."""

    data_dir: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    endpoint: str = ""
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Return once it answers; its own readiness is read from a pipe, never polled."""
        reading, writing = os.pipe()
        log = self.data_dir.with_suffix(".log").open("ab")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "lambent", "up", "--port", "0"),
                *("--data-dir", str(self.data_dir), "--ready-fd", str(writing)),
                *self.options,
            ],
            pass_fds=[writing],
            stdout=log,
            stderr=log,
            env={**os.environ, **self.environment},
        )
        log.close()
        os.close(writing)
        with os.fdopen(reading) as ready:
            told = ready.read()
        assert told, self.log()
        self.endpoint = json.loads(told)["endpoint"]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal it and wait for its end; its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        status = self.process.wait(60)
        self.process = None
        return status

    def log(self) -> str:
        """What it said."""
        return self.data_dir.with_suffix(".log").read_text(errors="replace")

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client with one attempt, so that an error is seen as it was answered."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # the stubs want a literal
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(
                retries={"total_max_attempts": 1},
                read_timeout=60,
                inject_host_prefix=False,
                parameter_validation=False,
                max_pool_connections=50,
            ),
            **options,
        )

    def deploy(
        self,
        files: dict[str, str],
        *,
        runtime: str = PYTHON_RUNTIME,
        handler: str = "handler.handler",
        **options: Any,
    ) -> str:
        """Make an active function of a new name; its name."""
        client = self.client("lambda")
        name = f"f-{uuid.uuid4().hex[:12]}"
        client.create_function(
            FunctionName=name,
            Runtime=runtime,
            Handler=handler,
            Role=ROLE,
            Code={"ZipFile": archive(files)},
            **options,
        )
        client.get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
        client.close()
        return name


def archive(files: dict[str, str]) -> bytes:
    """A zip of executable files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100755 << 16
            package.writestr(info, text)
    return buffer.getvalue()


def started(*options: str) -> Iterator[Running]:
    """A platform with data of its own, ended and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="lambent-test-"))
    folder.chmod(0o755)
    running = Running(folder / "data", options)
    running.start()
    try:
        yield running
    finally:
        if running.process is not None:
            running.stop()
        shutil.rmtree(folder, ignore_errors=True)
