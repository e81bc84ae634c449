"""Errors without a model: for a service that is not mounted, or a request nobody recognises.

Only the code and the message go out; the members of modelled errors are the wire layer's.
"""

import json
import re
from xml.sax.saxutils import escape

from lambent.core.errors import AwsError
from lambent.core.http import HttpResponse

# XML 1.0 has no form, not even escaped, for these.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CBOR_MAP_OF_2 = b"\xa2"
# Characters of a message that are sent; at four bytes each they fit a two-byte length.
_LONGEST = 16_000


def encode_plain(error: AwsError, *, protocol: str, request_id: str) -> HttpResponse:
    """An error as `protocol` puts it on the wire."""
    content_type, body = _body(error, protocol, request_id)
    headers = [("content-type", content_type), ("x-amzn-requestid", request_id)]
    if protocol == "rest-json":
        headers.append(("x-amzn-errortype", error.code))
    if protocol == "smithy-rpc-v2-cbor":
        headers.append(("smithy-protocol", "rpc-v2-cbor"))
    return HttpResponse(status=error.status, headers=tuple(headers), body=body)


def _body(error: AwsError, protocol: str, request_id: str) -> tuple[str, bytes]:
    match protocol:
        case "query":
            return "text/xml", _query(error, request_id)
        case "ec2":
            return "text/xml", _ec2(error, request_id)
        case "rest-xml":
            return "application/xml", _rest_xml(error, request_id)
        case "smithy-rpc-v2-cbor":
            return "application/cbor", _cbor(error)
        case "json":
            members = {"__type": error.code, "message": error.message}
            return "application/x-amz-json-1.1", json.dumps(members).encode("utf-8", "replace")
        case _:
            members = {"Type": "User", "message": error.message}
            return "application/json", json.dumps(members).encode("utf-8", "replace")


def _query(error: AwsError, request_id: str) -> bytes:
    fault = "Sender" if error.status < 500 else "Receiver"
    return (
        f"<ErrorResponse><Error><Type>{fault}</Type><Code>{_xml(error.code)}</Code>"
        f"<Message>{_xml(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode("utf-8", "replace")


def _ec2(error: AwsError, request_id: str) -> bytes:
    return (
        f"<Response><Errors><Error><Code>{_xml(error.code)}</Code>"
        f"<Message>{_xml(error.message)}</Message></Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
    ).encode("utf-8", "replace")


def _rest_xml(error: AwsError, request_id: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{_xml(error.code)}</Code><Message>{_xml(error.message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    ).encode("utf-8", "replace")


def _cbor(error: AwsError) -> bytes:
    members = (("__type", error.code), ("message", error.message))
    return _CBOR_MAP_OF_2 + b"".join(_cbor_text(part) for member in members for part in member)


def _cbor_text(text: str) -> bytes:
    """A CBOR text string with a two-byte length (RFC 8949 §3.1)."""
    encoded = text[:_LONGEST].encode("utf-8", "replace")
    return b"\x79" + len(encoded).to_bytes(2, "big") + encoded


def _xml(text: str) -> str:
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))
