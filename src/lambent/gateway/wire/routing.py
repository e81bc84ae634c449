"""Which operation a REST request is for: method, path, query (and for S3, headers) to a name.

Paths are compared segment by segment as they came, each decoded only then, so that an ARN with
an encoded slash stays one label.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from botocore.model import OperationModel, ServiceModel, StructureShape


@dataclass(frozen=True, slots=True)
class _Route:
    """An operation at the end of a path, and what else tells it from its neighbours there."""

    operation: str
    literals: frozenset[tuple[str, str | None]]  # query parts of the model's requestUri
    query_names: frozenset[str]  # required members in the query string
    header_names: frozenset[str]  # required members in headers
    deprecated: bool
    labels: tuple[str, ...]


@dataclass(slots=True)
class _Branch:
    literal: dict[str, "_Branch"] = field(default_factory=dict)
    label: "_Branch | None" = None
    greedy: "_Branch | None" = None
    routes: list[_Route] = field(default_factory=list)


class RestRouter:
    """The REST operations of one service as a tree of path segments, one tree a method."""

    def __init__(self, model: ServiceModel) -> None:
        self._roots: dict[str, _Branch] = {}
        for name in model.operation_names:
            self._add(model.operation_model(name))

    def match(
        self, method: str, path: str, query: str, headers: Mapping[str, str]
    ) -> tuple[str, dict[str, str]] | None:
        """The most specific operation and its labels, decoded; None if there is none.

        AWS: a trailing slash is no part of a path (`/2015-03-31/functions/`), except of a greedy
        label, where it belongs to the key.
        """
        root = self._roots.get(method)
        if root is None:
            return None
        segments = path.lstrip("/").split("/") if path != "/" else []
        if path.startswith("//"):
            segments = path[1:].split("/")
        pairs = parse_qsl(query, keep_blank_values=True)
        for branch, values in _walk(root, segments, 0, ()):
            route = _choose(branch.routes, dict(pairs), headers)
            if route is not None:
                return route.operation, dict(zip(route.labels, values, strict=True))
        return None

    def _add(self, operation: OperationModel) -> None:
        path, _, query = str(operation.http["requestUri"]).partition("?")
        branch = self._roots.setdefault(str(operation.http["method"]), _Branch())
        labels = []
        for segment in path.strip("/").split("/") if path.strip("/") else []:
            if not segment.startswith("{"):
                branch = branch.literal.setdefault(segment, _Branch())
                continue
            labels.append(segment.strip("{+}"))
            if segment.endswith("+}"):
                branch.greedy = branch = branch.greedy or _Branch()
            else:
                branch.label = branch = branch.label or _Branch()
        branch.routes.append(_route(operation, query, tuple(labels)))


def _route(operation: OperationModel, query: str, labels: tuple[str, ...]) -> _Route:
    literals = set()
    for part in filter(None, query.split("&")):
        name, equals, value = part.partition("=")
        literals.add((name, value if equals else None))
    return _Route(
        operation=operation.name,
        literals=frozenset(literals),
        query_names=_required(operation.input_shape, "querystring"),
        header_names=frozenset(n.lower() for n in _required(operation.input_shape, "header")),
        deprecated=bool(operation.deprecated),
        labels=labels,
    )


def _required(shape: StructureShape | None, location: str) -> frozenset[str]:
    if shape is None:
        return frozenset()
    return frozenset(
        str(shape.members[name].serialization.get("name", name))
        for name in shape.required_members
        if shape.members[name].serialization.get("location") == location
    )


def _walk(
    branch: _Branch, segments: list[str], at: int, values: tuple[str, ...]
) -> Iterator[tuple[_Branch, tuple[str, ...]]]:
    """Every end that the path can reach, the most specific first."""
    if branch.routes and (at == len(segments) or segments[at:] == [""]):
        yield branch, values
    if at == len(segments):
        return
    segment = unquote(segments[at])
    if segment in branch.literal:
        yield from _walk(branch.literal[segment], segments, at + 1, values)
    if branch.label is not None and segment:
        yield from _walk(branch.label, segments, at + 1, (*values, segment))
    if branch.greedy is not None:
        rest_at = len(segments)
        while rest_at > at:
            value = unquote("/".join(segments[at:rest_at]))
            if value:
                yield from _walk(branch.greedy, segments, rest_at, (*values, value))
            # Only a path that goes on after its greedy label can gain by taking less.
            if not (branch.greedy.literal or branch.greedy.label):
                break
            rest_at -= 1


def _choose(
    routes: list[_Route], query: Mapping[str, str], headers: Mapping[str, str]
) -> _Route | None:
    """The route whose literal query parts are all there, and most of its required members.

    A missing required member does not rule a route out where it is the only one left: what is
    missing is then for the validation to say.
    """
    best: tuple[tuple[int, int, int, bool], _Route] | None = None
    for route in routes:
        if not all(
            name in query and (value is None or query[name] == value)
            for name, value in route.literals
        ):
            continue
        missing = len(route.query_names - query.keys()) + len(route.header_names - headers.keys())
        wanted = len(route.query_names) + len(route.header_names)
        rank = (len(route.literals), -missing, wanted, not route.deprecated)
        if best is None or rank > best[0]:
            best = (rank, route)
    return best[1] if best else None
