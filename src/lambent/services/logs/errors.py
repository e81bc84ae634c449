"""The errors of CloudWatch Logs, in AWS's words.

    AwsError
    ├── InvalidParameterException
    ├── ResourceNotFoundException
    ├── ResourceAlreadyExistsException
    ├── LimitExceededException
    ├── TooManyTagsException
    ├── SessionTimeoutException
    └── ValidationException (core.errors)

Source: recordings from AWS, February 2026, unless a line says otherwise.
"""

from lambent.core.errors import AwsError, ValidationException


class InvalidParameterException(AwsError):
    """A parameter is wrong; also the model's constraints are refused under this code."""


class ResourceNotFoundException(AwsError):
    """The group or stream does not exist."""


class ResourceAlreadyExistsException(AwsError):
    """The group or stream exists."""


class LimitExceededException(AwsError):
    """A quota is used up."""


class TooManyTagsException(AwsError):
    """More than 50 tags. Has the member `resourceName`."""


class SessionTimeoutException(AwsError):
    """A live tail has reached its three hours; sent within the event stream."""


def no_such_group() -> ResourceNotFoundException:
    return ResourceNotFoundException("The specified log group does not exist.")


def no_such_stream() -> ResourceNotFoundException:
    return ResourceNotFoundException("The specified log stream does not exist.")


def group_exists() -> ResourceAlreadyExistsException:
    return ResourceAlreadyExistsException("The specified log group already exists")


def stream_exists() -> ResourceAlreadyExistsException:
    return ResourceAlreadyExistsException("The specified log stream already exists")


def bad_token() -> InvalidParameterException:
    return InvalidParameterException("The specified nextToken is invalid.")


def name_and_identifier() -> ValidationException:
    return ValidationException("LogGroup name and LogGroup ARN are mutually exclusive parameters.")


def neither_name_nor_identifier() -> ValidationException:
    # Words of ours: none recorded.
    return ValidationException("Either LogGroup name or LogGroup ARN must be specified.")


def prefix_and_pattern() -> InvalidParameterException:
    return InvalidParameterException(
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
    )


def protected(name: str) -> ValidationException:
    # Words of ours: none recorded.
    return ValidationException(
        f"The log group {name} has deletion protection enabled; turn it off with "
        "PutLogGroupDeletionProtection before deleting."
    )


def too_many_tags(resource: str) -> TooManyTagsException:
    # Words of ours: none recorded.
    return TooManyTagsException("A log group can have no more than 50 tags.", resourceName=resource)
