"""Versioned tables per service: forward only, each script once, all in one transaction."""

from lambent.core.store.api import Schema, Transaction

_CREATE = """
    CREATE TABLE IF NOT EXISTS schema_versions (
        name TEXT PRIMARY KEY,
        version INTEGER NOT NULL CHECK (version >= 0)
    )
"""
_VERSION = "SELECT version FROM schema_versions WHERE name = :name"
_SET_VERSION = """
    INSERT INTO schema_versions (name, version) VALUES (:name, :version)
    ON CONFLICT (name) DO UPDATE SET version = excluded.version
"""


class NewerDatabase(Exception):
    """The database was written by a later Lambent than this one."""


def migrate(transaction: Transaction, schema: Schema) -> None:
    """Bring `schema`'s tables to their newest version. Raises NewerDatabase."""
    transaction.execute(_CREATE)
    row = transaction.one(_VERSION, {"name": schema.name})
    current = 0 if row is None else int(row["version"])
    newest = len(schema.versions)
    if current > newest:
        raise NewerDatabase(
            f"the tables of {schema.name} are of version {current}; this Lambent knows {newest}"
        )
    for script in schema.versions[current:]:
        for statement in statements_of(script):
            transaction.execute(statement)
    if current < newest:
        transaction.execute(_SET_VERSION, {"name": schema.name, "version": newest})


def statements_of(script: str) -> list[str]:
    """The statements of a script: each ends with a semicolon at the end of a line."""
    uncommented = [line for line in script.splitlines() if not line.lstrip().startswith("--")]
    parts = "\n".join(uncommented).split(";\n")
    return [part.strip().rstrip(";") for part in parts if part.strip().rstrip(";")]
