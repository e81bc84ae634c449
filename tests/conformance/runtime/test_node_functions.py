"""Node.js functions: handlers of every kind, their logs, failures and streams.

Expected shapes: responses recorded from AWS, and aws-lambda-nodejs-runtime-interface-client.
"""

import base64
import json
import shutil
from dataclasses import dataclass
from typing import Any

import pytest

from lambent.testing.process import Running, archive

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")

RUNTIME = "nodejs20.x"


@dataclass
class Answer:
    """One invocation."""

    payload: Any
    error: str | None
    log: str


class Functions:
    """Makes and invokes functions of the shared platform."""

    def __init__(self, lambent: Running, client: Any) -> None:
        self._lambent = lambent
        self._client = client

    def make(self, source: str, *, file: str = "index.mjs", **options: Any) -> str:
        files = {file: source, **options.pop("files", {})}
        handler = options.pop("handler", "index.handler")
        return self._lambent.deploy(files, runtime=RUNTIME, handler=handler, **options)

    def invoke(self, name: str, event: Any = None, **options: Any) -> Answer:
        answer = self._client.invoke(
            FunctionName=name, Payload=json.dumps(event or {}), LogType="Tail", **options
        )
        return Answer(
            json.loads(answer["Payload"].read()),
            answer.get("FunctionError"),
            base64.b64decode(answer["LogResult"]).decode(),
        )

    def run(self, source: str, **options: Any) -> Answer:
        return self.invoke(self.make(source, **options))

    def stream(self, name: str) -> list[dict[str, Any]]:
        answer = self._client.invoke_with_response_stream(FunctionName=name, Payload=b"{}")
        events = list(answer["EventStream"])
        answer["EventStream"].close()
        return events


@pytest.fixture
def node(lambent: Running, client: Any) -> Functions:
    return Functions(lambent, client)


@pytest.mark.parametrize(
    ("file", "source", "result"),
    [
        ("index.mjs", "export const handler = async (event) => event.n + 1;", 2),
        ("index.js", "exports.handler = async (event) => event.n + 1;", 2),
        ("index.cjs", "exports.handler = async (event) => event.n + 1;", 2),
        ("index.js", "exports.handler = (event, context, done) => done(null, event.n);", 1),
        ("index.js", "exports.handler = (event, context) => context.succeed(event.n);", 1),
        ("index.js", "exports.handler = async () => {};", None),
        ("index.js", "exports.handler = () => {};", None),
        # AWS: of a handler that is no async function, only a promise is looked at.
        ("index.js", "exports.handler = (event) => event.n;", None),
        ("index.js", "exports.handler = (event) => Promise.resolve(event.n);", 1),
        ("index.mjs", "const n = await 7; export const handler = async () => n;", 7),
    ],
)
def test_handlers_of_every_kind_answer(
    node: Functions, file: str, source: str, result: Any
) -> None:
    answer = node.invoke(node.make(source, file=file), {"n": 1})
    assert answer.error is None
    assert answer.payload == result


def test_a_handler_may_be_nested_in_folders_and_objects(node: Functions) -> None:
    source = "exports.api = { get: async () => 'got' };"
    assert node.run(source, file="src/app.js", handler="src/app.api.get").payload == "got"


def test_js_files_are_modules_where_package_json_says_so(node: Functions) -> None:
    answer = node.run(
        "export const handler = async () => import.meta.url;",
        file="index.js",
        files={"package.json": '{"type": "module"}'},
    )
    assert answer.payload == "file:///var/task/index.js"


def test_the_context_tells_about_the_invocation(node: Functions) -> None:
    source = """
        export const handler = async (event, context) => ({
          ...context, left: context.getRemainingTimeInMillis(),
          root: process.env.LAMBDA_TASK_ROOT, env: process.env.AWS_EXECUTION_ENV,
          trace: process.env._X_AMZN_TRACE_ID,
        });
    """
    name = node.make(source)
    custom = base64.b64encode(b'{"custom": {"a": "b"}}').decode()
    found = node.invoke(name, ClientContext=custom).payload
    assert found["functionName"] == name
    assert found["functionVersion"] == "$LATEST"
    assert found["memoryLimitInMB"] == "128"
    assert found["invokedFunctionArn"].endswith(f":function:{name}")
    assert found["clientContext"] == {"custom": {"a": "b"}}
    assert 0 < found["left"] <= 3000
    assert found["root"] == "/var/task"
    assert found["env"] == f"AWS_Lambda_{RUNTIME}"
    assert found["trace"].startswith("Root=1-")


