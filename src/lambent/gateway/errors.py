"""The errors that the gateway itself answers with, before any service sees the request.

AwsError
  IncompleteSignatureException     the Authorization header cannot be read
  InvalidSignatureException        … names no region
  UnknownOperation                 the service has no such operation (JSON: 400)
  UnrecognisedRequest              no service can be told from the request
  IncompleteBody                   the body is shorter than it says, or its framing is broken
  InvalidChunkSizeError            an aws-chunked body in crumbs
  UnsupportedMediaTypeException    the body's content coding is none that AWS takes
  RequestEntityTooLargeException   the body passes the operation's or the gateway's limit
  ForbiddenOrigin                  a web page that may not drive Lambent
  InvalidRequestContentException   the request id that the client chose is no UUID
"""

from lambent.core.errors import AwsError


class IncompleteSignatureException(AwsError):
    """The signature's parts cannot be read. Source: AWS's "Common Errors", 400."""


class InvalidSignatureException(AwsError):
    """The signature is for no place that exists. Source: AWS's "Common Errors", 403."""

    status = 403


class UnknownOperation(AwsError):
    """The JSON protocols' word for an operation that the service does not have.

    AWS: status 400 under awsJson (seen with DynamoDB and Kinesis), 404 under the REST protocols.
    """

    code = "UnknownOperationException"


class UnrecognisedRequest(AwsError):
    """Nothing in the request says which service it is for."""

    code = "UnknownOperationException"
    status = 404


class IncompleteBody(AwsError):
    """The body ends early, or breaks the framing it announces. S3's name for it, 400."""


class InvalidChunkSizeError(AwsError):
    """S3's name for a chunk that is too small and not the last."""

    status = 403


class UnsupportedMediaTypeException(AwsError):
    """The body has a content coding that AWS does not take."""

    status = 415


class RequestEntityTooLargeException(AwsError):
    """The body passes the limit."""

    status = 413


class ForbiddenOrigin(AwsError):
    """A browser sends this for a page that may not drive Lambent."""

    code = "AccessDeniedException"
    status = 403


class InvalidRequestContentException(AwsError):
    """The client chose a request id that is no UUID. Source: Invoke in the Lambda API Reference."""
