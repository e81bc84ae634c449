"""Functions, versions and aliases as AWS's answers show them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from lambent.fleet.runtime_versions import runtime_version_arn
from lambent.services.lambda_.names import LATEST, function_arn
from lambent.services.lambda_.records import Alias, Configuration, Function, Logging, Version

RuntimeVersion = Callable[[str], str]
"""The version that stands behind a runtime identifier, such as `python:3.12.v1`."""


def configuration_answer(
    function: Function,
    version: Version,
    runtime_version: RuntimeVersion,
    *,
    qualifier: str | None = None,
) -> dict[str, Any]:
    """A FunctionConfiguration with its states. Its ARN carries `qualifier`."""
    version_arn = runtime_version_arn(
        function.scope.region, runtime_version(version.configuration.runtime)
    )
    return _present(
        {
            **listed_answer(function, version, qualifier=qualifier),
            "State": version.state.value,
            "StateReason": version.state_reason,
            "StateReasonCode": version.state_reason_code,
            "LastUpdateStatus": version.last_update.value if version.last_update else None,
            "LastUpdateStatusReason": version.last_update_reason,
            "LastUpdateStatusReasonCode": version.last_update_reason_code,
            "RuntimeVersionConfig": {"RuntimeVersionArn": version_arn},
        }
    )


def listed_answer(
    function: Function, version: Version, *, qualifier: str | None = None
) -> dict[str, Any]:
    """A FunctionConfiguration as lists have it: without states and runtime version."""
    configuration, code = version.configuration, version.content.code
    return _present(
        {
            "FunctionName": function.name,
            "FunctionArn": function_arn(function.scope, function.name, qualifier),
            "Runtime": configuration.runtime,
            "Role": configuration.role,
            "Handler": configuration.handler,
            "CodeSize": code.size,
            "CodeSha256": code.sha256,
            "Description": configuration.description,
            "Timeout": configuration.timeout_s,
            "MemorySize": configuration.memory_mb,
            "LastModified": _last_modified(version.modified_ms),
            "Version": version.version,
            "RevisionId": version.revision_id,
            "PackageType": "Zip",
            "Architectures": [configuration.architecture],
            "EphemeralStorage": {"Size": configuration.tmp_mb},
            "TracingConfig": {"Mode": configuration.tracing},
            # Stored only: no version is ever optimised.
            "SnapStart": {"ApplyOn": configuration.snap_start, "OptimizationStatus": "Off"},
            "LoggingConfig": _logging(configuration.logging),
            **_optional(configuration),
        }
    )


def alias_answer(function: Function, alias: Alias) -> dict[str, Any]:
    """An AliasConfiguration."""
    answer: dict[str, Any] = {
        "AliasArn": function_arn(function.scope, function.name, alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    }
    if alias.weights:
        answer["RoutingConfig"] = {"AdditionalVersionWeights": dict(alias.weights)}
    return answer


def version_order(version: Version) -> tuple[int, ...]:
    """$LATEST first, then by number."""
    return (0,) if version.version == LATEST else (int(version.version),)


def _optional(configuration: Configuration) -> dict[str, Any]:
    """What an answer has only if it was set."""
    variables, vpc = configuration.variables, configuration.vpc
    return {
        "Environment": None if variables is None else {"Variables": dict(variables)},
        "DeadLetterConfig": _wrapped("TargetArn", configuration.dead_letter_arn),
        "KMSKeyArn": configuration.kms_key_arn,
        "Layers": [
            {"Arn": layer.arn, "CodeSize": layer.code_size} for layer in configuration.layers
        ]
        or None,
        "VpcConfig": vpc
        and {
            "SubnetIds": list(vpc.subnet_ids),
            "SecurityGroupIds": list(vpc.security_group_ids),
            "VpcId": "",
            "Ipv6AllowedForDualStack": vpc.ipv6_allowed,
        },
    }


def _logging(logging: Logging) -> dict[str, str]:
    answer = {"LogFormat": logging.format, "LogGroup": logging.group}
    if logging.application_level is not None:
        answer["ApplicationLogLevel"] = logging.application_level
    if logging.system_level is not None:
        answer["SystemLogLevel"] = logging.system_level
    return answer


def _wrapped(member: str, value: str | None) -> dict[str, str] | None:
    return None if value is None else {member: value}


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _last_modified(modified_ms: int) -> str:
    """AWS: `2025-11-25T02:26:50.123+0000`."""
    second = datetime.fromtimestamp(modified_ms // 1000, UTC)
    return f"{second:%Y-%m-%dT%H:%M:%S}.{modified_ms % 1000:03d}+0000"