def test_a_console_call_of_several_lines_is_one_event(node: Functions) -> None:
    source = "export const handler = async () => { console.log('one\\ntwo', {a: 1}); };"
    log = node.run(source).log
    line = next(line for line in log.splitlines() if "\tINFO\tone" in line)
    assert line.split("\t")[2:] == ["INFO", "one"]
    assert "\ntwo { a: 1 }\n" in log


def test_json_logs_are_objects_filtered_by_level(node: Functions) -> None:
    source = """
        export const handler = async () => {
          console.debug('hidden'); console.info({order: 1}); console.error(new TypeError('bad'));
        };
    """
    logging = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO"}
    log = node.run(source, LoggingConfig=logging).log
    lines = [json.loads(line) for line in log.splitlines()]
    own = [line for line in lines if "level" in line]
    assert [line["level"] for line in own] == ["INFO", "ERROR"]
    assert own[0]["message"] == {"order": 1}
    assert own[1]["message"]["errorType"] == "TypeError"
    assert own[1]["message"]["errorMessage"] == "bad"


def test_an_exception_is_the_functions_error(node: Functions) -> None:
    answer = node.run("export const handler = async () => { throw new TypeError('no'); };")
    assert answer.error == "Unhandled"
    assert list(answer.payload) == ["errorType", "errorMessage", "trace"]
    assert answer.payload["errorType"] == "TypeError"
    assert answer.payload["errorMessage"] == "no"
    assert answer.payload["trace"][0] == "TypeError: no"
    assert "ERROR\tInvoke Error \t" in answer.log


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        (
            "exports.other = 1;",
            "Runtime.HandlerNotFound",
            "index.handler is undefined or not exported",
        ),
        ("exports.handler = 1;", "Runtime.HandlerNotFound", "index.handler is not a function"),
        (
            "require('absent');",
            "Runtime.ImportModuleError",
            "Error: Cannot find module 'absent'\nRequire stack:\n- /var/task/index.js",
        ),
        ("exports.handler = ( => {", "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected"),
        (
            "exports.handler = async () => { const a = {}; a.a = a; return a; };",
            "Error",
            "Unable to stringify response body",
        ),
        (
            "exports.handler = (e, c, done) => { Promise.reject(new Error('lost')); };",
            "Runtime.UnhandledPromiseRejection",
            "Error: lost",
        ),
        (
            "exports.handler = async () => 1n;",
            "Error",
            "Unable to stringify response body",
        ),
        (
            "exports.handler = async () => { await new Promise(() => {}); };",
            "Runtime.NodeJsExit",
            "The Lambda runtime client detected an unexpected Node.js exit code.",
        ),
        ("exports.handler = (e, c, done) => done('sorry');", "string", "sorry"),
        ("exports.handler = async () => { throw undefined; };", "string", "handled"),
        (
            "exports.handler = (e, c, done) => done({toString: null});",
            "handled",
            "callback called with Error argument, but there was a problem",
        ),
        ("throw new RangeError('early');", "RangeError", "early"),
    ],
)
def test_each_failure_has_its_own_type(
    node: Functions, source: str, kind: str, message: str
) -> None:
    name = node.make(source, file="index.js")
    for _ in range(2):
        answer = node.invoke(name)
        assert answer.error == "Unhandled"
        assert answer.payload["errorType"] == kind
        assert answer.payload["errorMessage"].startswith(message)


