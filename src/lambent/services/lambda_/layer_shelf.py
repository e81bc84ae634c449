"""All layers in memory, the one way to change them, and how functions find them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lambent.core.arn import arn_in, parse_arn
from lambent.core.identity import Scope
from lambent.core.store.api import Row, Transaction
from lambent.services.lambda_ import layers_statements as statements
from lambent.services.lambda_.changes import Changes
from lambent.services.lambda_.records import Code, Function, LayerVersion
from lambent.services.lambda_.state import LambdaState, Spawn


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerVersionRecord:
    """One version of a layer; only its policy ever changes. Lists are None if none was given."""

    scope: Scope
    name: str
    version: int
    code: Code
    created_ms: int
    description: str = ""
    license: str | None = None
    runtimes: tuple[str, ...] | None = None
    architectures: tuple[str, ...] | None = None
    policy: tuple[Mapping[str, Any], ...] = ()
    policy_revision: str

    @property
    def layer_arn(self) -> str:
        return layer_arn(self.scope, self.name)

    @property
    def arn(self) -> str:
        return f"{self.layer_arn}:{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer: what is left of its versions, and the number that the next one gets."""

    scope: Scope
    name: str
    next_version: int = 1
    versions: Mapping[int, LayerVersionRecord] = field(default_factory=dict)


def layer_arn(scope: Scope, name: str, version: int | None = None) -> str:
    """A layer's ARN, or that of one of its versions."""
    suffix = "" if version is None else f":{version}"
    return arn_in(scope, "lambda", f"layer:{name}{suffix}")


class LayerShelf:
    """Every layer, as `records.LayerCatalog` and for the operations on layers.

    A zip is kept while a layer version has it, or a function still uses one that is deleted.
    """

    def __init__(self, state: LambdaState, spawn: Spawn) -> None:
        self._state = state
        self._spawn = spawn
        self._changes = Changes(spawn)
        self._layers: dict[tuple[Scope, str], Layer] = {}
        state.keep_blobs(self._keeps)
        state.when_changed(self._let_go)

    async def open(self) -> None:
        """Bring the tables up to date and read every layer."""
        await self._state.store.migrate(statements.SCHEMA)
        for layer in await self._state.store.read(_load):
            self._layers[layer.scope, layer.name] = layer

    # Reading: from memory, never waits

    def find(self, scope: Scope, name: str, version: int) -> LayerVersionRecord | None:
        layer = self._layers.get((scope, name))
        return layer.versions.get(version) if layer else None

    def layers_in(self, scope: Scope) -> list[Layer]:
        """The layers of an account and region that have a version left."""
        return [
            layer for (where, _), layer in self._layers.items() if where == scope and layer.versions
        ]

    def versions_of(self, scope: Scope, name: str) -> list[LayerVersionRecord]:
        layer = self._layers.get((scope, name))
        return list(layer.versions.values()) if layer else []

    def resolve(self, scope: Scope, arn: str) -> LayerVersion | None:
        """See `records.LayerCatalog`. Layers of other accounts come with permissions."""
        parsed = parse_arn(arn)
        if parsed is None or parsed.service != "lambda" or parsed.scope != scope:
            return None
        kind, _, rest = parsed.resource.partition(":")
        name, _, number = rest.partition(":")
        if kind != "layer" or not (number.isascii() and number.isdigit()):
            return None
        if (found := self.find(scope, name, int(number))) is None:
            return None
        return LayerVersion(
            arn=found.arn,
            digest=found.code.digest,
            code_size=found.code.size,
            uncompressed_size=found.code.uncompressed_size,
        )

    # Changing

    async def publish(self, data: bytes, draft: LayerVersionRecord) -> LayerVersionRecord:
        """Keep a zip as the next version of its layer; `draft` with the number it got."""

        async def change() -> LayerVersionRecord:
            layer = self._layers.get((draft.scope, draft.name))
            layer = layer or Layer(scope=draft.scope, name=draft.name)
            made = replace(draft, version=layer.next_version)
            after = replace(
                layer,
                next_version=layer.next_version + 1,
                versions={**layer.versions, made.version: made},
            )
            # Pinned in here, so that a caller who goes away does not let go of it too early.
            with self._state.pinned(draft.code.digest):
                await self._state.put_blob(data)
                await self._state.store.write(lambda tx: _save(tx, after, made))
                self._layers[draft.scope, draft.name] = after
            return made

        return await self._changes.run(change)

    async def delete(self, scope: Scope, name: str, version: int) -> None:
        """Forget a version; one that is not there is no error."""

        async def change() -> None:
            layer = self._layers.get((scope, name))
            if layer is None or (gone := layer.versions.get(version)) is None:
                return
            key = {**_key(scope, name), "version": version}
            await self._state.store.write(lambda tx: tx.execute(statements.DELETE_VERSION, key))
            kept = {number: one for number, one in layer.versions.items() if number != version}
            self._layers[scope, name] = replace(layer, versions=kept)
            await self._state.release(gone.code.digest)

        await self._changes.run(change)

    async def set_policy(
        self, version: LayerVersionRecord, policy: Sequence[Mapping[str, Any]]
    ) -> LayerVersionRecord | None:
        """Give a version another policy, with a new revision id.

        None, and nothing done, if it is no longer the version that was given.
        """

        async def change() -> LayerVersionRecord | None:
            layer = self._layers.get((version.scope, version.name))
            if layer is None or layer.versions.get(version.version) != version:
                return None
            made = replace(version, policy=tuple(policy), policy_revision=self._state.ids.uuid())
            after = replace(layer, versions={**layer.versions, made.version: made})
            await self._state.store.write(lambda tx: _save(tx, after, made))
            self._layers[version.scope, version.name] = after
            return made

        return await self._changes.run(change)

    def code_size_in(self, scope: Scope) -> int:
        """Bytes that the layers of an account and region take, zipped."""
        return sum(
            version.code.size
            for layer in self.layers_in(scope)
            for version in layer.versions.values()
        )

    def _keeps(self, digest: str) -> bool:
        return any(
            version.code.digest == digest
            for layer in self._layers.values()
            for version in layer.versions.values()
        ) or any(digest in _layer_digests(function) for function in self._state.all_functions())

    def _let_go(self, before: Function | None, after: Function | None) -> None:
        """Collect what only a function that has changed has kept."""
        for digest in _layer_digests(before) - _layer_digests(after):
            self._spawn(self._state.release(digest))


