"""Configuration: defaults, then lambent.toml, then LAMBENT_* variables, then flags.

The one place that reads the environment. `FIELDS` is the table that the command line and the
documentation are made from.
"""

import dataclasses
import ipaddress
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

ENVIRONMENT_PREFIX = "LAMBENT_"
FILE_NAME = "lambent.toml"

# Read by the command line itself, not by the platform.
_OTHER_VARIABLES = frozenset({"LAMBENT_ENDPOINT"})


class ConfigError(Exception):
    """A setting that is unknown or cannot be; the message says which, and where it came from."""


_DATA_DIR = Path(".lambent")


def _setting(default: Any, help_text: str, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"help": help_text, "choices": choices})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that can be set. Durations in seconds."""

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(4566, "Port to listen on; 0 takes a free one.")
    data_dir: Path = _setting(_DATA_DIR, "Where everything durable is kept.")  # noqa: RUF009 - a constant
    region: str = _setting("us-east-1", "Region of clients that name none.")
    account: str = _setting("000000000000", "Account of clients that name none.")
    clock: str = _setting("real", "The platform's clock.", ("real", "virtual"))
    sandbox: str = _setting("auto", "Isolation of functions.", ("auto", "namespace", "process"))
    strict_runtimes: bool = _setting(
        False, "Refuse a runtime whose exact version is absent, rather than use the nearest."
    )
    cpu_shares: bool = _setting(
        False, "Give functions CPU by their memory, as on AWS (1,769 MB is one vCPU)."
    )
    idle_timeout_s: int = _setting(600, "How long an idle execution environment is kept.")
    max_timeout_s: int = _setting(900, "The longest function timeout allowed.")
    account_concurrency: int = _setting(1000, "Concurrent executions per account and region.")
    unreserved_minimum: int = _setting(100, "Concurrency that cannot be reserved.")
    log_level: str = _setting(
        "info", "How much Lambent itself logs.", ("debug", "info", "warning", "error")
    )
    log_format: str = _setting("text", "How Lambent itself logs.", ("text", "json"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One setting, as flags, variables and documentation name it."""

    name: str
    kind: type
    default: Any
    help: str
    choices: tuple[str, ...]

    @property
    def flag(self) -> str:
        return "--" + self.name.removesuffix("_s").replace("_", "-")

    @property
    def variable(self) -> str:
        return ENVIRONMENT_PREFIX + self.name.upper()


FIELDS: tuple[Field, ...] = tuple(
    Field(
        name=one.name,
        kind=one.type if isinstance(one.type, type) else get_args(one.type)[0],
        default=one.default,
        help=one.metadata["help"],
        choices=one.metadata["choices"],
    )
    for one in dataclasses.fields(Config)
)
_FIELD_BY_NAME = {one.name: one for one in FIELDS}


def load_config(flags: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> Config:
    """The configuration of this start; flags that are None count as absent. Raises ConfigError."""
    values: dict[str, Any] = {}
    values.update(_from_file(folder / FILE_NAME))
    values.update(_from_environment(environment))
    for name, value in flags.items():
        if value is not None:
            values[name] = _converted(_FIELD_BY_NAME[name], value, f"flag {name}")
    config = Config(**values)
    _check_host(config.host)
    return config


def _from_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text()
    except FileNotFoundError:
        return {}
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    values = {}
    for key, value in document.items():
        one = _FIELD_BY_NAME.get(key)
        if one is None:
            raise ConfigError(f"{path}: unknown setting {key!r}")
        values[key] = _converted(one, value, str(path))
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    by_variable = {one.variable: one for one in FIELDS}
    values = {}
    for variable, text in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in _OTHER_VARIABLES:
            continue
        one = by_variable.get(variable)
        if one is None:
            raise ConfigError(f"unknown environment variable {variable}")
        values[one.name] = _converted(one, text, f"environment variable {variable}")
    return values


def _converted(one: Field, value: Any, source: str) -> Any:
    try:
        converted = _boolean(value) if one.kind is bool else one.kind(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{source}: {one.name} must be a {one.kind.__name__}, not {value!r}"
        ) from error
    if one.choices and converted not in one.choices:
        raise ConfigError(f"{source}: {one.name} must be one of {', '.join(one.choices)}")
    if one.kind is int and converted < 0:
        raise ConfigError(f"{source}: {one.name} must not be negative")
    return converted


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    match str(value).lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off" | "":
            return False
    raise ValueError(value)


def _check_host(host: str) -> None:
    if host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise ConfigError(f"host: {host!r} is not an address") from error
    if not loopback:
        raise ConfigError(
            f"host: {host} can be reached from other machines, and functions run whatever code "
            "a caller sends. Lambent listens on loopback only until permissions are enforced."
        )
