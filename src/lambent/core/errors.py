"""AWS errors: what a user meets.

Three kinds of failure never mix: the user's (an `AwsError`, raised by the service it belongs to),
the function's (an outcome, not an exception), and ours (any other exception: a bug, which the
gateway logs with an id and answers as InternalFailure).
"""

from typing import Any, ClassVar


class AwsError(Exception):
    """An error with AWS's code, HTTP status and message.

    Subclasses are named as AWS names the error and stand in the `errors.py` of the service that
    raises them. `members` holds what the error's shape in the model has beside its message, by
    the model's names (`Reason`, `Type`, `retryAfterSeconds` …); the wire layer places each in the
    body or in its header as the model says.
    """

    code: ClassVar[str] = ""
    status: ClassVar[int] = 400

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" not in cls.__dict__:
            cls.code = cls.__name__

    def __init__(self, message: str, **members: Any) -> None:
        super().__init__(message)
        self.message = message
        self.members = members


class SerializationException(AwsError):
    """The request's body does not parse as its protocol asks."""


class ValidationException(AwsError):
    """The request breaks a constraint of the model."""


class MissingAction(AwsError):
    """The request names no operation."""


class UnknownOperationException(AwsError):
    """The request names an operation that the service does not have."""

    status = 404


class InvalidAction(AwsError):
    """The query protocol's word for an operation that the service does not have."""


class NotImplementedException(AwsError):
    """AWS has it and Lambent does not yet; the message names the operation or the parameter.

    400, not 501: SDKs retry what they take for a server's fault, and this will not change by
    being asked again.
    """


class InternalFailure(AwsError):
    """A bug of ours. The message carries the id under which the traceback is logged."""

    status = 500
