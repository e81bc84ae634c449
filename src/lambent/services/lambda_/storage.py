"""Functions to rows and back: what has changed of a function is written, the rest left alone."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lambent.core.identity import Scope
from lambent.core.store.api import Row, Transaction
from lambent.services.lambda_ import statements
from lambent.services.lambda_.records import (
    Alias,
    Code,
    Configuration,
    Content,
    Function,
    LayerVersion,
    Logging,
    State,
    UpdateStatus,
    Version,
    Vpc,
)


def load(tx: Transaction) -> list[Function]:
    """Every function there is."""
    versions: dict[str, dict[str, Version]] = defaultdict(dict)
    aliases: dict[str, dict[str, Alias]] = defaultdict(dict)
    tags: dict[str, dict[str, str]] = defaultdict(dict)
    for row in tx.all(statements.LIST_VERSIONS):
        versions[row["function_id"]][row["version"]] = _version(row)
    for row in tx.all(statements.LIST_ALIASES):
        aliases[row["function_id"]][row["name"]] = _alias(row)
    for row in tx.all(statements.LIST_TAGS):
        tags[row["function_id"]][row["key"]] = row["value"]
    return [
        Function(
            id=row["id"],
            scope=Scope(row["partition"], row["account"], row["region"]),
            name=row["name"],
            versions=versions[row["id"]],
            aliases=aliases[row["id"]],
            tags=tags[row["id"]],
            next_version=row["next_version"],
            reserved_concurrency=row["reserved_concurrency"],
            recursive_loop=row["recursive_loop"],
            code_signing_config_arn=row["code_signing_config_arn"],
        )
        for row in tx.all(statements.LIST_FUNCTIONS)
    ]


def save(tx: Transaction, before: Function | None, after: Function) -> None:
    """Write what `after` has beside `before`."""
    if before is None or _own(before) != _own(after):
        tx.execute(statements.SAVE_FUNCTION, _own(after))
    key = {"function_id": after.id}
    added, gone = _difference(before.versions if before else {}, after.versions)
    for version in added.values():
        tx.execute(statements.SAVE_VERSION, {**key, **_version_row(version)})
    for number in gone:
        tx.execute(statements.DELETE_VERSION, {**key, "version": number})
    new_aliases, gone = _difference(before.aliases if before else {}, after.aliases)
    for alias in new_aliases.values():
        row = {**asdict(alias), "weights": json.dumps(dict(alias.weights))}
        tx.execute(statements.SAVE_ALIAS, {**key, **row})
    for name in gone:
        tx.execute(statements.DELETE_ALIAS, {**key, "name": name})
    new_tags, gone = _difference(before.tags if before else {}, after.tags)
    for tag, value in new_tags.items():
        tx.execute(statements.SAVE_TAG, {**key, "key": tag, "value": value})
    for tag in gone:
        tx.execute(statements.DELETE_TAG, {**key, "key": tag})


def remove(tx: Transaction, function: Function) -> None:
    """Delete a function and all that is its own."""
    for statement in (
        statements.DELETE_TAGS,
        statements.DELETE_ALIASES,
        statements.DELETE_VERSIONS,
        statements.DELETE_FUNCTION,
    ):
        tx.execute(statement, {"function_id": function.id})


def _difference(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """What is new or other in `after`, and the keys of what is gone."""
    added = {key: value for key, value in after.items() if before.get(key) != value}
    return added, [key for key in before if key not in after]


def _own(function: Function) -> dict[str, Any]:
    return {
        "id": function.id,
        "partition": function.scope.partition,
        "account": function.scope.account,
        "region": function.scope.region,
        "name": function.name,
        "next_version": function.next_version,
        "reserved_concurrency": function.reserved_concurrency,
        "recursive_loop": function.recursive_loop,
        "code_signing_config_arn": function.code_signing_config_arn,
    }


def _version_row(version: Version) -> dict[str, Any]:
    return {
        "version": version.version,
        "revision_id": version.revision_id,
        "modified_ms": version.modified_ms,
        "state": version.state.value,
        "state_reason": version.state_reason,
        "state_reason_code": version.state_reason_code,
        "last_update": version.last_update.value if version.last_update else None,
        "last_update_reason": version.last_update_reason,
        "last_update_reason_code": version.last_update_reason_code,
        "published_from": version.published_from,
        "content": json.dumps(asdict(version.content)),
        "serving": json.dumps(asdict(version.serving)) if version.serving else None,
    }


def _version(row: Row) -> Version:
    return Version(
        version=row["version"],
        revision_id=row["revision_id"],
        modified_ms=row["modified_ms"],
        content=_content(row["content"]),
        serving=_content(row["serving"]) if row["serving"] else None,
        state=State(row["state"]),
        state_reason=row["state_reason"],
        state_reason_code=row["state_reason_code"],
        last_update=UpdateStatus(row["last_update"]) if row["last_update"] else None,
        last_update_reason=row["last_update_reason"],
        last_update_reason_code=row["last_update_reason_code"],
        published_from=row["published_from"],
    )


def _content(document: str) -> Content:
    fields = json.loads(document)
    configuration = fields["configuration"]
    vpc = configuration["vpc"]
    return Content(
        key=fields["key"],
        code=Code(**fields["code"]),
        configuration=Configuration(
            **{
                **configuration,
                "logging": Logging(**configuration["logging"]),
                "layers": tuple(LayerVersion(**layer) for layer in configuration["layers"]),
                "vpc": vpc
                and Vpc(
                    subnet_ids=tuple(vpc["subnet_ids"]),
                    security_group_ids=tuple(vpc["security_group_ids"]),
                    ipv6_allowed=vpc["ipv6_allowed"],
                ),
            }
        ),
    )


def _alias(row: Row) -> Alias:
    return Alias(
        name=row["name"],
        version=row["version"],
        description=row["description"],
        revision_id=row["revision_id"],
        weights=json.loads(row["weights"]),
    )
