// The runtime: load the function, then take event after event until the environment ends.

import * as streams from 'node:stream';
import * as api from './api.mjs';
import { patchConsole, setRequestId } from './console.mjs';
import { contextOf } from './context.mjs';
import { RuntimeError, toResponse } from './errors.mjs';
import { loadHandler } from './handlers.mjs';
import { highWaterMark, isStreaming } from './streaming.mjs';

const log = patchConsole(process.env);
const root = process.env.LAMBDA_TASK_ROOT;
let current;
let onIdle = () => {};

process.on('beforeExit', () => {
  const then = onIdle;
  onIdle = () => {};
  then();
});

process.on('uncaughtException', (error) => die('Uncaught Exception', error));
process.on('unhandledRejection', (reason, promise) => {
  const error = new RuntimeError('Runtime.UnhandledPromiseRejection', String(reason?.toString?.()));
  error.reason = reason;
  error.promise = promise;
  die('Unhandled Promise Rejection', error);
});

let handler;
try {
  handler = await loadHandler(root, process.env._HANDLER);
} catch (error) {
  log.failed('Uncaught Exception', error);
  await api.failInit(toResponse(error));
  process.exit(1);
}

for (;;) {
  const { headers, body } = await api.next();
  const requestId = headers['lambda-runtime-aws-request-id'];
  current = requestId;
  setRequestId(requestId);
  setTrace(headers['lambda-runtime-trace-id']);
  const context = contextOf(headers, process.env);
  if (isStreaming(handler)) {
    await stream(requestId, JSON.parse(body), context);
  } else {
    await buffered(requestId, body, context);
  }
  current = undefined;
}

async function buffered(requestId, body, context) {
  let answer;
  try {
    answer = await run(JSON.parse(body), context);
  } catch (error) {
    log.failed('Invoke Error', error);
    await api.fail(requestId, toResponse(error));
    return;
  }
  let text;
  try {
    text = JSON.stringify(answer === undefined ? null : answer);
    if (text === undefined) text = 'null';
  } catch (error) {
    log.failed('Invoke Error', error);
    await api.fail(
      requestId,
      toResponse(new RuntimeError('Runtime.MarshalError', 'Unable to stringify response body')),
    );
    return;
  }
  await api.respond(requestId, text);
}

// One call of the handler, whichever way it answers: by a promise, a callback, or the context.
function run(event, context) {
  return new Promise((resolve, reject) => {
    let answered = false;
    whenIdle(() => resolve(null));
    const callback = (error, result) => {
      if (answered) return;
      answered = true;
      const settle = () => (error === undefined || error === null ? resolve(result) : reject(error));
      if (context.callbackWaitsForEmptyEventLoop) whenIdle(settle);
      else setImmediate(settle);
    };
    context.done = (error, result) => {
      context.callbackWaitsForEmptyEventLoop = false;
      callback(error, result);
    };
    context.succeed = (result) => context.done(null, result);
    context.fail = (error) => context.done(error ?? 'handled');
    const returned = handler(event, context, callback);
    if (typeof returned?.then === 'function') {
      returned.then(resolve, reject);
    } else if (handler.length < 3 && returned !== undefined) {
      resolve(returned);
    }
  });
}

// AWS: a callback's answer is sent once the event loop has nothing left to do, and a handler that
// leaves it with nothing to do has answered null.
function whenIdle(then) {
  onIdle = then;
}

async function stream(requestId, event, context) {
  let contentType = 'application/octet-stream';
  let request;
  const done = new Promise((resolve) => {
    const { PassThrough } = streams;
    const out = new PassThrough({ highWaterMark: highWaterMark(handler) });
    const open = () => (request ??= api.openStream(requestId, contentType, resolve));
    out.setContentType = (type) => {
      contentType = type;
    };
    out.on('data', (part) => {
      if (!open().write(part)) {
        out.pause();
        request.once('drain', () => out.resume());
      }
    });
    out.on('end', () => open().end());
    out.on('error', (error) => breakOff(error));
    const breakOff = (error) => {
      log.failed('Invoke Error', error);
      if (request === undefined) {
        api.fail(requestId, toResponse(error)).then(resolve);
      } else {
        request.addTrailers(api.trailersOf(toResponse(error)));
        request.end();
      }
    };
    Promise.resolve()
      .then(() => handler(event, out, context))
      .then(
        () => {
          if (!out.writableEnded) out.end();
        },
        (error) => breakOff(error),
      );
  });
  await done;
}

function setTrace(trace) {
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  else delete process.env._X_AMZN_TRACE_ID;
}

function die(kind, error) {
  log.failed(kind, error);
  const told = toResponse(error);
  const telling = current === undefined ? api.failInit(told) : api.fail(current, told);
  telling.finally(() => process.exit(128 + 1));
}
