"""Code signing configurations in memory and on disk, their tags, and what they demand of code."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from lambent.core.arn import parse_arn
from lambent.core.identity import Scope
from lambent.core.store.api import Row
from lambent.services.lambda_ import settings_statements as statements
from lambent.services.lambda_.changes import Changes
from lambent.services.lambda_.errors import code_signing_config_missing
from lambent.services.lambda_.settings_errors import (
    code_not_signed,
    signing_config_in_use,
    signing_config_missing,
)
from lambent.services.lambda_.state import LambdaState, Spawn
from lambent.services.lambda_.validation import check_tag_count

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningConfig:
    """A code signing configuration."""

    arn: str
    publishers: tuple[str, ...]
    untrusted: Literal["Warn", "Enforce"]
    description: str
    modified_ms: int
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.arn.rpartition(":")[2]

    @property
    def scope(self) -> Scope:
        parsed = parse_arn(self.arn)
        assert parsed is not None  # made by `names`
        return parsed.scope


class SigningShelf:
    """Every code signing configuration; a `tags.TagHolder` for them."""

    def __init__(self, state: LambdaState, spawn: Spawn) -> None:
        self._state = state
        self._changes = Changes(spawn)
        self._configs: dict[str, SigningConfig] = {}

    async def open(self) -> None:
        """Read them; the tables are up to date (`settings_statements.SCHEMA`)."""
        for row in await self._state.store.read(lambda tx: tx.all(statements.LIST_CODE_SIGNING)):
            self._configs[row["arn"]] = _config(row)

    def get(self, scope: Scope, arn: str) -> SigningConfig:
        """Raises ResourceNotFoundException."""
        if not self.has(scope, arn):
            raise signing_config_missing(arn)
        return self._configs[arn]

    def has(self, scope: Scope, arn: str) -> bool:
        return arn in self._configs and self._configs[arn].scope == scope

    def configs_in(self, scope: Scope) -> list[SigningConfig]:
        return [config for config in self._configs.values() if config.scope == scope]

    def functions_with(self, scope: Scope, arn: str) -> list[str]:
        """The ARNs of the functions that a configuration holds for."""
        return [
            function.arn
            for function in self._state.functions_in(scope)
            if function.code_signing_config_arn == arn
        ]

    def check_code(self, scope: Scope, arn: str | None, function_name: str) -> None:
        """Raises when code for a function with this configuration cannot be deployed.

        AWS verifies AWS Signer's signature. What is uploaded here never has one, so that all of
        it is untrusted: Enforce refuses it (CodeVerificationFailedException), Warn lets it
        through. A configuration that is gone: CodeSigningConfigNotFoundException.
        """
        if not arn:
            return
        if not self.has(scope, arn):
            raise code_signing_config_missing(arn)
        if self._configs[arn].untrusted == "Enforce":
            raise code_not_signed(function_name)

    async def in_turn(self, change: Callable[[], Awaitable[T]]) -> T:
        """Run a change of something else while no configuration changes."""
        return await self._changes.run(change)

    async def save(self, config: SigningConfig) -> None:
        """Keep a new configuration."""

        async def change() -> None:
            await self._write(config)

        await self._changes.run(change)

    async def change(self, scope: Scope, arn: str, **changes: Any) -> SigningConfig:
        """Give a configuration other values. Raises ResourceNotFoundException."""

        async def change() -> SigningConfig:
            after = replace(self.get(scope, arn), **changes)
            await self._write(after)
            return after

        return await self._changes.run(change)

    async def delete(self, scope: Scope, arn: str) -> None:
        """Raises ResourceNotFoundException, ResourceConflictException (in use)."""

        async def change() -> None:
            self.get(scope, arn)
            if users := self.functions_with(scope, arn):
                raise signing_config_in_use(len(users))
            key = {"arn": arn}
            await self._state.store.write(
                lambda tx: tx.execute(statements.DELETE_CODE_SIGNING, key)
            )
            del self._configs[arn]

        await self._changes.run(change)

    async def tags(self, scope: Scope, arn: str) -> Mapping[str, str]:
        return self.get(scope, arn).tags

    async def tag(self, scope: Scope, arn: str, tags: Mapping[str, str]) -> None:
        async def change() -> None:
            config = self.get(scope, arn)
            after = {**config.tags, **tags}
            check_tag_count(after)
            await self._write(replace(config, tags=after))

        await self._changes.run(change)

    async def untag(self, scope: Scope, arn: str, keys: Sequence[str]) -> None:
        async def change() -> None:
            config = self.get(scope, arn)
            kept = {key: value for key, value in config.tags.items() if key not in keys}
            await self._write(replace(config, tags=kept))

        await self._changes.run(change)

    async def _write(self, config: SigningConfig) -> None:
        row = {
            "arn": config.arn,
            "publishers": json.dumps(config.publishers),
            "untrusted": config.untrusted,
            "description": config.description,
            "modified_ms": config.modified_ms,
            "tags": json.dumps(dict(config.tags)),
        }
        await self._state.store.write(lambda tx: tx.execute(statements.SAVE_CODE_SIGNING, row))
        self._configs[config.arn] = config


def _config(row: Row) -> SigningConfig:
    return SigningConfig(
        arn=row["arn"],
        publishers=tuple(json.loads(row["publishers"])),
        untrusted=row["untrusted"],
        description=row["description"],
        modified_ms=row["modified_ms"],
        tags=json.loads(row["tags"]),
    )
