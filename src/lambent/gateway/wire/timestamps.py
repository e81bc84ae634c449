"""Instants as AWS's protocols write them: epoch seconds, ISO 8601, and HTTP dates."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ISO8601 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?"
    r"(?:[Zz]|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_NUMBER = re.compile(r"-?\d{1,18}(?:\.\d{1,18})?(?:[eE][+-]?\d{1,3})?", re.ASCII)


def from_epoch(seconds: float) -> datetime:
    """The instant so many seconds after 1970. Raises ValueError outside the years 1 to 9999."""
    try:
        return _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))
    except OverflowError as error:
        raise ValueError(str(seconds)) from error


def to_epoch(instant: datetime) -> int | float:
    """Seconds since 1970: whole where they are whole, else to the microsecond."""
    microseconds = (instant - _EPOCH) // _MICROSECOND
    whole, rest = divmod(microseconds, 1_000_000)
    return microseconds / 1_000_000 if rest else whole


def from_iso8601(text: str) -> datetime:
    """Raises ValueError for anything else; no zone means UTC."""
    found = _ISO8601.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction, sign, zone_h, zone_m = found.groups()
    zone = UTC
    if sign:
        offset = timedelta(hours=int(zone_h), minutes=int(zone_m))
        zone = timezone(-offset if sign == "-" else offset)
    instant = datetime(
        int(year),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "")[:6].ljust(6, "0")),
        zone,
    )
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def to_iso8601(instant: datetime) -> str:
    """As AWS writes it: UTC with a Z, and milliseconds (or finer) only where there are any."""
    instant = instant.astimezone(UTC)
    microsecond = instant.microsecond
    if not microsecond:
        precision = "seconds"
    else:
        precision = "microseconds" if microsecond % 1000 else "milliseconds"
    return instant.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def from_http_date(text: str) -> datetime:
    """`Tue, 29 Apr 2014 18:30:38 GMT`. Raises ValueError for anything else."""
    try:
        instant = parsedate_to_datetime(text)
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (IndexError, OverflowError, TypeError) as error:
        raise ValueError(text) from error


def to_http_date(instant: datetime) -> str:
    """The instant in GMT; fractions of a second are lost, the format has none."""
    return format_datetime(instant.astimezone(UTC), usegmt=True)


def from_text(text: str, format_: str) -> datetime:
    """An instant from a header, a query string or an XML text. Raises ValueError.

    AWS: clients differ in what they send where a model leaves the format to the protocol, and
    services take each of the three; so a number is epoch seconds whatever the model says.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return from_epoch(float(text))
    if format_ == "rfc822" and not text[:1].isdigit():
        return from_http_date(text)
    return from_iso8601(text)


def to_text(instant: datetime, format_: str) -> str:
    """The instant in the named format of the model: iso8601, rfc822 or unixTimestamp."""
    if format_ == "rfc822":
        return to_http_date(instant)
    if format_ == "unixtimestamp":
        return str(to_epoch(instant))
    return to_iso8601(instant)
