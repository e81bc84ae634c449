"""Log groups."""

from typing import Any

from lambent.core.store.api import Transaction
from lambent.services.contract import Call, Operation
from lambent.services.logs import statements
from lambent.services.logs.errors import (
    InvalidParameterException,
    group_exists,
    no_such_group,
    prefix_and_pattern,
    protected,
)
from lambent.services.logs.ingestion import create_group
from lambent.services.logs.positions import page_token, place_of
from lambent.services.logs.records import Group, find_group, group_from, scope_params
from lambent.services.logs.state import LogsState
from lambent.services.logs.tags import tags_of, write_tags
from lambent.services.logs.validation import (
    check_retention,
    check_tags,
    group_name_in,
    group_name_of,
    storable,
)

_NO_LINKS = "there are no linked accounts here"


class Groups:
    """The operations on log groups."""

    def __init__(self, state: LogsState) -> None:
        self._state = state

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateLogGroup": Operation(
                handler=self.create,
                stored={
                    "kmsKeyId": "events are not encrypted",
                    "logGroupClass": "every class has the features of STANDARD",
                },
            ),
            "DeleteLogGroup": Operation(handler=self.delete),
            "DescribeLogGroups": Operation(
                handler=self.describe,
                rejected={"accountIdentifiers": _NO_LINKS, "includeLinkedAccounts": _NO_LINKS},
            ),
            "ListLogGroups": Operation(
                handler=self.list_,
                rejected={
                    "accountIdentifiers": _NO_LINKS,
                    "includeLinkedAccounts": _NO_LINKS,
                    "dataSources": "data sources are not built",
                    "fieldIndexNames": "field indexes are not built",
                },
            ),
            "PutRetentionPolicy": Operation(handler=self.put_retention),
            "DeleteRetentionPolicy": Operation(handler=self.delete_retention),
            "PutLogGroupDeletionProtection": Operation(handler=self.put_protection),
            "AssociateKmsKey": Operation(
                handler=self.associate_key, stored={"kmsKeyId": "events are not encrypted"}
            ),
            "DisassociateKmsKey": Operation(handler=self.disassociate_key),
        }

    async def create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        tags = params.get("tags", {})
        check_tags(tags)
        now_ms = self._state.now_ms()

        def work(tx: Transaction) -> None:
            name = params["logGroupName"]
            created = create_group(
                tx,
                call.scope,
                name,
                now_ms,
                class_=params.get("logGroupClass", "STANDARD"),
                kms_key_id=storable(params["kmsKeyId"]) if "kmsKeyId" in params else None,
                protected=params.get("deletionProtectionEnabled", False),
            )
            if not created:
                raise group_exists()
            write_tags(tx, find_group(tx, call.scope, name), tags)

        await self._state.store.write(work)
        return {}

    async def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Remove a group and all in it, at once."""

        def work(tx: Transaction) -> None:
            group = find_group(tx, call.scope, params["logGroupName"])
            if group.deletion_protected:
                raise protected(group.name)
            for statement in (
                statements.DELETE_EVENTS_OF_GROUP,
                statements.DELETE_STREAMS_OF_GROUP,
                statements.DELETE_TAGS_OF_GROUP,
                statements.DELETE_GROUP,
            ):
                tx.execute(statement, {"group_id": group.id})

        # What waits in the buffer would bring the group to life again.
        await self._state.buffer.visible()
        await self._state.store.write(work)
        return {}

    async def describe(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        prefix = params.get("logGroupNamePrefix")
        pattern = params.get("logGroupNamePattern")
        if prefix and pattern:
            raise prefix_and_pattern()
        identifiers = params.get("logGroupIdentifiers")
        if identifiers and (prefix or pattern):
            raise InvalidParameterException(
                "logGroupIdentifiers cannot be used with logGroupNamePrefix or logGroupNamePattern."
            )
        await self._state.buffer.visible()
        if identifiers:
            wanted = {group_name_in(call.scope, identifier) for identifier in identifiers}
            groups, token = await self._named(call, wanted), None
        else:
            groups, token = await self._page(call, params, params.get("limit", 50))
        return {
            "logGroups": [_description(group, brief=bool(pattern)) for group in groups],
            **({"nextToken": token} if token else {}),
        }

    async def list_(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        await self._state.buffer.visible()
        groups, token = await self._page(call, params, params.get("limit", 50))
        if params.get("logGroupTags"):
            groups = await self._tagged(groups, params["logGroupTags"])
        return {
            "logGroups": [
                {
                    "logGroupName": group.name,
                    "logGroupArn": group.arn,
                    "logGroupClass": group.class_,
                }
                for group in groups
            ],
            **({"nextToken": token} if token else {}),
        }

    async def _page(
        self, call: Call, params: dict[str, Any], limit: int
    ) -> tuple[list[Group], str | None]:
        """Groups after the request's token that match its names, and the next token."""
        after = storable(place_of(params["nextToken"], str)[0]) if "nextToken" in params else ""
        alternatives = _alternatives(params)

        def work(tx: Transaction) -> list[Group]:
            found: set[Group] = set()
            for prefix, substring in alternatives:
                rows = tx.all(
                    statements.LIST_GROUPS,
                    {
                        **scope_params(call.scope),
                        "after": after,
                        "prefix": prefix,
                        "substring": substring,
                        "class": params.get("logGroupClass", ""),
                        "limit": limit + 1,
                    },
                )
                found.update(group_from(row, call.scope) for row in rows)
            return sorted(found, key=lambda group: group.name)

        groups = await self._state.store.read(work)
        page = groups[:limit]
        return page, page_token(page[-1].name) if len(groups) > limit else None

    async def _named(self, call: Call, names: set[str]) -> list[Group]:
        def work(tx: Transaction) -> list[Group]:
            rows = [
                tx.one(statements.FIND_GROUP, {**scope_params(call.scope), "name": name})
                for name in sorted(names)
            ]
            return [group_from(row, call.scope) for row in rows if row is not None]

        return await self._state.store.read(work)

    async def _tagged(self, groups: list[Group], filters: list[dict[str, Any]]) -> list[Group]:
        def work(tx: Transaction) -> list[Group]:
            return [group for group in groups if _has_tags(tags_of(tx, group), filters)]

        return await self._state.store.read(work)

    async def put_retention(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        check_retention(params["retentionInDays"])
        return await self._set(
            call,
            params["logGroupName"],
            statements.SET_RETENTION,
            {"retention_days": params["retentionInDays"]},
        )

    async def delete_retention(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return await self._set(
            call, params["logGroupName"], statements.SET_RETENTION, {"retention_days": None}
        )

    async def put_protection(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return await self._set(
            call,
            group_name_of(call.scope, params),
            statements.SET_PROTECTION,
            {"protected": int(params["deletionProtectionEnabled"])},
        )

    async def associate_key(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return await self._set(
            call,
            _keyed_group(call, params),
            statements.SET_KMS_KEY,
            {"kms_key_id": storable(params["kmsKeyId"])},
        )

    async def disassociate_key(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return await self._set(
            call, _keyed_group(call, params), statements.SET_KMS_KEY, {"kms_key_id": None}
        )

    async def _set(
        self, call: Call, name: str, statement: str, values: dict[str, Any]
    ) -> dict[str, Any]:
        """Change one column of a group."""

        def work(tx: Transaction) -> None:
            group = find_group(tx, call.scope, name)
            tx.execute(statement, {"group_id": group.id, **values})

        await self._state.buffer.visible()
        await self._state.store.write(work)
        return {}


def _keyed_group(call: Call, params: dict[str, Any]) -> str:
    """The group whose key is meant; query results, the other kind of resource, are not built."""
    identifier = params.get("resourceIdentifier")
    if (identifier is None) == ("logGroupName" not in params):
        raise InvalidParameterException(
            "Exactly one of logGroupName and resourceIdentifier must be specified."
        )
    if identifier is None:
        return str(params["logGroupName"])
    if ":log-group:" not in identifier:
        raise no_such_group()
    return group_name_in(call.scope, identifier)


def _alternatives(params: dict[str, Any]) -> list[tuple[str, str]]:
    """The (prefix, substring) pairs of which a name must match one.

    ListLogGroups' pattern is up to five texts joined by `|`, each at the beginning of the name
    when `^` precedes it; DescribeLogGroups' has neither sign.
    """
    pattern = params.get("logGroupNamePattern", "")
    if not pattern:
        return [(params.get("logGroupNamePrefix", ""), "")]
    return [(text[1:], "") if text.startswith("^") else ("", text) for text in pattern.split("|")]


def _has_tags(tags: dict[str, str], filters: list[dict[str, Any]]) -> bool:
    return all(
        wanted["key"] in tags
        and (not wanted.get("values") or tags[wanted["key"]] in wanted["values"])
        for wanted in filters
    )


def _description(group: Group, *, brief: bool) -> dict[str, Any]:
    """AWS: listed by a pattern, a group lacks two members (recorded February 2026)."""
    item: dict[str, Any] = {
        "logGroupName": group.name,
        "creationTime": group.created_ms,
        "metricFilterCount": 0,
        "arn": f"{group.arn}:*",
        "logGroupClass": group.class_,
        "logGroupArn": group.arn,
    }
    if not brief:
        item["storedBytes"] = group.stored_bytes
        item["deletionProtectionEnabled"] = group.deletion_protected
    if group.retention_days is not None:
        item["retentionInDays"] = group.retention_days
    if group.kms_key_id is not None:
        item["kmsKeyId"] = group.kms_key_id
    return item
