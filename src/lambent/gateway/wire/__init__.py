"""AWS's protocols, server side, compiled from botocore's models.

`compile_service` gives a `WireService`; its operations turn requests into parameters and results
into responses, in boto3's own dicts. Each is compiled once, on first use, into closures: no shape
is walked over for a request. Knows nothing of what an operation does, nor of sockets.
"""

from lambent.gateway.wire.operation import WireOperation
from lambent.gateway.wire.service import WireService, compile_service

__all__ = ["WireOperation", "WireService", "compile_service"]
