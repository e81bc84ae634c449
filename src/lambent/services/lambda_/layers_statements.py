"""Every statement on layers and their versions."""

from importlib.resources import files

from lambent.core.store.api import Schema

SCHEMA = Schema(
    name="lambda_layers",
    versions=(files(__package__).joinpath("layers.sql").read_text(),),
)

# Everything, read once at start.
LIST_LAYERS = "SELECT partition, account, region, name, next_version FROM lambda_layers"
LIST_VERSIONS = """SELECT partition, account, region, name, version, digest, size,
    uncompressed_size, created_ms, description, license, runtimes, architectures, policy,
    policy_revision FROM lambda_layer_versions"""

SAVE_LAYER = """INSERT INTO lambda_layers (partition, account, region, name, next_version)
    VALUES (:partition, :account, :region, :name, :next_version)
    ON CONFLICT (partition, account, region, name) DO UPDATE
    SET next_version = excluded.next_version"""
# A new version, or another policy of one that is there; the rest never changes.
SAVE_VERSION = """INSERT INTO lambda_layer_versions (partition, account, region, name, version,
    digest, size, uncompressed_size, created_ms, description, license, runtimes, architectures,
    policy, policy_revision)
    VALUES (:partition, :account, :region, :name, :version, :digest, :size, :uncompressed_size,
    :created_ms, :description, :license, :runtimes, :architectures, :policy, :policy_revision)
    ON CONFLICT (partition, account, region, name, version) DO UPDATE
    SET policy = excluded.policy, policy_revision = excluded.policy_revision"""
DELETE_VERSION = """DELETE FROM lambda_layer_versions WHERE partition = :partition
    AND account = :account AND region = :region AND name = :name AND version = :version"""
