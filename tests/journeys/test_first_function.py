"""A function from its first version to its end, as a user of boto3 lives it."""

import base64
import concurrent.futures
import json
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambent.testing.process import Running, archive


def invoke(client: Any, name: str, event: Any = None, **options: Any) -> tuple[Any, str | None]:
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event or {}), **options)
    return json.loads(answer["Payload"].read()), answer.get("FunctionError")


def test_code_is_updated_versioned_and_routed_by_weight(lambent: Running, client: Any) -> None:
    name = lambent.deploy({"handler.py": "def handler(e, c):\n    return c.function_version, 1\n"})
    assert invoke(client, name)[0] == ["$LATEST", 1]
    assert client.publish_version(FunctionName=name)["Version"] == "1"
    client.update_function_code(
        FunctionName=name,
        ZipFile=archive({"handler.py": "def handler(e, c):\n    return c.function_version, 2\n"}),
    )
    client.get_waiter("function_updated_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    assert invoke(client, name)[0] == ["$LATEST", 2]
    assert client.publish_version(FunctionName=name)["Version"] == "2"
    assert invoke(client, name, Qualifier="1")[0] == ["1", 1]

    client.create_alias(
        FunctionName=name,
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )
    counts: Counter[str] = Counter()
    for _ in range(200):
        answer = client.invoke(FunctionName=name, Qualifier="live", Payload=b"{}")
        assert json.loads(answer["Payload"].read())[0] == answer["ExecutedVersion"]
        counts[answer["ExecutedVersion"]] += 1
    # Fair coins: fewer than 60 or more than 140 heads of 200 come once in a hundred million times.
    assert 60 <= counts["1"] <= 140
    assert counts["1"] + counts["2"] == 200

    client.delete_function(FunctionName=name)
    with pytest.raises(client.exceptions.ResourceNotFoundException) as missing:
        invoke(client, name)
    assert missing.value.response["Error"]["Message"].endswith(f":function:{name}:$LATEST")


def test_an_environment_keeps_its_globals_and_its_tmp(lambent: Running, client: Any) -> None:
    code = """
import os
count = 0
def handler(event, context):
    global count
    count += 1
    with open("/tmp/visits", "a") as visits:
        visits.write("x")
    return count, os.path.getsize("/tmp/visits"), os.environ["STAGE"], os.getcwd()
"""
    name = lambent.deploy({"handler.py": code}, Environment={"Variables": {"STAGE": "test"}})
    assert invoke(client, name)[0] == [1, 1, "test", "/var/task"]
    assert invoke(client, name)[0] == [2, 2, "test", "/var/task"]


def test_the_log_tail_is_that_of_the_invocation(lambent: Running, client: Any) -> None:
    name = lambent.deploy({"handler.py": "def handler(e, c):\n    print('said', e)\n"})
    answer = client.invoke(FunctionName=name, Payload=b'{"a": 1}', LogType="Tail")
    lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert lines[0] == f"START RequestId: {request_id} Version: $LATEST"
    assert lines[1] == "said {'a': 1}"
    assert lines[2] == f"END RequestId: {request_id}"
    assert lines[3].startswith(f"REPORT RequestId: {request_id}\tDuration: ")


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("def handler(e, c):\n    raise KeyError('x')", "KeyError", "'x'"),
        ("def handler(e, c):\n    return object()", "Runtime.MarshalError", "Unable to marshal"),
        ("import absent", "Runtime.ImportModuleError", "Unable to import module 'handler'"),
        ("other = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'handler'"),
        ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'handler'"),
        (
            "import sys\ndef handler(e, c):\n    sys.exit(1)",
            "Runtime.ExitError",
            "RequestId: {id} Error: Runtime exited with error: exit status 1",
        ),
        (
            "import os\ndef handler(e, c):\n    os.kill(os.getpid(), 9)",
            "Runtime.ExitError",
            "RequestId: {id} Error: Runtime exited with error: signal: killed",
        ),
        (
            "def handler(e, c):\n    return 'x' * (7 << 20)",
            "Function.ResponseSizeTooLarge",
            "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        ),
        (
            "def handler(e, c):\n    while True: pass",
            "Sandbox.Timedout",
            "RequestId: {id} Error: Task timed out after 1.00 seconds",
        ),
    ],
)
def test_each_failure_is_told_as_aws_tells_it_and_the_next_invocation_is_served(
    lambent: Running, client: Any, code: str, kind: str, message: str
) -> None:
    name = lambent.deploy({"handler.py": code}, Timeout=1, MemorySize=256)
    for _ in range(2):
        answer = client.invoke(FunctionName=name, Payload=b"{}")
        payload = json.loads(answer["Payload"].read())
        assert answer["StatusCode"] == 200
        assert answer["FunctionError"] == "Unhandled"
        assert payload["errorType"] == kind
        expected = message.format(id=answer["ResponseMetadata"]["RequestId"])
        assert payload["errorMessage"].startswith(expected)


