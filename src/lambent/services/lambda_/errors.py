"""The errors of Lambda's control plane, in AWS's words; each message is written once, here.

    AwsError
    ├── LambdaError (invoke.errors)
    │   ├── ResourceNotFoundException, ResourceConflictException, AccessDeniedException
    │   ├── InvalidParameterValueException, TooManyRequestsException
    │   └── PreconditionFailedException, CodeStorageExceededException, …
    ├── RequestEntityTooLargeException
    └── ValidationException (core.errors): constraints, without a `Type`

Source: answers recorded from AWS by the public LocalStack project, November 2025, unless a line
says otherwise.
"""

import json
from collections.abc import Mapping, Sequence

from lambent.core.errors import AwsError, ValidationException
from lambent.invoke.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    LambdaError,
    ResourceConflictException,
    ResourceNotFoundException,
)

UNZIPPED_LIMIT_BYTES = 262_144_000
ZIPPED_LIMIT_BYTES = 52_428_800
REQUEST_LIMIT_BYTES = 70_167_211


class PreconditionFailedException(LambdaError):
    """The RevisionId is not the latest."""

    status = 412


class CodeSigningConfigNotFoundException(LambdaError):
    status = 404


class CodeStorageExceededException(LambdaError):
    status = 400


class CodeVerificationFailedException(LambdaError):
    status = 400


class PolicyLengthExceededException(LambdaError):
    status = 400


class PublicPolicyException(LambdaError):
    status = 400


class ProvisionedConcurrencyConfigNotFoundException(LambdaError):
    status = 404


class RequestEntityTooLargeException(AwsError):
    """Not in the model, and sent without a `Type`."""

    status = 413


def broken_constraint(value: object, path: str, constraint: str) -> ValidationException:
    """A constraint of the model that the gateway does not know of, in the gateway's words."""
    return ValidationException(constraint_words(value, path, constraint))


def constraint_words(value: object, path: str, constraint: str) -> str:
    """AWS's sentence for one broken constraint; `constraint` begins with a verb."""
    shown = "null" if value is None else f"'{value}'"
    return (
        f"1 validation error detected: Value {shown} at '{path}' failed to satisfy constraint: "
        f"Member must {constraint}"
    )


def invalid(message: str) -> InvalidParameterValueException:
    """A parameter that is wrong, with the words given."""
    return InvalidParameterValueException(message)


def function_not_found(arn: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"Function not found: {arn}")


def function_exists(name: str) -> ResourceConflictException:
    # Long-standing words, not among the recordings.
    return ResourceConflictException(f"Function already exist: {name}")


