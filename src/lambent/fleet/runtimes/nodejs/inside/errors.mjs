// A function's failure as Lambda's Node.js runtime tells it: {errorType, errorMessage, trace}.
// Source of the forms: aws-lambda-nodejs-runtime-interface-client, src/Errors.js.

export class RuntimeError extends Error {
  constructor(type, message) {
    super(message);
    this.name = type;
  }
}

export function isError(value) {
  return (
    value &&
    value.name &&
    value.message &&
    value.stack &&
    typeof value.name === 'string' &&
    typeof value.message === 'string' &&
    typeof value.stack === 'string'
  );
}

export function toResponse(error) {
  if (isError(error) || error instanceof Error) {
    return {
      errorType: clean(error.name),
      errorMessage: clean(error.message),
      trace: clean(error.stack || '').split('\n'),
    };
  }
  return {
    errorType: typeof error,
    errorMessage: error === undefined ? 'undefined' : String(error),
    trace: [],
  };
}

// What is logged of an error: its own properties, too.
export function toLogged(error) {
  if (!isError(error)) return toResponse(error);
  return {
    errorType: error.name,
    errorMessage: error.message,
    ...(error.code === undefined ? {} : { code: error.code }),
    ...Object.fromEntries(Object.entries(error).filter(([key]) => !KNOWN.has(key))),
    stack: error.stack.split('\n'),
  };
}

const KNOWN = new Set(['name', 'message', 'stack', 'code']);

// Characters that would end the Runtime API's headers or its JSON early.
function clean(text) {
  return String(text).replace(/\x7F/g, '%7F');
}
