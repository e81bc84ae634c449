"""The model's constraints on input, in AWS's words, compiled from shapes.

All that is wrong with an input is collected and said at once:
`2 validation errors detected: Value 'V' at 'path' failed to satisfy constraint: Member must …; …`.
Source: answers recorded from AWS by the public LocalStack project (Lambda, Kinesis, Events …).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from lambent.core.errors import ValidationException
from lambent.gateway.wire import timestamps
from lambent.gateway.wire.patterns import compile_pattern

Check = Callable[[Any, str, list[str]], None]
"""Adds to the list what is wrong with a value at a path."""

_Test = tuple[Callable[[Any], bool], str]
"""A constraint of a single value, and its words."""

_Parts = Callable[[Any], Iterable[Any]]


class ValidationError(ValidationException):
    """The query services' word for a broken constraint."""


class InvalidParameterException(ValidationException):
    """CloudWatch Logs' word for a broken constraint."""


class MissingParameter(ValidationException):
    """The older query services' word for a required parameter that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a service answers a broken constraint."""

    error: type[ValidationException] = ValidationException
    missing: type[ValidationException] | None = None  # where it has a word and a form of its own
    missing_words: str = ""
    constraints: bool = True  # False: all but required members is for the service to judge
    required: bool = True
    length_first: bool = False  # whether a wrong length is said before a pattern that fails
    says_not_null: bool = False  # whether "Member must not be null" ends what items must satisfy
    exempt: frozenset[str] = frozenset()  # shapes that the service judges in words of its own


_QUERY = Style(error=ValidationError)
STYLES = {
    "iam": _QUERY,
    "sts": _QUERY,
    "sns": _QUERY,
    "cloudformation": _QUERY,
    "ec2": Style(
        missing=MissingParameter,
        missing_words="The request must contain the parameter {}",
        constraints=False,
    ),
    "cloudwatch": Style(
        error=ValidationError,
        missing=MissingParameter,
        missing_words="The parameter {} is required.",
    ),
    "sqs": Style(
        missing=MissingParameter,
        missing_words="The request must contain the parameter {}.",
        # AWS: attribute names answer InvalidAttributeName, lengths and patterns each their own.
        constraints=False,
    ),
    "logs": Style(error=InvalidParameterException),
    # AWS: observed in Lambda's answers for CORS methods, architectures and alias weights.
    "lambda": Style(length_first=True, says_not_null=True, exempt=frozenset({"Runtime"})),
    # AWS: S3 answers with codes of its own (InvalidArgument, MalformedXML, KeyTooLongError …).
    "s3": Style(constraints=False, required=False),
}
"""Services that differ from `ValidationException` with all constraints."""


