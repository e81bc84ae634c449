"""The `lambent` command, as a person and as a script use it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambent.testing.process import Running, started

PYTHON = "def handler(event, context):\n    return {'got': event, 'edition': 1}\n"


def lambent_command(
    running: Running | None, *arguments: str, cwd: Path | None = None, **environment: str
) -> "subprocess.CompletedProcess[str]":
    endpoint = {"AWS_ENDPOINT_URL": running.endpoint} if running else {}
    return subprocess.run(
        [sys.executable, "-m", "lambent", *arguments],
        env={**os.environ, **endpoint, **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "greeter"
    made.mkdir()
    (made / "handler.py").write_text(PYTHON)
    return made


def test_a_folder_is_deployed_and_invoked_without_ceremony(lambent: Running, folder: Path) -> None:
    deployed = lambent_command(lambent, "deploy", str(folder), "--json")
    assert deployed.returncode == 0, deployed.stderr
    configuration = json.loads(deployed.stdout)
    assert configuration["FunctionName"] == "greeter"
    assert configuration["Handler"] == "handler.handler"
    event = folder / "event.json"
    event.write_text('{"n": 1}')
    invoked = lambent_command(lambent, "invoke", "greeter", f"@{event}")
    assert invoked.returncode == 0
    assert json.loads(invoked.stdout) == {"got": {"n": 1}, "edition": 1}
    said = lambent_command(lambent, "logs", "greeter", "--json")
    assert any(
        "REPORT RequestId" in json.loads(line)["message"]
        for line in said.stdout.split("\n")
        if line
    )


def test_exit_codes_tell_what_went_wrong(lambent: Running, tmp_path: Path) -> None:
    failing = tmp_path / "failing"
    failing.mkdir()
    (failing / "handler.py").write_text("def handler(e, c):\n    raise ValueError('no')\n")
    assert lambent_command(lambent, "deploy", str(failing)).returncode == 0
    failed = lambent_command(lambent, "invoke", "failing", "--json")
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["payload"]["errorType"] == "ValueError"
    assert lambent_command(lambent, "invoke", "failing", "{nonsense").returncode == 2
    assert lambent_command(lambent, "invoke", "absent-function").returncode == 1
    nobody = lambent_command(None, "status", "--endpoint", "http://127.0.0.1:9")
    assert nobody.returncode == 3
    assert "lambent up" in nobody.stderr


def test_an_edit_is_live_as_soon_as_watching_says_so(lambent: Running, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "handler.py").write_text(PYTHON)
    watching = subprocess.Popen(
        [sys.executable, "-m", "lambent", "deploy", str(folder), "--watch"],
        env={**os.environ, "AWS_ENDPOINT_URL": lambent.endpoint},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stderr is not None
    try:
        lines: Iterator[str] = iter(watching.stderr.readline, "")
        assert any("watching" in line for line in lines)
        (folder / "handler.py").write_text(PYTHON.replace("1", "2"))
        assert any("is live" in line for line in lines)
        invoked = lambent_command(lambent, "invoke", "watched")
        assert json.loads(invoked.stdout)["edition"] == 2
    finally:
        watching.send_signal(signal.SIGINT)
        watching.wait(30)
        watching.stderr.close()


def test_status_and_doctor_speak_json(lambent: Running) -> None:
    status = json.loads(lambent_command(lambent, "status", "--json").stdout)
    assert status["sandbox"] in ("namespace", "process")
    assert status["runtimes"]["provided.al2023"] == "provided:al2023.v1"
    report = json.loads(lambent_command(None, "doctor", "--json").stdout)
    assert report["python"]


def test_the_second_start_finds_its_functions_again(own_lambent: Running) -> None:
    name = own_lambent.deploy({"handler.py": PYTHON})
    assert own_lambent.stop(signal.SIGINT) == 0
    own_lambent.start()
    client: Any = own_lambent.client("lambda")
    answer = client.invoke(FunctionName=name, Payload=b"{}")
    assert json.loads(answer["Payload"].read())["edition"] == 1
    client.close()


def test_a_detached_platform_is_stopped_by_down(tmp_path: Path) -> None:
    data = tmp_path / "data"
    up = lambent_command(None, "up", "--detach", "--port", "0", "--data-dir", str(data))
    assert up.returncode == 0, up.stderr
    assert "http://127.0.0.1:" in up.stderr
    again = lambent_command(None, "up", "--port", "0", "--data-dir", str(data))
    assert again.returncode == 1
    assert "another Lambent uses" in again.stderr
    down = lambent_command(None, "down", "--data-dir", str(data))
    assert down.returncode == 0, down.stderr
    assert lambent_command(None, "down", "--data-dir", str(data)).returncode == 3


def test_settings_come_from_the_file_the_environment_and_flags(tmp_path: Path) -> None:
    (tmp_path / "lambent.toml").write_text("prot = 1\n")
    wrong = lambent_command(None, "up", cwd=tmp_path)
    assert wrong.returncode == 1
    assert "unknown setting 'prot'" in wrong.stderr
    (tmp_path / "lambent.toml").write_text("")
    wrong = lambent_command(None, "up", cwd=tmp_path, LAMBENT_PORT="many")
    assert wrong.returncode == 1
    assert "LAMBENT_PORT" in wrong.stderr
    open_to_all = lambent_command(None, "up", "--host", "0.0.0.0", cwd=tmp_path)
    assert open_to_all.returncode == 1
    assert "loopback" in open_to_all.stderr


def test_functions_run_as_plain_processes_where_that_is_chosen() -> None:
    for running in started("--sandbox", "process"):
        name = running.deploy({"handler.py": PYTHON})
        client: Any = running.client("lambda")
        answer = client.invoke(FunctionName=name, Payload=b'{"a": 1}')
        assert json.loads(answer["Payload"].read())["got"] == {"a": 1}
        client.close()
        assert "plain processes" in running.log()


def test_the_virtual_clock_is_moved_over_http() -> None:
    for running in started("--clock", "virtual", "--idle-timeout", "100"):
        name = running.deploy({"handler.py": PYTHON})
        client: Any = running.client("lambda")
        client.invoke(FunctionName=name, Payload=b"{}")["Payload"].read()
        client.close()
        assert len(_get(running, "environments")) == 1
        _post(running, "clock", {"advance_seconds": 101})
        assert _get(running, "environments") == []


def _get(running: Running, path: str) -> Any:
    import urllib.request

    with urllib.request.urlopen(f"{running.endpoint}/_lambent/{path}") as answer:
        return json.load(answer)


def _post(running: Running, path: str, document: Any) -> Any:
    import urllib.request

    request = urllib.request.Request(
        f"{running.endpoint}/_lambent/{path}",
        data=json.dumps(document).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
