"""Making a version of $LATEST; numbers rise and are never used again."""

import hashlib
import json
from dataclasses import asdict, replace

from lambent.services.lambda_.lifecycle import created
from lambent.services.lambda_.names import LATEST
from lambent.services.lambda_.records import Content, Function, Version
from lambent.services.lambda_.state import LambdaState


def last_published(function: Function) -> Version | None:
    """The version published last, unless it was deleted."""
    return function.versions.get(str(function.next_version - 1))


def unchanged_since(function: Function) -> Version | None:
    """The last published version, if $LATEST has not changed since: publishing gives it again."""
    last = last_published(function)
    if last is None or last.published_from != fingerprint(function.latest.content):
        return None
    return last


def with_published(
    function: Function, state: LambdaState, description: str | None = None
) -> Function:
    """`function` with $LATEST published, and a new revision of $LATEST; or as it is if unchanged.

    AWS: publishing what has not changed since gives the version that is there.
    """
    if unchanged_since(function) is not None:
        return function
    latest, number = function.latest, str(function.next_version)
    configuration = latest.configuration
    if description is not None:
        configuration = replace(configuration, description=description)
    content = replace(latest.content, key=state.ids.uuid(), configuration=configuration)
    version = replace(
        created(number, content, state.ids.uuid(), state.now_ms()),
        published_from=fingerprint(latest.content),
    )
    revised = replace(latest, revision_id=state.ids.uuid())
    function = function.with_version(version).with_version(revised)
    return replace(function, next_version=function.next_version + 1)


def fingerprint(content: Content) -> str:
    """The same for two contents that AWS would call unchanged: code and configuration alike."""
    fields = [content.code.digest, asdict(content.configuration)]
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def published_number(before: Function, after: Function) -> str:
    """The number that publishing led to, given the function before and after."""
    if after.next_version > before.next_version:
        return str(before.next_version)
    last = last_published(after)
    return last.version if last else LATEST
