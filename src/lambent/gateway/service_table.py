"""What tells one AWS service from another in a request, without loading their models.

The table is generated (`make_service_table`); its indexes are made once, when a gateway is built.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_name("service_table.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownService:
    """One service of AWS. `protocols` has the one that SDKs prefer first.

    `roots` are the literal first path segments of a REST service that shares its signing name.
    """

    name: str
    signing: str
    endpoint: str
    version: str
    protocols: tuple[str, ...]
    target: str | None = None
    roots: frozenset[str] = frozenset()


class ServiceTable:
    """The services that are recognised, by each of the marks a request can carry."""

    def __init__(self, services: Iterable[KnownService]) -> None:
        self.by_name = {service.name: service for service in services}
        self.by_signing = _index((s.signing, s.name) for s in self.by_name.values())
        self.by_endpoint = _index((s.endpoint, s.name) for s in self.by_name.values())
        self.by_target = _index((s.target, s.name) for s in self.by_name.values() if s.target)
        self.query_by_version = _index(
            (service.version, service.name)
            for service in self.by_name.values()
            if speaks_query(service)
        )


def speaks_query(service: KnownService) -> bool:
    """Whether the service takes its operation as `Action`, in the query string or a form."""
    return "query" in service.protocols or "ec2" in service.protocols


def load_table(only: Collection[str] | None = None) -> ServiceTable:
    """The generated table, or the part of it that `only` names."""
    rows = json.loads(_FILE.read_text(encoding="utf-8"))["services"]
    return ServiceTable(
        KnownService(
            name=name,
            signing=row["signing"],
            endpoint=row["endpoint"],
            version=row["version"],
            protocols=tuple(row["protocols"]),
            target=row.get("target"),
            roots=frozenset(row.get("roots", ())),
        )
        for name, row in rows.items()
        if only is None or name in only
    )


def _index(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    names_by_key: dict[str, list[str]] = defaultdict(list)
    for key, name in pairs:
        names_by_key[key].append(name)
    return {key: tuple(names) for key, names in names_by_key.items()}