def other_region(asked: str, here: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(
        f"Functions from '{asked}' are not reachable in this region ('{here}')"
    )


def other_account(account: str, arn: str, action: str) -> AccessDeniedException:
    return AccessDeniedException(
        f"User: arn:aws:iam::{account}:root is not authorized to perform: lambda:{action} on "
        f"resource: {arn} because no resource-based policy allows the lambda:{action} action"
    )


def qualifiers_differ() -> InvalidParameterValueException:
    return invalid(
        "The derived qualifier from the function name does not match the specified qualifier."
    )


def wrong_revision(getter: str = "GetFunction/GetAlias") -> PreconditionFailedException:
    return PreconditionFailedException(
        "The Revision Id provided does not match the latest Revision Id. Call the "
        f"{getter} API to retrieve the latest Revision Id"
    )


def update_in_progress(arn: str) -> ResourceConflictException:
    return ResourceConflictException(
        "The operation cannot be performed at this time. An update is in progress for resource: "
        f"{arn}"
    )


def in_state(state: str) -> ResourceConflictException:
    """Source: Lambda Developer Guide, "Troubleshoot invocation issues"."""
    return ResourceConflictException(
        "The operation cannot be performed at this time. The function is currently in the "
        f"following state: {state}"
    )


# Code


def bad_zip() -> InvalidParameterValueException:
    return invalid(
        "Could not unzip uploaded file. Please check your file, then try to upload again."
    )


def unzipped_too_large() -> InvalidParameterValueException:
    return invalid(f"Unzipped size must be smaller than {UNZIPPED_LIMIT_BYTES} bytes")


def zipped_too_large() -> RequestEntityTooLargeException:
    return RequestEntityTooLargeException(
        f"Zipped size must be smaller than {ZIPPED_LIMIT_BYTES} bytes"
    )


def request_too_large(operation: str) -> RequestEntityTooLargeException:
    return RequestEntityTooLargeException(
        f"Request must be smaller than {REQUEST_LIMIT_BYTES} bytes for the {operation} operation"
    )


def no_code() -> InvalidParameterValueException:
    # Words of ours: none recorded.
    return invalid("Please provide a source for function code.")


def image_uri_for_zip() -> InvalidParameterValueException:
    return invalid("Please don't provide ImageUri when updating a function with packageType Zip.")


def code_sha_differs(asked: str, current: str) -> InvalidParameterValueException:
    return invalid(
        f"CodeSHA256 ({asked}) is different from current CodeSHA256 in $LATEST ({current}). "
        "Please try again with the CodeSHA256 in $LATEST."
    )


# Configuration


def unknown_runtime(runtime: str, known: Sequence[str]) -> InvalidParameterValueException:
    return invalid(
        f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum "
        f"value set: [{', '.join(known)}] or be a valid ARN"
    )


def runtime_retired(runtime: str) -> InvalidParameterValueException:
    return invalid(
        f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS "
        "Lambda functions. We recommend you use a supported runtime while creating or updating "
        "functions."
    )


def needed_for_zip(member: str) -> InvalidParameterValueException:
    # Long-standing words, not among the recordings.
    return invalid(f"{member} is a required parameter for functions created with Zip packages.")


def variables_too_large(variables: Mapping[str, str]) -> InvalidParameterValueException:
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    return invalid(
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided exceeded the 4KB limit. String measured: " + measured
    )


def reserved_variables(keys: Sequence[str]) -> InvalidParameterValueException:
    # Long-standing words, not among the recordings.
    return invalid(
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided contains reserved keys that are currently not supported for "
        f"modification. Reserved keys used in this request: {', '.join(keys)}"
    )


def too_many_layers() -> InvalidParameterValueException:
    return invalid("Cannot reference more than 5 layers.")


def layer_missing(arn: str) -> InvalidParameterValueException:
    return invalid(f"Layer version {arn} does not exist.")


def layer_twice(one: str, other: str) -> InvalidParameterValueException:
    return invalid(
        "Two different versions of the same layer are not allowed to be referenced in the same "
        f"function. {one} and {other} are versions of the same layer."
    )


def layer_elsewhere(region: str) -> InvalidParameterValueException:
    return invalid(
        "Layers are not in the same region as the function. Layers are expected to be in region "
        f"{region}."
    )


def code_with_layers_too_large(size_bytes: int) -> InvalidParameterValueException:
    # Long-standing words, not among the recordings.
    return invalid(
        "Function code combined with layers exceeds the maximum allowed size of "
        f"{UNZIPPED_LIMIT_BYTES} bytes. The actual size is {size_bytes} bytes."
    )


def levels_in_text() -> InvalidParameterValueException:
    # Words of ours: none recorded.
    return invalid(
        "ApplicationLogLevel and SystemLogLevel can only be set for functions with LogFormat JSON."
    )


# Versions and aliases


def latest_not_deletable() -> InvalidParameterValueException:
    return invalid("$LATEST version cannot be deleted without deleting the function.")


def alias_not_deletable() -> InvalidParameterValueException:
    # Long-standing words, not among the recordings.
    return invalid("Deletion of aliases is not currently supported.")


def version_referenced(aliases: Sequence[str]) -> ResourceConflictException:
    """Source: recorded by users of AWS, 2021 and 2022."""
    return ResourceConflictException(
        "Unable to delete version because the following aliases reference it: "
        f"[{', '.join(aliases)}]"
    )


def alias_exists(arn: str) -> ResourceConflictException:
    return ResourceConflictException(f"Alias already exists: {arn}")


def alias_missing(arn: str) -> ResourceNotFoundException:
    """What GetAlias says."""
    return ResourceNotFoundException(f"Cannot find alias arn: {arn}")


def alias_not_found(arn: str) -> ResourceNotFoundException:
    """What UpdateAlias says."""
    return ResourceNotFoundException(f"Alias not found: {arn}")


def weights_on_latest() -> InvalidParameterValueException:
    return invalid("$LATEST is not supported for an alias pointing to more than 1 version")


def version_in_weights(version: str) -> InvalidParameterValueException:
    return invalid(
        f"Invalid function version {version}. Function version {version} is already included in "
        "routing configuration."
    )


def too_many_weights() -> InvalidParameterValueException:
    return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")


# Code signing, tags and pages


def code_signing_config_missing(arn: str) -> CodeSigningConfigNotFoundException:
    """What operations on functions say."""
    return CodeSigningConfigNotFoundException(
        "The code signing configuration cannot be found. Check that the provided configuration is "
        f"not deleted: {arn}."
    )


def resource_not_found(kind: str, arn: str) -> ResourceNotFoundException:
    """For other resources than functions, such as `Event source mapping`."""
    return ResourceNotFoundException(f"{kind} not found: {arn}")


def too_many_tags() -> InvalidParameterValueException:
    return invalid("Number of tags exceeds resource tag limit.")


def no_tags() -> InvalidParameterValueException:
    return invalid("An error occurred and the request cannot be processed.")


def tags_on_qualified() -> InvalidParameterValueException:
    return invalid(
        "Tags on function aliases and versions are not supported. Please specify a function ARN."
    )


def bad_marker() -> InvalidParameterValueException:
    # Words of ours: none recorded.
    return invalid("Invalid Marker: not one that this operation gave out.")
