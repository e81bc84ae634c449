"""The operations on layers: publish, get (also by ARN), delete, list layers, list versions."""

from collections.abc import Iterable, Mapping
from typing import Any

from lambent.core.arn import parse_arn
from lambent.core.identity import Scope
from lambent.services.contract import Call, Operation
from lambent.services.lambda_.code import CodeLinks, check_request_size, inspect_zip
from lambent.services.lambda_.create_function import REJECTED_CODE
from lambent.services.lambda_.errors import no_code, other_account, other_region
from lambent.services.lambda_.instants import with_millis
from lambent.services.lambda_.layer_shelf import LayerShelf, LayerVersionRecord
from lambent.services.lambda_.pages import page
from lambent.services.lambda_.settings_errors import layer_version_too_low, resource_missing
from lambent.services.lambda_.state import LambdaState

_REJECTED = {
    f"Content.{member}": why
    for member, why in REJECTED_CODE.items()
    if member != "SourceKMSKeyArn"  # a layer's content has none
}


class Layers:
    """The operations on layers and their versions."""

    def __init__(self, state: LambdaState, shelf: LayerShelf, links: CodeLinks) -> None:
        self._state = state
        self._shelf = shelf
        self._links = links

    def operations(self) -> dict[str, Operation]:
        return {
            "PublishLayerVersion": Operation(handler=self.publish, rejected=_REJECTED),
            "GetLayerVersion": Operation(handler=self.get),
            "GetLayerVersionByArn": Operation(handler=self.get_by_arn),
            "DeleteLayerVersion": Operation(handler=self.delete),
            "ListLayers": Operation(handler=self.list_),
            "ListLayerVersions": Operation(handler=self.list_versions),
        }

    async def publish(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Keep a zip as the next version of a layer, which it makes if need be."""
        check_request_size("PublishLayerVersion", call.headers)
        name = layer_name(call, params["LayerName"], "PublishLayerVersion")
        if (data := params["Content"].get("ZipFile")) is None:
            raise no_code()
        code = await self._state.off_loop(lambda: inspect_zip(data))
        draft = LayerVersionRecord(
            scope=call.scope,
            name=name,
            version=0,
            code=code,
            created_ms=self._state.now_ms(),
            description=params.get("Description", ""),
            license=params.get("LicenseInfo"),
            runtimes=_given(params.get("CompatibleRuntimes")),
            architectures=_given(params.get("CompatibleArchitectures")),
            policy_revision=self._state.ids.uuid(),
        )
        return self._answer(call, await self._shelf.publish(data, draft))

    async def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """A layer version, with a link to its zip."""
        name = layer_name(call, params["LayerName"], "GetLayerVersion")
        return self._get(call, name, params["VersionNumber"])

    async def get_by_arn(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """`get`, of the version that an ARN names."""
        layer, _, number = params["Arn"].rpartition(":")
        if not (number.isascii() and number.isdigit()):
            # A layer that AWS owns: none is here.
            raise resource_missing()
        return self._get(call, layer_name(call, layer, "GetLayerVersion"), int(number))

    async def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a version; functions that use it go on. One that is not there is no error."""
        name = layer_name(call, params["LayerName"], "DeleteLayerVersion")
        if params["VersionNumber"] < 1:
            raise layer_version_too_low()
        await self._shelf.delete(call.scope, name, params["VersionNumber"])
        return {}

    async def list_(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Layers with the newest of their versions that matches the filters."""
        newest = [
            max(matching, key=lambda version: version.version)
            for layer in self._shelf.layers_in(call.scope)
            if (matching := _matching(layer.versions.values(), params))
        ]
        shown, more = page(newest, lambda version: (version.name,), params)
        layers = [
            {
                "LayerName": version.name,
                "LayerArn": version.layer_arn,
                "LatestMatchingVersion": _listed(version),
            }
            for version in shown
        ]
        return {"Layers": layers, **more}

    async def list_versions(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """The versions of a layer that match the filters, newest first."""
        name = layer_name(call, params["LayerName"], "ListLayerVersions")
        versions = _matching(self._shelf.versions_of(call.scope, name), params)
        shown, more = page(versions, lambda version: (-version.version,), params)
        return {"LayerVersions": [_listed(version) for version in shown], **more}

    def _get(self, call: Call, name: str, number: int) -> dict[str, Any]:
        if number < 1:
            raise layer_version_too_low()
        if (version := self._shelf.find(call.scope, name, number)) is None:
            raise resource_missing()
        return self._answer(call, version)

    def _answer(self, call: Call, version: LayerVersionRecord) -> dict[str, Any]:
        return {
            "Content": {
                "Location": self._links.location(call, version.code.digest),
                "CodeSha256": version.code.sha256,
                "CodeSize": version.code.size,
            },
            "LayerArn": version.layer_arn,
            **_listed(version),
        }


def layer_name(call: Call, name_or_arn: str, action: str) -> str:
    """The layer that a name or an ARN names, in the caller's account and region.

    Raises ResourceNotFoundException (another region), AccessDeniedException (another account).
    """
    if (arn := parse_arn(name_or_arn)) is None:
        return name_or_arn
    if arn.region != call.scope.region:
        raise other_region(arn.region, call.scope.region)
    theirs = Scope(call.scope.partition, arn.account, arn.region)
    if theirs != call.scope:
        raise other_account(call.caller.scope.account, name_or_arn, action)
    return arn.resource.split(":")[1]


def _matching(
    versions: Iterable[LayerVersionRecord], params: Mapping[str, Any]
) -> list[LayerVersionRecord]:
    runtime, architecture = params.get("CompatibleRuntime"), params.get("CompatibleArchitecture")
    return [
        version
        for version in versions
        if (runtime is None or runtime in (version.runtimes or ()))
        and (architecture is None or architecture in (version.architectures or ()))
    ]


def _listed(version: LayerVersionRecord) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "LayerVersionArn": version.arn,
        "Version": version.version,
        "Description": version.description,
        "CreatedDate": with_millis(version.created_ms),
    }
    if version.runtimes is not None:
        answer["CompatibleRuntimes"] = list(version.runtimes)
    if version.architectures is not None:
        answer["CompatibleArchitectures"] = list(version.architectures)
    if version.license is not None:
        answer["LicenseInfo"] = version.license
    return answer


def _given(strings: list[str] | None) -> tuple[str, ...] | None:
    return None if strings is None else tuple(strings)