def test_what_is_not_json_and_what_is_too_large_never_reaches_the_function(
    lambent: Running, client: Any
) -> None:
    name = lambent.deploy({"handler.py": "def handler(e, c):\n    return e\n"})
    with pytest.raises(client.exceptions.InvalidRequestContentException, match="Could not parse"):
        client.invoke(FunctionName=name, Payload=b"{nonsense")
    with pytest.raises(ClientError) as refused:
        client.invoke(FunctionName=name, Payload=b'"' + b"x" * 6_291_456 + b'"')
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert "(limit 6291456 bytes)" in refused.value.response["Error"]["Message"]
    answer = client.invoke(FunctionName=name, InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    assert answer["Payload"].read() == b""
    with pytest.raises(ClientError) as later:
        client.invoke(FunctionName=name, InvocationType="Event")
    assert later.value.response["Error"]["Code"] == "NotImplementedException"
    assert "Event" in later.value.response["Error"]["Message"]


def test_concurrent_invocations_have_environments_of_their_own(
    lambent: Running, client: Any
) -> None:
    """Each waits until all have arrived: with fewer environments none would ever end."""
    code = """
import http.client, os
def handler(event, context):
    link = http.client.HTTPConnection("127.0.0.1", event["port"], timeout=20)
    link.request("GET", "/")
    return os.environ["AWS_LAMBDA_LOG_STREAM_NAME"], link.getresponse().status
"""
    import http.server
    import threading

    count = 20
    name = lambent.deploy({"handler.py": code}, Timeout=30)
    gate = threading.Barrier(count)

    class Gate(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            gate.wait(30)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            event = {"port": server.server_address[1]}
            answers = list(pool.map(lambda _: invoke(client, name, event), range(count)))
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
    assert all(answer[1] is None for answer in answers), answers
    assert len({answer[0][0] for answer in answers}) == count


def test_reserved_concurrency_throttles_with_its_reason(lambent: Running, client: Any) -> None:
    name = lambent.deploy({"handler.py": "def handler(e, c):\n    return 1\n"})
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException) as throttled:
        invoke(client, name)
    assert throttled.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert throttled.value.response["Error"]["Message"] == "Rate Exceeded."
    client.delete_function_concurrency(FunctionName=name)
    assert invoke(client, name)[0] == 1


def test_provisioned_environments_are_initialised_before_their_first_invocation(
    lambent: Running, client: Any
) -> None:
    code = """
import os
def handler(event, context):
    return os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
"""
    name = lambent.deploy({"handler.py": code})
    version = client.publish_version(FunctionName=name)["Version"]
    client.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=2
    )
    status = {"Status": "IN_PROGRESS"}
    while status["Status"] == "IN_PROGRESS":
        status = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=version)
    assert status["Status"] == "READY"
    assert status["AllocatedProvisionedConcurrentExecutions"] == 2
    assert invoke(client, name, Qualifier=version)[0] == "provisioned-concurrency"
    assert invoke(client, name)[0] == "on-demand"


def test_a_layer_is_merged_under_opt(lambent: Running, client: Any) -> None:
    layer = client.publish_layer_version(
        LayerName="shared-words",
        Content={"ZipFile": archive({"python/words.py": "word = 'from the layer'\n"})},
        CompatibleRuntimes=["python3.12"],
    )["LayerVersionArn"]
    code = "import words\ndef handler(e, c):\n    return words.word, words.__file__\n"
    name = lambent.deploy({"handler.py": code}, Layers=[layer])
    assert invoke(client, name)[0] == ["from the layer", "/opt/python/words.py"]


def test_a_function_reaches_lambda_through_its_own_sdk(lambent: Running, client: Any) -> None:
    inner = lambent.deploy({"handler.py": "def handler(e, c):\n    return e['n'] + 1\n"})
    code = """
import boto3, json
def handler(event, context):
    answer = boto3.client("lambda").invoke(
        FunctionName=event["inner"], Payload=json.dumps({"n": event["n"]}))
    return json.load(answer["Payload"])
"""
    outer = lambent.deploy({"handler.py": code}, Timeout=30)
    assert invoke(client, outer, {"inner": inner, "n": 41}) == (42, None)


def test_a_function_that_calls_itself_for_ever_is_stopped(lambent: Running, client: Any) -> None:
    code = """
import boto3, json
from botocore.config import Config
from botocore.exceptions import ClientError
client = boto3.client("lambda", config=Config(retries={"total_max_attempts": 1}, read_timeout=50))
def handler(event, context):
    depth = event.get("depth", 0)
    try:
        answer = client.invoke(
            FunctionName=context.function_name, Payload=json.dumps({"depth": depth + 1}))
    except ClientError as stopped:
        return depth, stopped.response["Error"]["Code"]
    return json.load(answer["Payload"])
"""
    name = lambent.deploy({"handler.py": code}, Timeout=60)
    assert invoke(client, name) == ([15, "RecursiveInvocationException"], None)


def test_a_streaming_call_of_a_function_that_does_not_stream_gets_it_whole(
    lambent: Running, client: Any
) -> None:
    name = lambent.deploy({"handler.py": "def handler(e, c):\n    return {'a': 1}\n"})
    answer = client.invoke_with_response_stream(FunctionName=name, Payload=b"{}", LogType="Tail")
    events = list(answer["EventStream"])
    answer["EventStream"].close()
    assert events[0] == {"PayloadChunk": {"Payload": b'{"a": 1}'}}
    log = base64.b64decode(events[1]["InvokeComplete"]["LogResult"])
    assert log.startswith(b"START RequestId: ")


WRAPPER = """#!/bin/bash
export FROM_THE_WRAPPER=yes
exec "$@"
"""


def test_a_wrapper_script_starts_the_runtime(lambent: Running, client: Any) -> None:
    code = "import os\ndef handler(e, c):\n    return os.environ['FROM_THE_WRAPPER'], e\n"
    files = {"handler.py": code, "wrap": WRAPPER}
    options = {"Environment": {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrap"}}}
    name = lambent.deploy(files, **options)
    assert invoke(client, name, {"a": 1}) == (["yes", {"a": 1}], None)
    absent = {"Environment": {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/absent"}}}
    payload, error = invoke(client, lambent.deploy(files, **absent))
    assert error == "Unhandled"
    # AWS: 127, recorded.
    assert payload["errorMessage"].endswith("Runtime exited with error: exit status 127")
