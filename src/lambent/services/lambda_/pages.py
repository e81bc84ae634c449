"""Pages of a list: MaxItems items after a Marker."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from lambent.services.lambda_.errors import bad_marker

T = TypeVar("T")
Key = tuple[str | int, ...]

# AWS: a page has at most 50 items, whatever MaxItems asks for.
PAGE_LIMIT = 50


def page(
    items: Iterable[T],
    key: Callable[[T], Key],
    params: Mapping[str, Any],
    *,
    limit: int = PAGE_LIMIT,
) -> tuple[list[T], dict[str, str]]:
    """The items of one page in order of `key`, and the answer's NextMarker if there are more.

    The marker holds the last key given out, so that items which come and go between two pages
    neither repeat others nor hide them. Raises InvalidParameterValueException for a marker that
    is none of ours.
    """
    ordered = sorted(items, key=key)
    if (marker := params.get("Marker")) is not None:
        after = _parse(marker)
        try:
            ordered = [item for item in ordered if key(item) > after]
        except TypeError as error:
            raise bad_marker() from error
    size = min(params.get("MaxItems") or limit, limit)
    shown = ordered[:size]
    if len(ordered) <= size:
        return shown, {}
    return shown, {"NextMarker": _marker(key(shown[-1]))}


def _marker(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _parse(marker: str) -> Key:
    try:
        key = json.loads(base64.urlsafe_b64decode(marker.encode()))
    except (ValueError, binascii.Error) as error:
        raise bad_marker() from error
    if not isinstance(key, list):
        raise bad_marker()
    return tuple(key)
