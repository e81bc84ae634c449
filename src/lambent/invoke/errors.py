"""The Lambda errors that an invocation itself can meet. Statuses and members: the lambda model."""

from typing import Any

from lambent.core.errors import AwsError


class LambdaError(AwsError):
    """An error in Lambda's own form: `Type` says whose fault it is."""

    def __init__(self, message: str, **members: Any) -> None:
        super().__init__(message, **{"Type": "User", **members})


class ResourceNotFoundException(LambdaError):
    status = 404


class InvalidParameterValueException(LambdaError):
    status = 400


class InvalidRequestContentException(LambdaError):
    status = 400


class RequestTooLargeException(LambdaError):
    status = 413


class ResourceConflictException(LambdaError):
    status = 409


class TooManyRequestsException(LambdaError):
    """Throttled. Members: Reason, and retryAfterSeconds for the Retry-After header."""

    status = 429


class RecursiveInvocationException(LambdaError):
    status = 400


class InvalidRuntimeException(LambdaError):
    status = 502


class AccessDeniedException(LambdaError):
    status = 403


class InvalidZipFileException(LambdaError):
    status = 502
