"""The Python runtime inside an environment: AWS's own client, over an inherited socket.

Run by interpreters from Python 3.8 on; the standard library and awslambdaric only. The fork server
imports this before its first fork; `main` runs in the forked, sandboxed child.

One stream socket (descriptor 3) carries everything, each frame with the 16-byte header that
awslambdaric gives its log records: type u32, length u32, timestamp in microseconds u64. What is
logged, printed and answered therefore arrives in the order in which it was.
"""

import importlib
import io
import json
import os
import socket
import struct
import sys
import threading
import time

from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_client import BaseLambdaRuntimeClient, InvocationRequest
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

DESCRIPTOR = 3
HEADER = struct.Struct(">IIQ")
HEAD_LENGTH = struct.Struct(">I")

# Log records of awslambdaric are a55a00xx; these are ours.
EVENT, READY, RESPONSE, RESPONSE_TOO_LARGE = 0x4C000001, 0x4C000002, 0x4C000003, 0x4C000004
FAILURE, INIT_FAILURE, PRINTED = 0x4C000005, 0x4C000006, 0x4C000007

RESPONSE_LIMIT = 6291556
# Of a line without an end, so that one written in many small pieces is not copied for each.
_LONGEST_REST = 8192


class Channel:
    """The socket. Frames of several threads do not mix; a forked child of user code writes none."""

    def __init__(self, descriptor):
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(True)
        self._lock = threading.Lock()

    def send(self, kind, body):
        self.write(HEADER.pack(kind, len(body), 0) + body)

    def send_pair(self, kind, head, body):
        head = json.dumps(head).encode()
        prefix = HEAD_LENGTH.pack(len(head)) + head
        self.write(HEADER.pack(kind, len(prefix) + len(body), 0) + prefix + body)

    def write(self, data):
        with self._lock:
            self._socket.sendall(data)

    def receive_event(self):
        """The next event's head and payload; the process ends when Lambent hangs up."""
        kind, length, _ = HEADER.unpack(self._exactly(HEADER.size))
        body = self._exactly(length)
        (head_length,) = HEAD_LENGTH.unpack_from(body)
        start = HEAD_LENGTH.size
        head = json.loads(body[start : start + head_length])
        return head, bytes(body[start + head_length :])

    def _exactly(self, size):
        data = self._socket.recv(min(size, 65536)) if size else b""
        if len(data) == size:
            return data
        buffer = bytearray(data)
        while len(buffer) < size:
            data = self._socket.recv(min(size - len(buffer), 1 << 20))
            if not data:
                os._exit(0)
            buffer += data
        return buffer


class RuntimeClient(BaseLambdaRuntimeClient):
    """awslambdaric's client with another transport."""

    def __init__(self, channel, printed):
        super().__init__("socket")
        self._channel = channel
        self._printed = printed
        self._asked = False

    def wait_next_invocation(self):
        if not self._asked:
            self._asked = True
            self._printed.flush_rest()
            self._channel.send(READY, b"")
        head, body = self._channel.receive_event()
        return InvocationRequest(
            invoke_id=head["id"],
            x_amzn_trace_id=head["trace"],
            invoked_function_arn=head["arn"],
            deadline_time_in_ms=head["deadline"],
            client_context=head["context"],
            cognito_identity=head["identity"],
            tenant_id=None,
            content_type="application/json",
            event_body=body,
            invocation_id=None,
        )

    def post_invocation_result(self, invoke_id, result_data, content_type=None, *ignored):
        self._printed.flush_rest()
        if isinstance(result_data, str):
            result_data = result_data.encode("utf-8")
        if len(result_data) > RESPONSE_LIMIT:
            self._channel.send(RESPONSE_TOO_LARGE, b"")
        else:
            self._channel.send(RESPONSE, result_data)

    def post_invocation_error(self, invoke_id, error_response_data, xray_fault, *ignored):
        self._printed.flush_rest()
        self._send_failure(FAILURE, error_response_data, xray_fault)

    def post_init_error(self, error_response_data, error_type_override=None):
        self._printed.flush_rest()
        body = json.dumps(error_response_data)
        self._send_failure(INIT_FAILURE, body, None, error_type_override)

    def _send_failure(self, kind, body, xray_fault, error_type=None):
        error_type = error_type or json.loads(body).get("errorType", "")
        head = {"type": error_type, "xray": xray_fault}
        self._channel.send_pair(kind, head, body.encode("utf-8"))