def _layer_digests(function: Function | None) -> set[str]:
    if function is None:
        return set()
    return {
        layer.digest for content in function.contents() for layer in content.configuration.layers
    }


def _load(tx: Transaction) -> list[Layer]:
    versions: dict[tuple[Scope, str], dict[int, LayerVersionRecord]] = {}
    for row in tx.all(statements.LIST_VERSIONS):
        version = _version(row)
        versions.setdefault((version.scope, version.name), {})[version.version] = version
    return [
        Layer(
            scope=(scope := _scope(row)),
            name=row["name"],
            next_version=row["next_version"],
            versions=versions.get((scope, row["name"]), {}),
        )
        for row in tx.all(statements.LIST_LAYERS)
    ]


def _save(tx: Transaction, layer: Layer, version: LayerVersionRecord) -> None:
    key = _key(layer.scope, layer.name)
    tx.execute(statements.SAVE_LAYER, {**key, "next_version": layer.next_version})
    tx.execute(
        statements.SAVE_VERSION,
        {
            **key,
            "version": version.version,
            "digest": version.code.digest,
            "size": version.code.size,
            "uncompressed_size": version.code.uncompressed_size,
            "created_ms": version.created_ms,
            "description": version.description,
            "license": version.license,
            "runtimes": _json(version.runtimes),
            "architectures": _json(version.architectures),
            "policy": json.dumps(version.policy),
            "policy_revision": version.policy_revision,
        },
    )


def _version(row: Row) -> LayerVersionRecord:
    return LayerVersionRecord(
        scope=_scope(row),
        name=row["name"],
        version=row["version"],
        code=Code(
            digest=row["digest"], size=row["size"], uncompressed_size=row["uncompressed_size"]
        ),
        created_ms=row["created_ms"],
        description=row["description"],
        license=row["license"],
        runtimes=_strings(row["runtimes"]),
        architectures=_strings(row["architectures"]),
        policy=tuple(json.loads(row["policy"])),
        policy_revision=row["policy_revision"],
    )


def _scope(row: Row) -> Scope:
    return Scope(row["partition"], row["account"], row["region"])


def _key(scope: Scope, name: str) -> dict[str, str]:
    return {
        "partition": scope.partition,
        "account": scope.account,
        "region": scope.region,
        "name": name,
    }


def _json(strings: tuple[str, ...] | None) -> str | None:
    return None if strings is None else json.dumps(strings)


def _strings(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(json.loads(text))