class ValidatorCompiler:
    """Compiles the validators of one service's operations."""

    def __init__(self, service: str) -> None:
        self._style = STYLES.get(service, Style())
        self._structures: dict[str, Check] = {}

    def validator(self, operation: OperationModel) -> Callable[[dict[str, Any]], None]:
        """Raises the service's error with everything that is wrong with the parameters."""
        shape = operation.input_shape
        if shape is None:
            return lambda _params: None
        style = self._style
        check = self._structure(shape)
        required = tuple(_required(shape)) if style.missing else ()

        def validate(params: dict[str, Any]) -> None:
            for name in required:
                if params.get(name) is None and style.missing:
                    raise style.missing(style.missing_words.format(name))
            found: list[str] = []
            check(params, "", found)
            if found:
                errors = "error" if len(found) == 1 else "errors"
                message = f"{len(found)} validation {errors} detected: {'; '.join(found)}"
                raise style.error(message)

        return validate

    def _check(self, shape: Shape) -> Check | None:
        """None where nothing about the shape can be wrong."""
        if isinstance(shape, StructureShape):
            return None if shape.is_document_type else self._structure(shape)
        if isinstance(shape, ListShape):
            return self._list(shape)
        if isinstance(shape, MapShape):
            return self._map(shape)
        return self._own(shape)

    def _tests(self, shape: Shape) -> list[_Test]:
        if not self._style.constraints or shape.name in self._style.exempt:
            return []
        return value_tests(shape)

    def _own(self, shape: Shape) -> Check | None:
        """What checks the value itself, none of its items."""
        tests = self._tests(shape)
        if not self._style.length_first:
            # AWS: observed for DynamoDB, Kinesis, Firehose and Cognito.
            tests.sort(key=lambda test: "pattern" not in test[1])
        return _tester(shape, tests)

    def _items(self, shape: Shape, item: Shape, parts: _Parts, words: str) -> Check | None:
        """What checks all items at once, where they are single values."""
        tests = self._tests(item)
        if not tests:
            return None
        all_words = [words for _, words in tests]
        if "max" in item.metadata and not item.metadata.get("min") and item.type_name == "string":
            # AWS: a length's lower bound is said even where it is nothing.
            all_words.insert(1, "Member must have length greater than or equal to 0")
        if self._style.says_not_null:
            all_words.append("Member must not be null")
        return _items_tester(shape, tests, parts, f"{words}: [{', '.join(all_words)}]")

    def _structure(self, shape: StructureShape) -> Check:
        known = self._structures.get(shape.name)
        if known is not None:
            return known
        members: list[tuple[str, str, Check]] = []
        required: list[tuple[str, str]] = []

        def check(value: Any, path: str, found: list[str]) -> None:
            for name, step in required:
                if value.get(name) is None:
                    found.append(_failed("null", path + step, "Member must not be null"))
            for name, step, check_member in members:
                member = value.get(name)
                if member is not None:
                    below = f"{path}{step}"
                    check_member(member, below, found)

        # Known before its members are compiled: a structure may hold itself.
        self._structures[shape.name] = check
        if self._style.required:
            required.extend((name, _step(name)) for name in _required(shape))
        for name, part in shape.members.items():
            member_check = self._check(part)
            if member_check is not None:
                is_parent = isinstance(part, StructureShape)
                members.append((name, _step(name), _below(member_check, is_parent)))
        return check

    def _list(self, shape: ListShape) -> Check | None:
        own = self._own(shape)
        item = shape.member
        if isinstance(item, StructureShape | ListShape | MapShape):
            check_item = self._check(item)
        else:
            check_item = None
            words = "Member must satisfy constraint"
            own = _all(own, self._items(shape, item, _list_items, words))
        if check_item is None:
            return _all(own, _no_nulls)
        nested = isinstance(item, StructureShape)

        def check(value: Any, path: str, found: list[str]) -> None:
            if own:
                own(value, path, found)
            for number, entry in enumerate(value, 1):
                below = f"{path}.{number}.member"
                if entry is None:
                    found.append(_failed("null", below, "Member must not be null"))
                else:
                    check_item(entry, f"{below}." if nested else below, found)

        return check

    def _map(self, shape: MapShape) -> Check | None:
        words = "Map keys must satisfy constraint"
        own = _all(self._own(shape), self._items(shape, shape.key, _map_keys, words))
        item = shape.value
        if not isinstance(item, StructureShape | ListShape | MapShape):
            words = "Map value must satisfy constraint"
            own = _all(own, self._items(shape, item, _map_values, words))
            return _all(own, _no_null_values)
        check_item = self._check(item)
        nested = isinstance(item, StructureShape)

        def check(value: Any, path: str, found: list[str]) -> None:
            if own:
                own(value, path, found)
            for key, entry in value.items():
                below = f"{path}.{key}.member"
                if entry is None:
                    found.append(_failed("null", below, "Member must not be null"))
                elif check_item:
                    check_item(entry, f"{below}." if nested else below, found)

        return check