class LogSink(bootstrap.FramedTelemetryLogSink):
    """awslambdaric's framing of log records, into the channel."""

    def __init__(self, channel, printed):
        super().__init__(DESCRIPTOR)
        self.file = channel
        self._printed = printed

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        pass

    def log(self, msg, frame_type=None):
        self._printed.flush_rest()
        super().log(msg, frame_type)


class Printed(io.TextIOBase):
    """`sys.stdout` and `sys.stderr`: whole lines at once, so that `print` is one frame, not two."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, channel, descriptor):
        self._channel = channel
        self._descriptor = descriptor
        self._rest = ""
        self._owner = os.getpid()
        self.buffer = PrintedBytes(self)

    def fileno(self):
        return self._descriptor

    def isatty(self):
        return False

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not %s" % type(text).__name__)
        whole = self._rest + text
        cut = whole.rfind("\n") + 1
        self._rest = whole[cut:]
        if cut:
            self.emit(whole[:cut].encode("utf-8", self.errors))
        if len(self._rest) > _LONGEST_REST:
            self.flush_rest()
        return len(text)

    def flush_rest(self):
        """Send what has been written of a line that has no end yet."""
        rest, self._rest = self._rest, ""
        if rest:
            self.emit(rest.encode("utf-8", self.errors))

    def emit(self, data):
        if os.getpid() == self._owner:
            self._channel.send(PRINTED, data)
        else:
            # A child that user code forked: the channel is its parent's.
            os.write(self._descriptor, data)


class PrintedBytes(io.RawIOBase):
    """`sys.stdout.buffer`."""

    def __init__(self, printed):
        self._printed = printed

    def writable(self):
        return True

    def fileno(self):
        return self._printed.fileno()

    def write(self, data):
        data = bytes(data)
        self._printed.flush_rest()
        self._printed.emit(data)
        return len(data)


def main():
    """Be the runtime of this environment; returns only by ending the process."""
    channel = Channel(DESCRIPTOR)
    printed = Printed(channel, 1)
    sys.stdin = open(os.devnull)
    sys.stdout = printed
    sys.stderr = printed
    _set_paths()
    _set_time_zone()
    runtime = bootstrap
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") or os.environ.get("AWS_LAMBDA_LOG_LEVEL"):
        # It reads these when it is imported, which was before this environment was.
        runtime = importlib.reload(bootstrap)
    # Its encoder depends on AWS_EXECUTION_ENV. Set on the class, where functions override it.
    BaseLambdaRuntimeClient.marshaller = LambdaMarshaller()
    sink = LogSink(channel, printed)
    runtime.create_log_sink = lambda: sink
    try:
        runtime.run(os.environ["_HANDLER"], RuntimeClient(channel, printed))
    finally:
        printed.flush_rest()


def _set_paths():
    """AWS's order: the function, its layers, the standard library, the runtime's own libraries."""
    task = os.environ["LAMBDA_TASK_ROOT"]
    opt = os.environ.pop("LAMBENT_OPT_ROOT", "/opt")
    version = "python%d.%d" % sys.version_info[:2]
    first = [task, opt + "/python/lib/" + version + "/site-packages", opt + "/python"]
    given = [path for path in os.environ.get("PYTHONPATH", "").split(":") if path]
    sys.path[:0] = first
    sys.path.extend(path for path in given if path not in sys.path)
    sys.argv = ["/var/runtime/bootstrap.py"]
    _forget_overridden(first)


def _forget_overridden(folders):
    """Let a library in the function's package win over the one that is already loaded."""
    own = set()
    for folder in folders:
        try:
            own.update(name.partition(".")[0] for name in os.listdir(folder))
        except OSError:
            continue
    own -= _PRELOADED_BY_US
    for name in list(sys.modules):
        if name.partition(".")[0] in own and name.partition(".")[0] in _PRELOADED:
            del sys.modules[name]


# What the fork server loads for functions, which they may bring in another version.
_PRELOADED = {
    *("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six"),
    *("simplejson", "snapshot_restore_py"),
}
# The runtime client itself is the platform's, not the function's.
_PRELOADED_BY_US = {"awslambdaric", "child"}


def _set_time_zone():
    if hasattr(time, "tzset"):
        time.tzset()


if __name__ == "__main__":
    main()
