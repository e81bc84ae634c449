"""What dispatch asks of functions: a name and qualifier to the version that runs, from memory."""

from dataclasses import replace

from lambent.core.identity import Scope
from lambent.fleet.spec import FunctionSpec, LoggingSpec
from lambent.invoke.functions import FunctionRecord, Target, VersionRecord
from lambent.services.lambda_.errors import function_not_found
from lambent.services.lambda_.names import LATEST, function_arn, is_version
from lambent.services.lambda_.records import Content, Function, Version
from lambent.services.lambda_.state import LambdaState


def spec_of(function: Function, version: Version, content: Content) -> FunctionSpec:
    """All that the fleet knows of a version with this content."""
    configuration = content.configuration
    logging = configuration.logging
    return FunctionSpec(
        key=content.key,
        scope=function.scope,
        function_name=function.name,
        function_arn=function.arn,
        version=version.version,
        runtime=configuration.runtime,
        handler=configuration.handler,
        memory_mb=configuration.memory_mb,
        timeout_s=configuration.timeout_s,
        variables=configuration.variables or {},
        code_digest=content.code.digest,
        layer_digests=tuple(layer.digest for layer in configuration.layers),
        tmp_mb=configuration.tmp_mb,
        logging=LoggingSpec(
            group=logging.group,
            format=logging.format,
            application_level=logging.application_level,
            system_level=logging.system_level,
        ),
        role_arn=configuration.role,
        tracing=configuration.tracing,
    )


def rekeyed(content: Content, before: Content, key: str) -> Content:
    """`content` with the key of `before` if environments would see no difference, else `key`."""
    blank = replace(
        content.configuration,
        description=before.configuration.description,
        vpc=before.configuration.vpc,
        dead_letter_arn=before.configuration.dead_letter_arn,
        kms_key_arn=before.configuration.kms_key_arn,
        snap_start=before.configuration.snap_start,
        architecture=before.configuration.architecture,
    )
    same = content.code == before.code and blank == before.configuration
    return replace(content, key=before.key if same else key)


class Directory:
    """`invoke.functions.FunctionDirectory` over the state's view.

    Targets are kept until their function changes: an invocation costs one look-up.
    """

    def __init__(self, state: LambdaState) -> None:
        self._state = state
        self._targets: dict[tuple[Scope, str], dict[str | None, Target]] = {}
        state.when_changed(self._forget)

    def target(self, scope: Scope, function_name: str, qualifier: str | None) -> Target:
        """Raises ResourceNotFoundException; an unqualified name is `$LATEST` in its words."""
        known = self._targets.get((scope, function_name))
        if known is not None and (target := known.get(qualifier)) is not None:
            return target
        function = self._state.find(scope, function_name)
        if function is None:
            raise function_not_found(function_arn(scope, function_name, qualifier or LATEST))
        target = _target(function, qualifier)
        self._targets.setdefault((scope, function_name), {})[qualifier] = target
        return target

    def _forget(self, before: Function | None, after: Function | None) -> None:
        if (subject := after or before) is not None:
            self._targets.pop((subject.scope, subject.name), None)


def _target(function: Function, qualifier: str | None) -> Target:
    alternate: tuple[VersionRecord, float] | None = None
    version = function.version_of(qualifier)
    if qualifier is not None and not is_version(qualifier):
        for number, weight in function.aliases[qualifier].weights.items():
            alternate = (_record(function, function.versions[number]), weight)
    return Target(
        invoked_arn=function_arn(function.scope, function.name, qualifier),
        version=_record(function, version),
        alternate=alternate,
    )


def _record(function: Function, version: Version) -> VersionRecord:
    return VersionRecord(
        function=FunctionRecord(
            scope=function.scope,
            name=function.name,
            arn=function.arn,
            reserved_concurrency=function.reserved_concurrency,
            recursive_loop=function.recursive_loop,
        ),
        spec=spec_of(function, version, version.served),
        state=version.state.value,
        state_reason=version.state_reason,
    )