def value_tests(shape: Shape) -> list[_Test]:
    """The constraints of one value, in the order in which AWS says them."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    tests: list[_Test] = []
    if shape.type_name in {"integer", "long", "float", "double"}:
        if high is not None:
            tests.append((lambda v: v <= high, f"have value less than or equal to {high}"))
        if low is not None:
            tests.append((lambda v: v >= low, f"have value greater than or equal to {low}"))
        return [(test, f"Member must {words}") for test, words in tests]
    if high is not None:
        tests.append((lambda v: len(v) <= high, f"have length less than or equal to {high}"))
    if low:
        tests.append((lambda v: len(v) >= low, f"have length greater than or equal to {low}"))
    pattern = shape.metadata.get("pattern")
    if pattern is not None and shape.type_name == "string":
        matches = compile_pattern(pattern, high)
        tests.append((matches, f"satisfy regular expression pattern: {pattern}"))
    values = shape.metadata.get("enum")
    if values:
        known = frozenset(values)
        names = ", ".join(values)
        tests.append((lambda v: v in known, f"satisfy enum value set: [{names}]"))
    return [(test, f"Member must {words}") for test, words in tests]


def _required(shape: StructureShape) -> list[str]:
    return [
        name
        for name in shape.required_members
        # A client makes the token up; botocore marks it required of itself.
        if not shape.members[name].metadata.get("idempotencyToken")
        and not shape.members[name].serialization.get("eventstream")
    ]


def _step(name: str) -> str:
    """AWS: paths are in lower camel case, by the first letter alone (`kMSKeyArn`)."""
    return name[:1].lower() + name[1:]


def _below(check: Check, is_parent: bool) -> Check:
    if not is_parent:
        return check
    return lambda value, path, found: check(value, f"{path}.", found)


def _failed(shown: str, path: str, words: str) -> str:
    return f"Value {shown} at '{path}' failed to satisfy constraint: {words}"


def _wrong(value: Any, path: str, words: str, sensitive: bool) -> str:
    if sensitive:
        # AWS: a secret is not repeated to who sent it.
        return f"Value at '{path}' failed to satisfy constraint: {words}"
    return _failed(f"'{show(value)}'", path, words)


def _tester(shape: Shape, tests: list[_Test]) -> Check | None:
    if not tests:
        return None
    sensitive = bool(shape.metadata.get("sensitive"))

    def check(value: Any, path: str, found: list[str]) -> None:
        for test, words in tests:
            if not test(value):
                found.append(_wrong(value, path, words, sensitive))

    return check


def _items_tester(shape: Shape, tests: list[_Test], parts: _Parts, words: str) -> Check:
    sensitive = bool(shape.metadata.get("sensitive"))

    def check(value: Any, path: str, found: list[str]) -> None:
        for entry in parts(value):
            if entry is not None and not all(test(entry) for test, _ in tests):
                found.append(_wrong(value, path, words, sensitive))
                return

    return check


def _list_items(value: Any) -> Iterable[Any]:
    entries: Iterable[Any] = value
    return entries


def _map_keys(value: Any) -> Iterable[Any]:
    keys: Iterable[Any] = value.keys()
    return keys


def _map_values(value: Any) -> Iterable[Any]:
    values: Iterable[Any] = value.values()
    return values


def _no_nulls(value: Any, path: str, found: list[str]) -> None:
    if None in value:
        words = "Member must satisfy constraint: [Member must not be null]"
        found.append(_failed(f"'{show(value)}'", path, words))


def _no_null_values(value: Any, path: str, found: list[str]) -> None:
    if None in value.values():
        words = "Map value must satisfy constraint: [Member must not be null]"
        found.append(_failed(f"'{show(value)}'", path, words))


def _all(first: Check | None, second: Check | None) -> Check | None:
    if first is None or second is None:
        return first or second
    one, two = first, second

    def check(value: Any, path: str, found: list[str]) -> None:
        one(value, path, found)
        two(value, path, found)

    return check


def show(value: Any) -> str:
    """A value as AWS prints it, which is as Java does: `[a, b]`, `{k=v}`, `true`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{', '.join(show(entry) for entry in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={show(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, bytes):
        size = len(value)
        return f"java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]"
    if isinstance(value, datetime):
        return timestamps.to_iso8601(value)
    return str(value)
