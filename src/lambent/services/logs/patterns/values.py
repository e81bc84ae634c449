"""What fields and properties are compared with: numbers, texts with wildcards, expressions."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lambent.services.logs.errors import InvalidParameterException
from lambent.services.logs.patterns.regexes import compile_regex

Operator = Literal["=", "!=", "<", "<=", ">", ">="]
Scalar = str | int | float | bool | None

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Value:
    """The right side of a comparison, as it was written."""

    kind: Literal["quoted", "bare", "regex"]
    text: str


def comparison(operator: Operator, value: Value) -> Callable[[Scalar], bool]:
    """Whether a scalar stands in `operator` to `value`. Raises InvalidParameterException.

    `!=` is the exact opposite of `=`; the order operators compare numbers alone.
    """
    if operator in ("=", "!="):
        equal = _equality(value)
        return equal if operator == "=" else lambda scalar: not equal(scalar)
    if value.kind != "bare" or not NUMBER.fullmatch(value.text):
        raise InvalidParameterException(
            f"Invalid filter pattern: {operator} compares numbers, not {value.text!r}"
        )
    return _order(operator, float(value.text))


def text_of(scalar: Scalar) -> str:
    """A scalar as it would stand in a pattern."""
    if isinstance(scalar, bool):
        return "true" if scalar else "false"
    if scalar is None:
        return "null"
    return repr(scalar) if isinstance(scalar, float) else str(scalar)


def _equality(value: Value) -> Callable[[Scalar], bool]:
    if value.kind == "regex":
        expression = compile_regex(value.text)
        return lambda scalar: expression.search(text_of(scalar)) is not None
    if value.kind == "bare" and NUMBER.fullmatch(value.text):
        return _numeric_equality(value.text)
    if "*" not in value.text:
        return lambda scalar: text_of(scalar) == value.text
    parts = value.text.split("*")
    return lambda scalar: _matches_wildcard(parts, text_of(scalar))


def _numeric_equality(text: str) -> Callable[[Scalar], bool]:
    wanted = float(text)

    def equal(scalar: Scalar) -> bool:
        if isinstance(scalar, int | float) and not isinstance(scalar, bool):
            return scalar == wanted
        return scalar == text or _number(scalar) == wanted

    return equal


def _order(operator: Operator, bound: float) -> Callable[[Scalar], bool]:
    def compare(scalar: Scalar) -> bool:
        number = _number(scalar)
        if number is None:
            return False
        match operator:
            case "<":
                return number < bound
            case "<=":
                return number <= bound
            case ">":
                return number > bound
            case _:
                return number >= bound

    return compare


def _number(scalar: Scalar) -> float | int | None:
    if isinstance(scalar, bool) or scalar is None:
        return None
    if isinstance(scalar, str):
        return float(scalar) if NUMBER.fullmatch(scalar) else None
    return scalar


def _matches_wildcard(parts: list[str], text: str) -> bool:
    """Whether `text` is `parts` with anything between; linear, where a regex could explode."""
    first, *middle, last = parts
    if len(text) < len(first) + len(last):
        return False
    if not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
