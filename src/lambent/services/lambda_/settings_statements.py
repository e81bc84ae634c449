"""Every statement on policies, provisioned concurrency, runtime management and code signing."""

from importlib.resources import files

from lambent.core.store.api import Schema

SCHEMA = Schema(
    name="lambda_settings",
    versions=(files(__package__).joinpath("settings.sql").read_text(),),
)

GET_POLICY = """SELECT document FROM lambda_policies
    WHERE function_id = :function_id AND qualifier = :qualifier"""
SAVE_POLICY = """INSERT INTO lambda_policies (function_id, qualifier, document)
    VALUES (:function_id, :qualifier, :document)
    ON CONFLICT (function_id, qualifier) DO UPDATE SET document = excluded.document"""
DELETE_POLICY = """DELETE FROM lambda_policies
    WHERE function_id = :function_id AND qualifier = :qualifier"""

# Everything, read once at start.
LIST_PROVISIONED = """SELECT function_id, qualifier, requested, modified_ms
    FROM lambda_provisioned"""
SAVE_PROVISIONED = """INSERT INTO lambda_provisioned (function_id, qualifier, requested,
    modified_ms) VALUES (:function_id, :qualifier, :requested, :modified_ms)
    ON CONFLICT (function_id, qualifier) DO UPDATE SET requested = excluded.requested,
    modified_ms = excluded.modified_ms"""
DELETE_PROVISIONED = """DELETE FROM lambda_provisioned
    WHERE function_id = :function_id AND qualifier = :qualifier"""

GET_RUNTIME_MANAGEMENT = """SELECT update_on, runtime_version_arn FROM lambda_runtime_management
    WHERE function_id = :function_id AND qualifier = :qualifier"""
SAVE_RUNTIME_MANAGEMENT = """INSERT INTO lambda_runtime_management (function_id, qualifier,
    update_on, runtime_version_arn)
    VALUES (:function_id, :qualifier, :update_on, :runtime_version_arn)
    ON CONFLICT (function_id, qualifier) DO UPDATE SET update_on = excluded.update_on,
    runtime_version_arn = excluded.runtime_version_arn"""
DELETE_RUNTIME_MANAGEMENT = """DELETE FROM lambda_runtime_management
    WHERE function_id = :function_id AND qualifier = :qualifier"""

# All that a function has of each kind, when it goes.
DELETE_POLICIES = "DELETE FROM lambda_policies WHERE function_id = :function_id"
DELETE_ALL_PROVISIONED = "DELETE FROM lambda_provisioned WHERE function_id = :function_id"
DELETE_RUNTIME_MANAGEMENTS = """DELETE FROM lambda_runtime_management
    WHERE function_id = :function_id"""

# Everything, read once at start.
LIST_CODE_SIGNING = """SELECT arn, publishers, untrusted, description, modified_ms, tags
    FROM lambda_code_signing_configs"""
SAVE_CODE_SIGNING = """INSERT INTO lambda_code_signing_configs (arn, publishers, untrusted,
    description, modified_ms, tags)
    VALUES (:arn, :publishers, :untrusted, :description, :modified_ms, :tags)
    ON CONFLICT (arn) DO UPDATE SET publishers = excluded.publishers,
    untrusted = excluded.untrusted, description = excluded.description,
    modified_ms = excluded.modified_ms, tags = excluded.tags"""
DELETE_CODE_SIGNING = "DELETE FROM lambda_code_signing_configs WHERE arn = :arn"
