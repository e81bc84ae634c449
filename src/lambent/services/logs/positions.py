"""Places between events, as tokens and event ids carry them."""

import base64
import binascii
import json
from typing import Any, NamedTuple

from lambent.services.logs.errors import bad_token


class Position(NamedTuple):
    """The place just after the event of this timestamp and id."""

    timestamp_ms: int
    id: int

    def before(self) -> "Position":
        """The place just before the event that this place comes after."""
        return Position(self.timestamp_ms, self.id - 1)

    def digits(self) -> str:
        """56 digits, as AWS's event ids and tokens have; they sort as positions do."""
        return f"{self.timestamp_ms:020d}{self.id:036d}"


BEGINNING = Position(0, 0)
END = Position(2**63 - 1, 2**63 - 1)


def position_of(digits: str) -> Position:
    """The position that `digits` stand for. Raises InvalidParameterException."""
    if len(digits) != 56 or not (digits.isascii() and digits.isdigit()):
        raise bad_token()
    position = Position(int(digits[:20]), int(digits[20:]))
    if position.timestamp_ms > END.timestamp_ms or position.id > END.id:
        raise bad_token()
    return position


def page_token(*place: str | int) -> str:
    """An opaque nextToken for the place where a listing goes on."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def place_of(token: str, *kinds: type) -> list[Any]:
    """The place in a nextToken made of values of these types. Raises InvalidParameterException."""
    try:
        place = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise bad_token() from None
    if not isinstance(place, list) or [type(value) for value in place] != list(kinds):
        raise bad_token()
    if any(isinstance(value, int) and abs(value) > END.id for value in place):
        raise bad_token()
    return place
