"""All that the fleet knows of a function version, and of one environment to be made for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lambent.core.identity import Scope

InitializationType = Literal["on-demand", "provisioned-concurrency"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggingSpec:
    """A function's LoggingConfig, defaults filled in. Levels are None in Text format."""

    group: str
    format: Literal["Text", "JSON"] = "Text"
    application_level: str | None = None
    system_level: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """One function version as an environment is made from it.

    `key` names this code and configuration for ever: a change of either has another key, and
    environments of different keys are never mixed.
    """

    key: str
    scope: Scope
    function_name: str
    # Unqualified.
    function_arn: str
    # "$LATEST" or a number.
    version: str
    runtime: str
    handler: str
    memory_mb: int
    timeout_s: int
    variables: Mapping[str, str] = field(default_factory=dict)
    # Digest of the code's zip, and of each layer's, in the order they are merged.
    code_digest: str
    layer_digests: tuple[str, ...] = ()
    tmp_mb: int = 512
    logging: LoggingSpec
    role_arn: str
    tracing: Literal["PassThrough", "Active"] = "PassThrough"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Temporary credentials of a function's execution role."""

    access_key_id: str
    secret_access_key: str
    session_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """One environment to be made: the version, and what is this environment's own."""

    spec: FunctionSpec
    environment_id: str
    initialization_type: InitializationType
    log_stream: str
    # The function's unpacked code, and its layers merged; read-only for the function.
    task_dir: Path
    opt_dir: Path | None
    # Every environment variable as the runtime shall see it, but for those that the runtime
    # family itself adds (AWS_LAMBDA_RUNTIME_API, PATH, LD_LIBRARY_PATH, NODE_PATH …).
    variables: Mapping[str, str]
