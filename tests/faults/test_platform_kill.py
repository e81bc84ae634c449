"""kill -9 of the platform at any moment: what it said yes to is there, and nothing is left over."""

import contextlib
import hashlib
import json
import random
import signal
import threading
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lambent.testing.process import ROLE, Running, archive

ROUNDS = 8
SEED = 20_261_123


class Load(threading.Thread):
    """Makes functions and versions, invokes them, and remembers what was acknowledged."""

    def __init__(self, running: Running, round_: int) -> None:
        super().__init__()
        self._client: Any = running.client("lambda")
        self._round = round_
        self.functions: dict[str, int] = {}
        self.versions: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.some = threading.Event()

    def run(self) -> None:
        try:
            for number in range(1000):
                self._make(number)
        except (BotoCoreError, ClientError):
            return
        finally:
            self._client.close()

    def _make(self, number: int) -> None:
        name = f"round{self._round}-{number}"
        code = f"def handler(event, context):\n    return {number}\n"
        self._client.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="handler.handler",
            Role=ROLE,
            Code={"ZipFile": archive({"handler.py": code})},
        )
        self.functions[name] = number
        self._client.invoke(FunctionName=name, Payload=b"{}")["Payload"].read()
        self.versions[name] = self._client.publish_version(FunctionName=name)["Version"]
        alias = self._client.create_alias(
            FunctionName=name, Name="live", FunctionVersion=self.versions[name]
        )
        self.aliases[name] = alias["FunctionVersion"]
        if number >= 2:
            self.some.set()


def environment_processes(data_dir: Path) -> list[int]:
    """Every process whose mounts or command line are of this data directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            mounts = (entry / "mountinfo").read_text()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if str(data_dir) in mounts or str(data_dir).encode() in command:
            found.append(int(entry.name))
    return found


def test_what_was_acknowledged_survives_and_nothing_is_left_running(own_lambent: Running) -> None:
    chance = random.Random(SEED)
    functions: dict[str, int] = {}
    versions: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for number in range(ROUNDS):
        load = Load(own_lambent, number)
        load.start()
        assert load.some.wait(60)
        # Somewhere in the middle of whatever it is doing.
        load.join(chance.random() * 0.2)
        before = own_lambent.process
        assert before is not None
        # The kill finds environments there, or the checks below would see nothing.
        groups = control_groups(own_lambent.data_dir)
        kept_environments = set(environment_processes(own_lambent.data_dir)) - {before.pid}
        assert kept_environments
        own_lambent.stop(signal.SIGKILL)
        load.join(60)
        functions |= load.functions
        versions |= load.versions
        aliases |= load.aliases
        own_lambent.start()
        assert own_lambent.process is not None
        others = set(environment_processes(own_lambent.data_dir)) - descendants(
            own_lambent.process.pid
        )
        assert others == set(), (number, before.pid)
        assert groups.isdisjoint(control_groups(own_lambent.data_dir))

    client: Any = own_lambent.client("lambda")
    kept = {
        one["FunctionName"]
        for page in client.get_paginator("list_functions").paginate()
        for one in page["Functions"]
    }
    assert set(functions) <= kept
    for name, number in functions.items():
        answer = client.invoke(FunctionName=name, Payload=b"{}")
        assert json.loads(answer["Payload"].read()) == number
    for name, version in versions.items():
        answer = client.invoke(FunctionName=name, Qualifier=version, Payload=b"{}")
        assert answer["ExecutedVersion"] == version
        assert json.loads(answer["Payload"].read()) == functions[name]
    for name, version in aliases.items():
        alias = client.get_alias(FunctionName=name, Name="live")
        assert alias["FunctionVersion"] == version
    client.close()


def control_groups(data_dir: Path) -> set[Path]:
    """The control groups that are named after this data directory, by inode as names recur."""
    digest = hashlib.sha256(str((data_dir / "run").resolve()).encode()).hexdigest()[:10]
    found = set()
    for path in Path("/sys/fs/cgroup").glob(f"*/lambent-{digest}-*"):
        # An environment may end while we look.
        with contextlib.suppress(FileNotFoundError):
            found.add(path / str(path.stat().st_ino))
    return found


def descendants(pid: int) -> set[int]:
    """A process and all that it started."""
    found = {pid}
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found |= descendants(int(child))
    return found
