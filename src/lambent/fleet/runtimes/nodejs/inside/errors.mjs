// A function's failure as Lambda's Node.js runtime tells it: {errorType, errorMessage, trace}.
// Source of the forms: aws-lambda-nodejs-runtime-interface-client, src/Errors.js.

import { types } from 'node:util';

export class RuntimeError extends Error {
  constructor(type, message) {
    super(message);
    // Not enumerable: what is logged of an error are its own enumerable properties.
    Object.defineProperty(this, 'name', { value: type });
    // Once more, since the first line of the stack is the name's.
    Error.captureStackTrace(this, RuntimeError);
  }
}

// What the Runtime API is told. Never throws, whatever was thrown.
export function toResponse(error) {
  try {
    if (types.isNativeError(error) || looksLikeError(error)) {
      return {
        errorType: clean(error.name),
        errorMessage: clean(error.message),
        trace: clean(error.stack).split('\n'),
      };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

export function asError(thrown) {
  if (thrown instanceof Error) return thrown;
  try {
    return new Error(thrown);
  } catch {
    // A symbol, or an object that cannot be a string.
    return new Error(typeof thrown);
  }
}

// What is logged of an error in Text: its own properties, too.
export function toLogged(error) {
  try {
    return JSON.stringify(error, (_, value) => (value instanceof Error ? described(value) : value));
  } catch {
    return JSON.stringify(toResponse(error));
  }
}

// The class of an error, as JSON logs name it.
export function className(error) {
  if (error instanceof RuntimeError) return error.name.replace('Runtime.', '');
  return error?.constructor?.name ?? 'UnknownError';
}

function described(error) {
  const found = Object.assign(
    { errorType: error.name, errorMessage: error.message, code: error.code },
    error,
  );
  if (typeof error.stack === 'string') found.stack = error.stack.split('\n');
  return found;
}

function looksLikeError(value) {
  return ['name', 'message', 'stack'].every(
    (key) => value?.[key] && typeof value[key] === 'string',
  );
}

// A character that the Runtime API's headers cannot carry.
function clean(text) {
  return text.replace(/\x7F/g, '%7F');
}
