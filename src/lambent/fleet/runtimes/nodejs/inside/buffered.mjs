// One call of a handler whose answer is sent whole.
// Source of the rules: aws-lambda-nodejs-runtime-interface-client, src/CallbackContext.js and
// src/Runtime.js for Node.js 22 and older, src/runtime/buffered-invoke-processor.ts for 24 on.

import { RuntimeError } from './errors.mjs';

const CALLBACKS_REMOVED =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. ' +
  'You need to modify this function to use a supported handler signature to use Node.js 24 or later. ' +
  'For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';
const NEVER_SETTLED =
  'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a ' +
  'Promise that was never settled. For more information, see ' +
  'https://nodejs.org/docs/latest/api/process.html#exit-codes';

export function refuseCallback(handler) {
  if (handler.length >= 3) {
    throw new RuntimeError('Runtime.CallbackHandlerDeprecated', CALLBACKS_REMOVED);
  }
}

export function neverSettled() {
  return new RuntimeError('Runtime.NodeJsExit', NEVER_SETTLED);
}

// From Node.js 24 on: whatever the handler returns, awaited.
export function runAwaited(handler, event, context, whenIdle) {
  return new Promise((resolve, reject) => {
    whenIdle(() => reject(neverSettled()));
    Promise.resolve(handler(event, context)).then(resolve, reject);
  });
}

// Up to Node.js 22: a promise, a callback, or the context's functions; the first of them counts.
// What a handler returns that is no promise is not looked at.
export function runWithCallback(handler, event, context, whenIdle) {
  return new Promise((resolve, reject) => {
    const isAsync = handler.constructor?.name === 'AsyncFunction';
    whenIdle(() => (isAsync ? reject(neverSettled()) : resolve(null)));
    let called = false;
    const settle = (error, result, waits) => {
      if (called) return;
      called = true;
      if (error !== undefined && error !== null) reject(error);
      else if (waits) whenIdle(() => setImmediate(() => resolve(result)));
      else resolve(result);
    };
    const callback = (error, result) =>
      settle(error, result, context.callbackWaitsForEmptyEventLoop);
    context.done = (error, result) => settle(error, result, false);
    context.succeed = (result) => settle(null, result, false);
    context.fail = (error) => settle(error ?? 'handled', null, false);
    const returned = handler(event, context, callback);
    if (typeof returned?.then === 'function') returned.then(context.succeed, context.fail);
  });
}