def test_an_exit_is_told_and_the_next_invocation_works(node: Functions) -> None:
    name = node.make("exports.handler = async (e) => e.go ? process.exit(3) : 1;", file="index.js")
    gone = node.invoke(name, {"go": True})
    assert gone.payload["errorType"] == "Runtime.ExitError"
    assert gone.payload["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert node.invoke(name).payload == 1


def test_a_megabyte_line_does_no_harm(node: Functions) -> None:
    source = (
        "exports.handler = async () => { process.stdout.write('x'.repeat(1 << 20)); return 1; };"
    )
    answer = node.run(source, file="index.js")
    assert answer.payload == 1


def test_a_result_over_six_megabytes_is_refused(node: Functions) -> None:
    source = "exports.handler = async () => 'x'.repeat(7 << 20);"
    answer = node.run(source, file="index.js", MemorySize=512)
    assert answer.payload["errorType"] == "Function.ResponseSizeTooLarge"
    assert "(6291556 bytes)" in answer.payload["errorMessage"]


def test_each_write_is_a_chunk(node: Functions) -> None:
    source = """
        import { existsSync } from 'node:fs';
        export const handler = awslambda.streamifyResponse(async (event, out) => {
          out.setContentType('text/plain');
          for (const part of ['a', 'b', 'c']) {
            out.write(part);
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          out.end();
        });
    """
    events = node.stream(node.make(source))
    assert [event["PayloadChunk"]["Payload"] for event in events[:-1]] == [b"a", b"b", b"c"]
    assert events[-1] == {"InvokeComplete": {}}


def test_a_stream_that_fails_half_way_says_so_at_its_end(node: Functions) -> None:
    source = """
        export const handler = awslambda.streamifyResponse(async (event, out) => {
          out.write('x');
          await new Promise((resolve) => setTimeout(resolve, 20));
          throw new Error('half-way');
        });
    """
    events = node.stream(node.make(source))
    complete = events[-1]["InvokeComplete"]
    assert complete["ErrorCode"] == "Error"
    assert json.loads(complete["ErrorDetails"])["errorMessage"] == "half-way"


def test_an_http_response_stream_begins_with_its_metadata(node: Functions) -> None:
    source = """
        export const handler = awslambda.streamifyResponse(async (event, out) => {
          const http = awslambda.HttpResponseStream.from(out, {statusCode: 201});
          http.write('body'); http.end();
        });
    """
    events = node.stream(node.make(source))
    sent = b"".join(event["PayloadChunk"]["Payload"] for event in events[:-1])
    assert sent == b'{"statusCode":201}' + b"\0" * 8 + b"body"


def test_a_layer_of_modules_can_be_required(node: Functions, client: Any) -> None:
    layer = client.publish_layer_version(
        LayerName="greetings",
        Content={"ZipFile": archive({"nodejs/node_modules/greet/index.js": "exports.hi = 'hi';"})},
    )["LayerVersionArn"]
    source = "exports.handler = async () => require('greet').hi;"
    assert node.run(source, file="index.js", Layers=[layer]).payload == "hi"


def test_the_trace_begins_with_the_errors_type(node: Functions) -> None:
    trace = node.run("exports.other = 1;", file="index.js").payload["trace"]
    assert trace[0] == "Runtime.HandlerNotFound: index.handler is undefined or not exported"


def test_a_module_that_cannot_be_required_names_who_required_it(node: Functions) -> None:
    answer = node.run("exports.other = 1;", file="other.js")
    assert answer.payload["errorType"] == "Runtime.ImportModuleError"
    assert answer.payload["errorMessage"] == (
        "Error: Cannot find module 'index'\nRequire stack:\n- /var/runtime/index.mjs"
    )


def test_a_package_that_cannot_be_imported_stays_nodes_own_error(node: Functions) -> None:
    answer = node.run("import 'absent'; export const handler = async () => 1;")
    assert answer.payload["errorType"] == "Error"
    assert answer.payload["errorMessage"].startswith("Cannot find package 'absent' imported from")


def test_a_failed_callback_does_not_wait_for_the_event_loop(node: Functions) -> None:
    source = """
        exports.handler = (event, context, done) => {
          setInterval(() => {}, 1000);
          done(new Error('at once'));
        };
    """
    assert node.run(source, file="index.js").payload["errorMessage"] == "at once"


def test_a_callback_waits_for_the_event_loop_unless_told_not_to(node: Functions) -> None:
    source = """
        exports.handler = (event, context, done) => {
          context.callbackWaitsForEmptyEventLoop = event.waits;
          const answer = {timer: false};
          const timer = setTimeout(() => { answer.timer = true; }, 50);
          if (!event.waits) timer.unref();
          done(null, answer);
        };
    """
    name = node.make(source, file="index.js")
    assert node.invoke(name, {"waits": True}).payload == {"timer": True}
    assert node.invoke(name, {"waits": False}).payload == {"timer": False}


def test_callbacks_are_refused_from_node_24_on(lambent: Running, client: Any) -> None:
    name = lambent.deploy(
        {"index.js": "exports.handler = (event, context, done) => done(null, 1);"},
        runtime="nodejs24.x",
        handler="index.handler",
    )
    answer = client.invoke(FunctionName=name, Payload=b"{}")
    payload = json.loads(answer["Payload"].read())
    assert payload["errorType"] == "Runtime.CallbackHandlerDeprecated"
    assert payload["errorMessage"].startswith("ERROR: AWS Lambda has removed support for callback")


def test_what_a_stream_was_given_before_it_failed_is_sent(node: Functions) -> None:
    """Failing in the same turn as writing, and with more written than one piece."""
    source = """
        export const handler = awslambda.streamifyResponse(async (event, out) => {
          out.write('a'); out.write('b'); out.write({c: 1});
          throw new Error('at once');
        });
    """
    events = node.stream(node.make(source))
    sent = b"".join(event["PayloadChunk"]["Payload"] for event in events[:-1])
    assert sent == b'ab{"c":1}'
    assert json.loads(events[-1]["InvokeComplete"]["ErrorDetails"])["errorMessage"] == "at once"


def test_a_pipe_that_the_handler_did_not_wait_for_runs_to_its_end(node: Functions) -> None:
    source = """
        import { Readable } from 'node:stream';
        export const handler = awslambda.streamifyResponse(async (event, out) => {
          async function* parts() {
            for (const part of ['x', 'y', 'z']) {
              await new Promise((resolve) => setTimeout(resolve, 10));
              yield part;
            }
          }
          Readable.from(parts()).pipe(out);
        });
    """
    events = node.stream(node.make(source))
    assert b"".join(event["PayloadChunk"]["Payload"] for event in events[:-1]) == b"xyz"
    assert events[-1] == {"InvokeComplete": {}}


def test_a_pipeline_is_a_response(node: Functions) -> None:
    source = """
        import { pipeline } from 'node:stream/promises';
        import { Readable } from 'node:stream';
        export const handler = awslambda.streamifyResponse(async (event, out) => {
          out.setContentType('text/plain');
          await pipeline(Readable.from(['1'.repeat(300000), '2'.repeat(300000)]), out);
        });
    """
    name = node.make(source)
    for _ in range(2):
        events = node.stream(name)
        sent = b"".join(event["PayloadChunk"]["Payload"] for event in events[:-1])
        assert sent == b"1" * 300_000 + b"2" * 300_000


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("(event, out) => { out.write('a'); }", "Streaming does not support non-async handlers."),
        (
            "async (event, out) => { out.write('a'); out.setContentType('b'); }",
            "Cannot set content-type, too late.",
        ),
    ],
)
def test_misuse_of_a_stream_is_told(node: Functions, source: str, message: str) -> None:
    stream = f"export const handler = awslambda.streamifyResponse({source});"
    events = node.stream(node.make(stream))
    details = json.loads(events[-1]["InvokeComplete"]["ErrorDetails"])
    assert details["errorMessage"] == message


def test_endless_output_harms_nobody_else(node: Functions) -> None:
    """The platform goes on serving others while one function never stops printing."""
    noisy = node.make(
        "const { writeSync } = require('fs');\n"
        "exports.handler = async () => { for (;;) writeSync(1, 'y'.repeat(65536)); };",
        file="index.js",
        Timeout=1,
    )
    assert node.invoke(noisy).payload["errorType"] == "Sandbox.Timedout"
    assert node.run("exports.handler = async () => 1;", file="index.js").payload == 1
