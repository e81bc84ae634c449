"""Pages of a list."""

import pytest

from lambent.services.lambda_.errors import InvalidParameterValueException
from lambent.services.lambda_.pages import page


def _page(items: list[int], **params: object) -> tuple[list[int], dict[str, str]]:
    return page(items, lambda item: (item,), params)


def test_pages_follow_one_another_although_items_come_and_go() -> None:
    first, more = _page([1, 3, 5, 7], MaxItems=2)
    second, last = _page([2, 4, 5, 7], MaxItems=2, Marker=more["NextMarker"])
    third, end = _page([4, 5, 7, 8], MaxItems=2, Marker=last["NextMarker"])
    assert (first, second, third) == ([1, 3], [4, 5], [7, 8])
    assert end == {}


def test_a_page_has_at_most_50_items() -> None:
    items, more = _page(list(range(60)), MaxItems=10_000)
    assert len(items) == 50
    assert more


@pytest.mark.parametrize("marker", ["?", "ä", "e30=", "WyJhIl0=", ""])
def test_a_foreign_marker_is_refused(marker: str) -> None:
    with pytest.raises(InvalidParameterValueException, match="Invalid Marker"):
        _page([1], Marker=marker)
