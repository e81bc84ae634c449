"""Patterns over JSON messages: `{ $.status = 404 && $.path = "/a*" }`."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lambent.services.logs.patterns.conditions import Reader
from lambent.services.logs.patterns.values import comparison, text_of

_STEP = re.compile(
    r"""\.?\['(?P<single>(?:[^'\\]|\\.)*)'\]|\.?\["(?P<double>(?:[^"\\]|\\.)*)"\]
        |\[(?P<index>\d+)\]|\[(?P<every>\*)\]|\.(?P<name>[^\s.\[\]]+)""",
    re.VERBOSE | re.DOTALL,
)
_Step = str | int | None  # A property, an element, or (None) every element.


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPattern:
    """A condition on the properties of a message that is wholly a JSON object or array."""

    literal: Literal[""] = ""
    test: Callable[[Any], bool]
    selectors: Mapping[str, tuple[_Step, ...]]

    def matches(self, message: str) -> bool:
        document = _document(message)
        return document is not None and self.test(document)

    def extract(self, message: str) -> Mapping[str, str]:
        document = _document(message)
        values: dict[str, str] = {}
        for text, steps in self.selectors.items():
            for found in _select(document, steps):
                values[text] = (
                    json.dumps(found) if isinstance(found, dict | list) else text_of(found)
                )
                break
        return values


def parse_object(text: str) -> ObjectPattern:
    """The pattern in braces that `text` is. Raises InvalidParameterException."""
    reader: Reader[Any] = Reader(text)
    selectors: dict[str, tuple[_Step, ...]] = {}
    reader.expect("{")
    test = reader.expression(lambda: _condition(reader, selectors))
    reader.expect("}")
    if reader.peek()[0] != "end":
        raise reader.error(f"nothing may follow the braces, but {reader.peek()[1]!r} does")
    return ObjectPattern(test=test, selectors=selectors)


def _condition(
    reader: Reader[Any], selectors: dict[str, tuple[_Step, ...]]
) -> Callable[[Any], bool]:
    kind, selector = reader.next()
    if kind != "selector":
        raise reader.error(f"expected a property such as $.name but found {selector!r}")
    steps = selectors[selector] = tuple(_steps(selector))
    if not steps:
        raise reader.error("$ alone names no property")
    kind, word = reader.peek()
    if kind == "word":
        reader.next()
        return _worded_condition(reader, steps, word)
    compare = comparison(reader.comparator(), reader.value())
    # AWS: a property that is not there matches nothing, not even `!=`.
    return lambda document: any(
        compare(found) for found in _select(document, steps) if not isinstance(found, dict | list)
    )


def _worded_condition(
    reader: Reader[Any], steps: tuple[_Step, ...], word: str
) -> Callable[[Any], bool]:
    operand = reader.next()[1]
    match (word.upper(), operand.upper()):
        case ("IS", "NULL"):
            wanted: bool | None = None
        case ("IS", "TRUE"):
            wanted = True
        case ("IS", "FALSE"):
            wanted = False
        case ("NOT", "EXISTS"):
            return lambda document: next(_select(document, steps), _ABSENT) is _ABSENT
        case _:
            raise reader.error(f"{word} {operand} is not supported")
    return lambda document: any(found is wanted for found in _select(document, steps))


def _steps(selector: str) -> Iterator[_Step]:
    for step in _STEP.finditer(selector, 1):
        if step["index"] is not None:
            # An index is never so long; and int() refuses thousands of digits.
            yield int(step["index"][:9])
        elif step["every"] is not None:
            yield None
        else:
            yield step["single"] or step["double"] or step["name"] or ""


def _select(document: Any, steps: tuple[_Step, ...]) -> Iterator[Any]:
    """Everything that a selector finds in a document."""
    if not steps:
        yield document
        return
    step, rest = steps[0], steps[1:]
    if step is None:
        if isinstance(document, list):
            for element in document:
                yield from _select(element, rest)
    elif isinstance(step, int):
        if isinstance(document, list) and step < len(document):
            yield from _select(document[step], rest)
    elif isinstance(document, dict) and step in document:
        yield from _select(document[step], rest)


def _document(message: str) -> Any:
    """The object or array that the whole message is, or None."""
    if message.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return None


_ABSENT = object()
