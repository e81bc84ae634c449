// The runtime: load the function, then take event after event until the environment ends.

import * as api from './api.mjs';
import { neverSettled, refuseCallback, runAwaited, runWithCallback } from './buffered.mjs';
import { patchConsole, setRequestId } from './console.mjs';
import { contextOf } from './context.mjs';
import { RuntimeError, toResponse } from './errors.mjs';
import { loadHandler } from './handlers.mjs';
import { isStreaming, ResponseStream, stream } from './streaming.mjs';

// AWS: each runtime's own way, also where another version of Node.js stands in for it.
const FIRST_WITHOUT_CALLBACKS = 24;
const takesCallbacks =
  Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV)?.[1]) < FIRST_WITHOUT_CALLBACKS;

const log = patchConsole(process.env);
let current;
let onIdle;

process.on('beforeExit', () => {
  const then = onIdle;
  onIdle = undefined;
  then?.();
});

process.on('uncaughtException', (error) => die('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason, promise) => {
  const error = new RuntimeError('Runtime.UnhandledPromiseRejection', text(reason));
  die('Unhandled Promise Rejection', Object.assign(error, { reason, promise }), 128);
});

let handler;
let streams;
try {
  handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
  streams = isStreaming(handler);
  if (!streams && !takesCallbacks) refuseCallback(handler);
} catch (error) {
  log.failed('Uncaught Exception', error);
  await api.failInit(toResponse(error));
  process.exit(129);
}

for (;;) {
  const { headers, body } = await api.next();
  current = headers['lambda-runtime-aws-request-id'];
  setRequestId(current);
  setTrace(headers['lambda-runtime-trace-id']);
  const context = contextOf(headers, process.env);
  await (streams ? streamed(current, body, context) : buffered(current, body, context));
  onIdle = undefined;
  current = undefined;
}

async function buffered(requestId, body, context) {
  const run = takesCallbacks ? runWithCallback : runAwaited;
  let answer;
  try {
    answer = serialised(await run(handler, JSON.parse(body), context, whenIdle));
  } catch (error) {
    log.failed('Invoke Error', error);
    await api.fail(requestId, toResponse(error));
    return;
  }
  await api.respond(requestId, answer);
}

async function streamed(requestId, body, context) {
  const response = new ResponseStream(requestId, handler);
  const unsettled = new Promise((_, reject) => whenIdle(() => reject(neverSettled())));
  try {
    const streaming = stream(handler, JSON.parse(body), context, response);
    await Promise.race([streaming, unsettled]);
  } catch (error) {
    log.failed('Invoke Error', error);
    await response.fail(error);
  }
}

function serialised(answer) {
  try {
    // Of a function or a symbol, JSON has nothing to say.
    return JSON.stringify(answer === undefined ? null : answer) ?? 'null';
  } catch {
    const message = 'Unable to stringify response body';
    throw takesCallbacks ? new Error(message) : new RuntimeError('Runtime.JSONStringifyError', message);
  }
}

// AWS: a callback's answer is sent once the event loop has nothing left to do; a handler that
// leaves it with nothing to do, and has not answered, will not.
function whenIdle(then) {
  onIdle = then;
}

function setTrace(trace) {
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  else delete process.env._X_AMZN_TRACE_ID;
}

function text(reason) {
  try {
    return String(reason);
  } catch {
    return typeof reason;
  }
}

function die(kind, error, code) {
  log.failed(kind, error);
  const told = toResponse(error);
  const telling = current === undefined ? api.failInit(told) : api.fail(current, told);
  telling.catch(() => {}).finally(() => process.exit(code));
}
