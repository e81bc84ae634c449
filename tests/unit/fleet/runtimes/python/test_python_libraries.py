import json
from pathlib import Path

from lambent.fleet.runtimes.python.libraries import libraries_need, runtime_libraries


def test_it_holds_the_sdk_and_the_runtime_client_and_nothing_else(tmp_path: Path) -> None:
    libraries = runtime_libraries(tmp_path)
    found = {path.name for path in libraries.iterdir() if not path.name.endswith(".dist-info")}
    assert found == {
        *("awslambdaric", "boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil"),
        *("simplejson", "snapshot_restore_py.py", "six.py", "versions.json"),
    }
    assert not list(libraries.glob("**/*.so"))
    assert not list(libraries.glob("**/__pycache__"))


def test_it_is_kept_while_versions_match_and_made_anew_when_they_do_not(tmp_path: Path) -> None:
    libraries = runtime_libraries(tmp_path)
    (libraries / "mark").touch()
    assert (runtime_libraries(tmp_path) / "mark").exists()
    stamp = json.loads((libraries / "versions.json").read_text())
    (libraries / "versions.json").write_text(json.dumps({**stamp, "boto3": "0"}))
    assert not (runtime_libraries(tmp_path) / "mark").exists()


def test_a_half_made_directory_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries" / "boto3").mkdir()
    assert (runtime_libraries(tmp_path) / "boto3" / "__init__.py").exists()


def test_interpreters_that_are_too_old_for_the_sdk_are_known() -> None:
    assert libraries_need(13) is None
    assert libraries_need(8) is not None
