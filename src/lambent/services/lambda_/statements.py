"""Every statement on functions, versions, aliases and their tags."""

from importlib.resources import files

from lambent.core.store.api import Schema

SCHEMA = Schema(
    name="lambda",
    versions=(files(__package__).joinpath("schema.sql").read_text(),),
)

# Everything, read once at start.
LIST_FUNCTIONS = """SELECT id, partition, account, region, name, next_version,
    reserved_concurrency, recursive_loop, code_signing_config_arn FROM lambda_functions"""
LIST_VERSIONS = """SELECT function_id, version, revision_id, modified_ms, state, state_reason,
    state_reason_code, last_update, last_update_reason, last_update_reason_code, published_from,
    content, serving FROM lambda_versions"""
LIST_ALIASES = """SELECT function_id, name, version, description, revision_id, weights
    FROM lambda_aliases"""
LIST_TAGS = "SELECT function_id, key, value FROM lambda_tags"

# A new function, or what has changed of one that is there.
SAVE_FUNCTION = """INSERT INTO lambda_functions (id, partition, account, region, name, next_version,
    reserved_concurrency, recursive_loop, code_signing_config_arn)
    VALUES (:id, :partition, :account, :region, :name, :next_version, :reserved_concurrency,
    :recursive_loop, :code_signing_config_arn)
    ON CONFLICT (id) DO UPDATE SET next_version = excluded.next_version,
    reserved_concurrency = excluded.reserved_concurrency,
    recursive_loop = excluded.recursive_loop,
    code_signing_config_arn = excluded.code_signing_config_arn"""
SAVE_VERSION = """INSERT INTO lambda_versions (function_id, version, revision_id, modified_ms,
    state, state_reason, state_reason_code, last_update, last_update_reason,
    last_update_reason_code, published_from, content, serving)
    VALUES (:function_id, :version, :revision_id, :modified_ms, :state, :state_reason,
    :state_reason_code, :last_update, :last_update_reason, :last_update_reason_code,
    :published_from, :content, :serving)
    ON CONFLICT (function_id, version) DO UPDATE SET revision_id = excluded.revision_id,
    modified_ms = excluded.modified_ms, state = excluded.state,
    state_reason = excluded.state_reason, state_reason_code = excluded.state_reason_code,
    last_update = excluded.last_update, last_update_reason = excluded.last_update_reason,
    last_update_reason_code = excluded.last_update_reason_code, content = excluded.content,
    serving = excluded.serving"""
SAVE_ALIAS = """INSERT INTO lambda_aliases (function_id, name, version, description, revision_id,
    weights) VALUES (:function_id, :name, :version, :description, :revision_id, :weights)
    ON CONFLICT (function_id, name) DO UPDATE SET version = excluded.version,
    description = excluded.description, revision_id = excluded.revision_id,
    weights = excluded.weights"""
SAVE_TAG = """INSERT INTO lambda_tags (function_id, key, value) VALUES (:function_id, :key, :value)
    ON CONFLICT (function_id, key) DO UPDATE SET value = excluded.value"""

DELETE_VERSION = """DELETE FROM lambda_versions
    WHERE function_id = :function_id AND version = :version"""
DELETE_ALIAS = "DELETE FROM lambda_aliases WHERE function_id = :function_id AND name = :name"
DELETE_TAG = "DELETE FROM lambda_tags WHERE function_id = :function_id AND key = :key"

# A function and all that is its own.
DELETE_FUNCTION = "DELETE FROM lambda_functions WHERE id = :function_id"
DELETE_VERSIONS = "DELETE FROM lambda_versions WHERE function_id = :function_id"
DELETE_ALIASES = "DELETE FROM lambda_aliases WHERE function_id = :function_id"
DELETE_TAGS = "DELETE FROM lambda_tags WHERE function_id = :function_id"
