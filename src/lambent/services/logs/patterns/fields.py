"""Patterns over space-delimited messages: `[ip, user, ..., status=4*, bytes>1000]`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from lambent.services.logs.patterns.conditions import Reader
from lambent.services.logs.patterns.values import comparison

# A message's fields: "in quotes", [in brackets], or up to the next space.
_FIELD = re.compile(r'"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+)')

_Test = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    name: str | None
    test: _Test | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsPattern:
    """Conditions on the fields of a message, by their place.

    `ellipsis_at` is the place of `...`, which stands for any number of fields; without it, a
    message needs exactly as many fields as the pattern (any number for the empty pattern).
    """

    literal: Literal[""] = ""
    fields: tuple[_Field, ...]
    ellipsis_at: int | None

    def matches(self, message: str) -> bool:
        values = _split(message)
        places = self._places(len(values))
        if places is None:
            return False
        return all(
            field.test is None or field.test(values[place])
            for field, place in zip(self.fields, places, strict=True)
        )

    def extract(self, message: str) -> Mapping[str, str]:
        values = _split(message)
        names = {place: f"${place + 1}" for place in range(len(values))}
        places = self._places(len(values)) or []
        for field, place in zip(self.fields, places, strict=False):
            if field.name is not None:
                names[place] = f"${field.name}"
        return {name: values[place] for place, name in names.items()}

    def _places(self, count: int) -> list[int] | None:
        """Which of `count` fields each of the pattern's is; None when they do not fit."""
        own = len(self.fields)
        if self.ellipsis_at is None:
            return list(range(own)) if count == own else None
        if count < own:
            return None
        behind = own - self.ellipsis_at
        return [*range(self.ellipsis_at), *range(count - behind, count)]


def parse_fields(text: str) -> FieldsPattern:
    """The pattern in brackets that `text` is. Raises InvalidParameterException."""
    reader: Reader[str] = Reader(text[1:])
    fields: list[_Field] = []
    ellipsis_at: int | None = None
    if reader.take("]"):
        ellipsis_at = 0
    else:
        while True:
            if reader.peek()[0] == "ellipsis":
                reader.next()
                if ellipsis_at is not None:
                    raise reader.error("only one ... can stand in it")
                ellipsis_at = len(fields)
            else:
                fields.append(_field(reader))
            if reader.take("]"):
                break
            reader.expect(",")
    if reader.peek()[0] != "end":
        raise reader.error("nothing may follow the brackets")
    return FieldsPattern(fields=tuple(fields), ellipsis_at=ellipsis_at)


def _field(reader: Reader[str]) -> _Field:
    kind, text = reader.peek()
    if kind == "operator" and text in (",", "]"):
        return _Field(name=None, test=None)
    if kind == "word" and not _has_condition(reader):
        return _Field(name=reader.next()[1], test=None)
    names: list[str] = []
    test = reader.expression(lambda: _condition(reader, names))
    if len(set(names)) > 1:
        raise reader.error(f"one field has two names, {names[0]!r} and {names[1]!r}")
    return _Field(name=names[0], test=test)


def _has_condition(reader: Reader[str]) -> bool:
    return reader.peek_after() in _COMPARATORS


def _condition(reader: Reader[str], names: list[str]) -> _Test:
    kind, name = reader.next()
    if kind != "word":
        raise reader.error(f"expected a field's name but found {name!r}")
    names.append(name)
    return comparison(reader.comparator(), reader.value())


def _split(message: str) -> list[str]:
    values: list[str] = []
    for found in _FIELD.finditer(message):
        quoted, bracketed, bare = found.groups()
        values.append(next(v for v in (quoted, bracketed, bare) if v is not None))
    return values


_COMPARATORS = {("operator", sign) for sign in ("=", "!=", "<", "<=", ">", ">=")}
