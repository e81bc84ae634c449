"""Resource policies in the store: one document for each function, version or alias.

Whatever changes a policy gives what it belongs to a new revision id, in the same transaction.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lambent.core.identity import Scope
from lambent.core.store.api import Transaction
from lambent.services.lambda_ import settings_statements as statements
from lambent.services.lambda_.errors import alias_missing, wrong_revision
from lambent.services.lambda_.names import LATEST, function_arn, is_version
from lambent.services.lambda_.policy_documents import as_text
from lambent.services.lambda_.records import Function
from lambent.services.lambda_.state import LambdaState

Document = dict[str, Any]

Revise = Callable[[Document | None], Document | None]
"""From a policy (None: there is none) to what it shall be (None: gone). May raise."""


class PolicyTable:
    """Reads and changes the policies of functions."""

    def __init__(self, state: LambdaState) -> None:
        self._state = state
        state.when_removed(_delete)

    async def get(self, function: Function, qualifier: str | None) -> Document | None:
        """The policy of a function, or of a version or alias of it."""
        key = _key(function, qualifier)
        return await self._state.store.read(lambda tx: _read(tx, key))

    async def change(
        self,
        scope: Scope,
        name: str,
        qualifier: str | None,
        revise: Revise,
        *,
        revision_id: str | None,
    ) -> Function:
        """Make a policy what `revise` says; the function as it is then.

        Raises ResourceNotFoundException, PreconditionFailedException, and what `revise` raises.
        """

        def decide(function: Function) -> Function:
            if revision_id not in (None, revision_of(function, qualifier)):
                raise wrong_revision("GetPolicy")
            return _revised(function, qualifier, self._state.ids.uuid())

        def also(tx: Transaction, after: Function | None) -> None:
            assert after is not None  # decide never returns None
            key = _key(after, qualifier)
            document = revise(_read(tx, key))
            if document is None:
                tx.execute(statements.DELETE_POLICY, key)
            else:
                tx.execute(statements.SAVE_POLICY, {**key, "document": as_text(document)})

        return await self._state.change_existing(scope, name, decide, also=also)


def revision_of(function: Function, qualifier: str | None) -> str:
    """The revision id of a function, version or alias, which its policy shares.

    Raises ResourceNotFoundException.
    """
    if qualifier is not None and not is_version(qualifier):
        if (alias := function.aliases.get(qualifier)) is None:
            raise alias_missing(function_arn(function.scope, function.name, qualifier))
        return alias.revision_id
    return function.version_of(qualifier).revision_id


def _revised(function: Function, qualifier: str | None, revision_id: str) -> Function:
    if qualifier is not None and qualifier in function.aliases:
        return function.with_alias(replace(function.aliases[qualifier], revision_id=revision_id))
    return function.with_version(replace(function.version_of(qualifier), revision_id=revision_id))


def _read(tx: Transaction, key: dict[str, str]) -> Document | None:
    row = tx.one(statements.GET_POLICY, key)
    if row is None:
        return None
    document: Document = json.loads(row["document"])
    return document


def _delete(tx: Transaction, function: Function, qualifier: str | None) -> None:
    if qualifier is None:
        tx.execute(statements.DELETE_POLICIES, {"function_id": function.id})
    else:
        tx.execute(statements.DELETE_POLICY, _key(function, qualifier))


def _key(function: Function, qualifier: str | None) -> dict[str, str]:
    return {"function_id": function.id, "qualifier": qualifier or LATEST}
