"""Settings: defaults, then the file, then the environment, then flags."""

from pathlib import Path
from typing import Any

import pytest

from lambent.core.config import FIELDS, Config, ConfigError, load_config


def test_each_source_wins_over_those_before_it(tmp_path: Path) -> None:
    assert load_config({}, {}, tmp_path) == Config()
    (tmp_path / "lambent.toml").write_text('port = 1\nregion = "eu-west-1"\naccount = "1"\n')
    environment = {"LAMBENT_PORT": "2", "LAMBENT_REGION": "us-west-2", "OTHER": "x"}
    config = load_config({"port": 3, "account": None}, environment, tmp_path)
    assert (config.port, config.region, config.account) == (3, "us-west-2", "1")


@pytest.mark.parametrize(
    ("file", "environment", "flags", "message"),
    [
        ("prot = 1", {}, {}, "lambent.toml: unknown setting 'prot'"),
        ("port = ", {}, {}, "lambent.toml: "),
        ("", {"LAMBENT_PROT": "1"}, {}, "unknown environment variable LAMBENT_PROT"),
        ("", {"LAMBENT_PORT": "x"}, {}, "LAMBENT_PORT: port must be a int"),
        ("", {"LAMBENT_PORT": "-1"}, {}, "port must not be negative"),
        ("", {"LAMBENT_CLOCK": "lunar"}, {}, "clock must be one of real, virtual"),
        ("", {"LAMBENT_CPU_SHARES": "maybe"}, {}, "cpu_shares must be a bool"),
        ("", {}, {"host": "0.0.0.0"}, "0.0.0.0 can be reached from other machines"),
        ("", {}, {"host": "example"}, "'example' is not an address"),
    ],
)
def test_a_setting_that_cannot_be_says_where_it_came_from(
    tmp_path: Path, file: str, environment: dict[str, str], flags: dict[str, Any], message: str
) -> None:
    (tmp_path / "lambent.toml").write_text(file)
    with pytest.raises(ConfigError) as refused:
        load_config(flags, environment, tmp_path)
    assert message in str(refused.value)


@pytest.mark.parametrize("text", ["1", "true", "Yes", "on"])
def test_switches_are_read_as_people_write_them(tmp_path: Path, text: str) -> None:
    assert load_config({}, {"LAMBENT_STRICT_RUNTIMES": text}, tmp_path).strict_runtimes is True


def test_every_setting_has_a_flag_a_variable_and_a_word_of_help() -> None:
    for one in FIELDS:
        assert one.flag.startswith("--")
        assert one.variable.startswith("LAMBENT_")
        assert one.help.endswith(".")
