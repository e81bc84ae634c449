"""From parameters to a Configuration: what AWS checks beyond the model, in AWS's order."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lambent.core.arn import parse_arn
from lambent.core.errors import NotImplementedException
from lambent.core.identity import Scope
from lambent.fleet.variables import RESERVED
from lambent.services.lambda_.errors import (
    UNZIPPED_LIMIT_BYTES,
    broken_constraint,
    code_with_layers_too_large,
    constraint_words,
    invalid,
    layer_elsewhere,
    layer_missing,
    layer_twice,
    levels_in_text,
    needed_for_zip,
    reserved_variables,
    too_many_layers,
    too_many_tags,
    variables_too_large,
)
from lambent.services.lambda_.records import (
    Code,
    Configuration,
    LayerCatalog,
    LayerVersion,
    Logging,
    Vpc,
)
from lambent.services.lambda_.runtimes import RuntimeRefusal, check_runtime

MAX_MEMORY_MB = 10_240
MAX_TMP_MB = 10_240
MAX_VARIABLES_BYTES = 4_096
MAX_LAYERS = 5
MAX_TAGS = 50
MAX_NAME = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a configuration is checked against, beside AWS's fixed limits."""

    layers: LayerCatalog
    runtime_refusal: RuntimeRefusal
    max_timeout_s: int = 900


def check_new_name(name: str) -> None:
    """Raises InvalidParameterValueException (sic) for a bare name that is too long."""
    if len(name) > MAX_NAME:
        words = f"have length less than or equal to {MAX_NAME}"
        raise invalid(constraint_words(name, "functionName", words))


def new_configuration(
    scope: Scope, name: str, params: Mapping[str, Any], rules: Rules
) -> Configuration:
    """The configuration that CreateFunction asks for, defaults filled in."""
    if params.get("PackageType", "Zip") != "Zip":
        raise NotImplementedException(
            "Lambent does not implement PackageType Image of lambda:CreateFunction yet: functions "
            "from container images come later."
        )
    for member in ("Runtime", "Handler"):
        if not params.get(member):
            raise needed_for_zip(member)
    blank = Configuration(
        runtime=params["Runtime"],
        handler=params["Handler"],
        role=params["Role"],
        logging=Logging(group=f"/aws/lambda/{name}"),
        architecture=params.get("Architectures", ["x86_64"])[0],
    )
    return changed_configuration(blank, scope, name, params, rules)


def changed_configuration(
    current: Configuration, scope: Scope, name: str, params: Mapping[str, Any], rules: Rules
) -> Configuration:
    """`current` with what the parameters change; what they do not name stays."""
    _check_numbers(params, rules)
    changes: dict[str, Any] = {
        field: params[member] for member, field in _PLAIN.items() if member in params
    }
    if "Environment" in params:
        changes["variables"] = _variables(params["Environment"])
    if "Runtime" in params:
        check_runtime(params["Runtime"], rules.runtime_refusal)
    if "EphemeralStorage" in params:
        changes["tmp_mb"] = params["EphemeralStorage"]["Size"]
    if "Layers" in params:
        changes["layers"] = _layers(scope, params["Layers"], rules.layers)
    if "TracingConfig" in params:
        changes["tracing"] = params["TracingConfig"].get("Mode", "PassThrough")
    if "SnapStart" in params:
        changes["snap_start"] = params["SnapStart"].get("ApplyOn", "None")
    if "VpcConfig" in params:
        changes["vpc"] = _vpc(current.vpc, params["VpcConfig"])
    if "DeadLetterConfig" in params:
        changes["dead_letter_arn"] = params["DeadLetterConfig"].get("TargetArn") or None
    if "KMSKeyArn" in params:
        changes["kms_key_arn"] = params["KMSKeyArn"] or None
    if "LoggingConfig" in params:
        changes["logging"] = _logging(current.logging, params["LoggingConfig"])
    return replace(current, **changes)


_PLAIN = {
    "Runtime": "runtime",
    "Handler": "handler",
    "Role": "role",
    "Description": "description",
    "Timeout": "timeout_s",
    "MemorySize": "memory_mb",
}


def check_total_size(code: Code, layers: Sequence[LayerVersion]) -> None:
    """Raises InvalidParameterValueException when code and layers are over 250 MB together."""
    total = code.uncompressed_size + sum(layer.uncompressed_size for layer in layers)
    if total > UNZIPPED_LIMIT_BYTES:
        raise code_with_layers_too_large(total)


def check_tag_count(tags: Mapping[str, str]) -> None:
    """Raises InvalidParameterValueException when a resource would have more than 50 tags."""
    if len(tags) > MAX_TAGS:
        raise too_many_tags()


def _check_numbers(params: Mapping[str, Any], rules: Rules) -> None:
    """The limits of functions that do not run on managed instances; the model has theirs."""
    for member, value, limit in (
        ("timeout", params.get("Timeout"), rules.max_timeout_s),
        ("memorySize", params.get("MemorySize"), MAX_MEMORY_MB),
        ("ephemeralStorage.size", params.get("EphemeralStorage", {}).get("Size"), MAX_TMP_MB),
    ):
        if value is not None and value > limit:
            raise broken_constraint(value, member, f"have value less than or equal to {limit}")


def _variables(environment: Mapping[str, Any]) -> dict[str, str]:
    variables = dict(environment.get("Variables") or {})
    reserved = [key for key in variables if key in RESERVED]
    if reserved:
        raise reserved_variables(reserved)
    # AWS: what it measures is the JSON text that it prints in its message.
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > MAX_VARIABLES_BYTES:
        raise variables_too_large(variables)
    return variables


def _layers(scope: Scope, arns: Sequence[str], catalog: LayerCatalog) -> tuple[LayerVersion, ...]:
    if len(arns) > MAX_LAYERS:
        raise too_many_layers()
    found: list[LayerVersion] = []
    by_layer: dict[str, str] = {}
    for arn in arns:
        parsed = parse_arn(arn)
        # Layers that AWS owns have an ARN without a region.
        if parsed is not None and parsed.region not in ("", scope.region):
            raise layer_elsewhere(scope.region)
        layer = catalog.resolve(scope, arn)
        if layer is None:
            raise layer_missing(arn)
        unversioned = arn.rpartition(":")[0]
        if unversioned in by_layer:
            raise layer_twice(by_layer[unversioned], arn)
        by_layer[unversioned] = arn
        found.append(layer)
    return tuple(found)


def _vpc(current: Vpc | None, config: Mapping[str, Any]) -> Vpc | None:
    vpc = Vpc(
        subnet_ids=tuple(config.get("SubnetIds") or ()),
        security_group_ids=tuple(config.get("SecurityGroupIds") or ()),
        ipv6_allowed=bool(config.get("Ipv6AllowedForDualStack")),
    )
    # A function that never had one answers without; one that lost it answers with empty lists.
    return vpc if vpc.subnet_ids or vpc.security_group_ids or current is not None else None


def _logging(current: Logging, config: Mapping[str, Any]) -> Logging:
    format_ = config.get("LogFormat", current.format)
    group = config.get("LogGroup", current.group)
    if format_ == "Text":
        if "ApplicationLogLevel" in config or "SystemLogLevel" in config:
            raise levels_in_text()
        return Logging(group=group)
    return Logging(
        group=group,
        format="JSON",
        application_level=config.get("ApplicationLogLevel", current.application_level or "INFO"),
        system_level=config.get("SystemLogLevel", current.system_level or "INFO"),
    )
