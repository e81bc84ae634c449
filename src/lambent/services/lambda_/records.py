"""Functions, their versions and aliases, as records: what the database holds, and what is served.

A `Function` holds all of its versions and aliases. A change is a new `Function` made from the old
one by `replace` and the `with_…` methods; `state.LambdaState.change` makes it durable.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, Protocol

from lambent.core.identity import Scope
from lambent.services.lambda_.errors import function_not_found
from lambent.services.lambda_.names import LATEST, function_arn, is_version


class State(StrEnum):
    """Lambda's states of a version that can occur here."""

    PENDING = "Pending"
    ACTIVE = "Active"
    FAILED = "Failed"


class UpdateStatus(StrEnum):
    """How the last update of a version went."""

    IN_PROGRESS = "InProgress"
    SUCCESSFUL = "Successful"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerVersion:
    """A layer's version as a function uses it. Sizes in bytes; `digest` names the zip's blob."""

    arn: str
    digest: str
    code_size: int
    uncompressed_size: int


class LayerCatalog(Protocol):
    """Finds layer versions; answers from memory."""

    def resolve(self, scope: Scope, arn: str) -> LayerVersion | None:
        """The layer version of this ARN, or None. `scope` is the function's."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Logging:
    """A function's LoggingConfig, defaults filled in. Levels are None in Text format."""

    group: str
    format: Literal["Text", "JSON"] = "Text"
    application_level: str | None = None
    system_level: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """A VpcConfig, stored only."""

    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    ipv6_allowed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A version's zip: the digest (SHA-256, hex) that names its blob, and its sizes in bytes."""

    digest: str
    size: int
    uncompressed_size: int

    @property
    def sha256(self) -> str:
        """CodeSha256 as AWS writes it: base64."""
        return base64.b64encode(bytes.fromhex(self.digest)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """All that CreateFunction and UpdateFunctionConfiguration set, defaults filled in."""

    runtime: str
    handler: str
    role: str
    logging: Logging
    description: str = ""
    timeout_s: int = 3
    memory_mb: int = 128
    tmp_mb: int = 512
    # None: no Environment was ever given.
    variables: Mapping[str, str] | None = None
    architecture: str = "x86_64"
    layers: tuple[LayerVersion, ...] = ()
    tracing: Literal["PassThrough", "Active"] = "PassThrough"
    snap_start: Literal["None", "PublishedVersions"] = "None"
    vpc: Vpc | None = None
    dead_letter_arn: str | None = None
    kms_key_arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Code and configuration that belong together.

    `key` is the key of the environments made from it (fleet.spec): a change that environments can
    see has a new one, any other keeps it.
    """

    key: str
    code: Code
    configuration: Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """`$LATEST`, or a published version, whose content never changes."""

    # "$LATEST" or a number.
    version: str
    revision_id: str
    modified_ms: int
    content: Content
    # What still serves while an update to `content` is in progress, or after it failed.
    serving: Content | None = None
    state: State = State.PENDING
    state_reason: str | None = None
    state_reason_code: str | None = None
    last_update: UpdateStatus | None = None
    last_update_reason: str | None = None
    last_update_reason_code: str | None = None
    # Of a published version: the fingerprint that $LATEST had.
    published_from: str | None = None

    @property
    def configuration(self) -> Configuration:
        return self.content.configuration

    @property
    def served(self) -> Content:
        """What an invocation runs now."""
        return self.serving or self.content


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name for a version; `weights` sends a share of invocations to one other version."""

    name: str
    version: str
    description: str
    revision_id: str
    weights: Mapping[str, float] = field(default_factory=dict)

    def refers_to(self, version: str) -> bool:
        return version == self.version or version in self.weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function with all its versions and aliases. `id` is never used again."""

    id: str
    scope: Scope
    name: str
    versions: Mapping[str, Version]
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    # The number the next published version gets; numbers are never used again.
    next_version: int = 1
    reserved_concurrency: int | None = None
    recursive_loop: Literal["Terminate", "Allow"] = "Terminate"
    code_signing_config_arn: str | None = None

    @property
    def arn(self) -> str:
        return function_arn(self.scope, self.name)

    @property
    def latest(self) -> Version:
        return self.versions[LATEST]

    def version_of(self, qualifier: str | None) -> Version:
        """The version a qualifier leads to: itself, an alias's main version, or $LATEST for None.

        Raises ResourceNotFoundException, with the ARN of what was asked for.
        """
        if qualifier is None:
            return self.latest
        if not is_version(qualifier) and (alias := self.aliases.get(qualifier)):
            return self.versions[alias.version]
        if (version := self.versions.get(qualifier)) is None:
            raise function_not_found(function_arn(self.scope, self.name, qualifier))
        return version

    def with_version(self, version: Version) -> "Function":
        """This function with `version` added, or in the place of the one of its number."""
        return replace(self, versions={**self.versions, version.version: version})

    def without_version(self, number: str) -> "Function":
        kept = {key: value for key, value in self.versions.items() if key != number}
        return replace(self, versions=kept)

    def with_alias(self, alias: Alias) -> "Function":
        """This function with `alias` added, or in the place of the one of its name."""
        return replace(self, aliases={**self.aliases, alias.name: alias})

    def without_alias(self, name: str) -> "Function":
        kept = {key: value for key, value in self.aliases.items() if key != name}
        return replace(self, aliases=kept)

    def contents(self) -> Iterator[Content]:
        """Every content that a version has or still serves."""
        for version in self.versions.values():
            yield version.content
            if version.serving is not None:
                yield version.serving
