"""Refuses what is declared *rejected*: a parameter that cannot be honoured is an error."""

from collections.abc import Iterator, Mapping
from typing import Any

from lambent.core.errors import NotImplementedException
from lambent.services.contract import Operation, Service


def not_built(service: Service | str, operation: str | None) -> NotImplementedException:
    """The refusal of an operation, or of a whole service, that Lambent does not have yet."""
    name = service if isinstance(service, str) else service.name
    what = f"{name}:{operation}" if operation else name
    why = None if isinstance(service, str) else service.not_built.get(operation or "")
    return NotImplementedException(
        f"Lambent does not implement {what} yet{f': {why}' if why else '.'}"
    )


def refuse_rejected(
    service: str, name: str, operation: Operation, params: Mapping[str, Any]
) -> None:
    """Raise NotImplementedException when `params` carry a member declared rejected."""
    for path, why in operation.rejected.items():
        if is_present(params, path):
            raise NotImplementedException(
                f"Lambent does not implement the parameter {path} of {service}:{name} yet: {why}"
            )


def is_present(params: Mapping[str, Any], path: str) -> bool:
    """Whether a dotted path leads to a value; lists on the way are looked through."""
    return any(True for _ in _values_at(params, path_parts(path)))


def path_parts(path: str) -> list[str]:
    """`Tags[].Key` and `Tags.Key` name the same member."""
    return path.replace("[]", "").split(".")


def _values_at(value: Any, parts: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _values_at(item, parts)
    elif not parts:
        yield value
    elif isinstance(value, Mapping) and parts[0] in value:
        yield from _values_at(value[parts[0]], parts[1:])
