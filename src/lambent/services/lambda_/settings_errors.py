"""The words of layers, policies, concurrency and the other settings of functions.

Source: answers recorded from AWS by the public LocalStack project, November 2025, unless a line
says otherwise. The exceptions are those of `errors`.
"""

from lambent.core.errors import AwsError
from lambent.invoke.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from lambent.services.lambda_.errors import (
    CodeVerificationFailedException,
    PolicyLengthExceededException,
    ProvisionedConcurrencyConfigNotFoundException,
    invalid,
)

POLICY_LIMIT_BYTES = 20_480


class CodeSigningConfigMissing(AwsError):
    """ResourceNotFoundException as code signing configurations have it: without a `Type`."""

    code = "ResourceNotFoundException"
    status = 404


def resource_missing() -> ResourceNotFoundException:
    """What reads of layer versions and policies say."""
    return ResourceNotFoundException("The resource you requested does not exist.")


# Layers


def layer_version_too_low() -> InvalidParameterValueException:
    return invalid("Layer Version Cannot be less than 1")


def layer_version_missing(arn: str) -> ResourceNotFoundException:
    """What operations on a layer version's policy say."""
    return ResourceNotFoundException(f"Layer version {arn} does not exist.")


# Policies


def bad_principal() -> InvalidParameterValueException:
    return invalid("The provided principal was invalid. Please check the principal and try again.")


def policy_on_latest() -> InvalidParameterValueException:
    return invalid("We currently do not support adding policies for $LATEST.")


def statement_exists(statement_id: str) -> ResourceConflictException:
    return ResourceConflictException(
        f"The statement id ({statement_id}) provided already exists. Please provide a new "
        "statement id, or remove the existing statement."
    )


def no_policy() -> ResourceNotFoundException:
    return ResourceNotFoundException("No policy is associated with the given resource.")


def no_policy_for(arn: str) -> ResourceNotFoundException:
    """What RemovePermission says of a function that is not there."""
    return ResourceNotFoundException(f"No policy found for: {arn}")


def statement_missing(statement_id: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"Statement {statement_id} is not found in resource policy.")


def policy_too_long(size_bytes: int) -> PolicyLengthExceededException:
    # Long-standing words, not among the recordings.
    return PolicyLengthExceededException(
        f"The final policy size ({size_bytes}) is bigger than the limit ({POLICY_LIMIT_BYTES})."
    )


def bad_policy(why: str) -> InvalidParameterValueException:
    # Words of ours: none recorded.
    return invalid(f"The resource policy is not valid: {why}.")


# Concurrency


def functions_only() -> InvalidParameterValueException:
    return invalid(
        "This operation is permitted on Lambda functions only. Aliases and versions do not "
        "support this operation. Please specify either a function name or an unqualified "
        "function ARN."
    )


def unreserved_too_low(minimum: int, *, asked: str) -> InvalidParameterValueException:
    """`asked` is what was put: ReservedConcurrentExecutions or ConcurrentExecutions."""
    return invalid(
        f"Specified {asked} for function decreases account's UnreservedConcurrentExecution below "
        f"its minimum value of [{minimum}]."
    )


def below_provisioned(reserved: int, provisioned: int) -> InvalidParameterValueException:
    # AWS: with these blanks.
    return invalid(
        f" ReservedConcurrentExecutions  {reserved} should not be lower than function's total "
        f"provisioned concurrency [{provisioned}]."
    )


def provisioned_on_latest() -> InvalidParameterValueException:
    """What PutProvisionedConcurrencyConfig says."""
    return invalid(
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
    )


def not_alias_or_version() -> InvalidParameterValueException:
    """What getting and deleting provisioned concurrency say of $LATEST."""
    return invalid("The function resource provided must be an alias or a published version.")


def version_provisioned() -> ResourceConflictException:
    return ResourceConflictException(
        "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned "
        "version"
    )


def alias_provisioned() -> ResourceConflictException:
    return ResourceConflictException("Version is pointed by a Provisioned Concurrency alias")


def provisioned_missing() -> ProvisionedConcurrencyConfigNotFoundException:
    return ProvisionedConcurrencyConfigNotFoundException(
        "No Provisioned Concurrency Config found for this function"
    )


def above_reserved() -> InvalidParameterValueException:
    return invalid(
        "Requested Provisioned Concurrency should not be greater than the "
        "reservedConcurrentExecution for function"
    )


def above_unreserved(unreserved: int) -> InvalidParameterValueException:
    return invalid(
        "Specified ConcurrentExecutions for function is greater than account's unreserved "
        f"concurrency [{unreserved}]."
    )


# Code signing


def signing_config_missing(arn: str) -> CodeSigningConfigMissing:
    """What operations on code signing configurations say."""
    return CodeSigningConfigMissing(
        f"The Lambda code signing configuration {arn} can not be found."
    )


def signing_config_in_use(functions: int) -> ResourceConflictException:
    # Words of ours: none recorded.
    return ResourceConflictException(
        f"The code signing configuration is used by {functions} function(s) and cannot be deleted."
    )


def code_not_signed(name: str) -> CodeVerificationFailedException:
    # Words met by users of AWS, not among the recordings.
    return CodeVerificationFailedException(
        "Lambda cannot deploy the function. The function or layer might be signed using a "
        "signature that the client is not configured to accept. Check the provided signature for "
        f"{name}."
    )


# Runtime management


def runtime_version_needed() -> InvalidParameterValueException:
    # Words of ours: none recorded.
    return invalid("RuntimeVersionArn is required when UpdateRuntimeOn is Manual.")


def runtime_version_unwanted() -> InvalidParameterValueException:
    # Words of ours: none recorded.
    return invalid("RuntimeVersionArn can only be given when UpdateRuntimeOn is Manual.")


def runtime_of_alias() -> InvalidParameterValueException:
    # Words of ours: none recorded.
    return invalid("Qualifier must be $LATEST or a published version.")
