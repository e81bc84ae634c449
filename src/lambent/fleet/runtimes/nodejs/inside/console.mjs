// console, as Lambda's Node.js runtime prints it: one framed record for each call, in Text
// (`<instant>\t<request id>\tINFO\t<message>`) or JSON, filtered by AWS_LAMBDA_LOG_LEVEL.
// Source of the forms: aws-lambda-nodejs-runtime-interface-client, src/LogPatch.js.

import { writeSync } from 'node:fs';
import { format } from 'node:util';
import { asError, className, toLogged } from './errors.mjs';

// Priority, and the low byte of the frame type for text (for JSON it is one less).
const LEVELS = {
  TRACE: [1, 0x07], DEBUG: [2, 0x0b], INFO: [3, 0x0f],
  WARN: [4, 0x13], ERROR: [5, 0x17], FATAL: [6, 0x1b],
};
const METHODS = {
  log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', debug: 'DEBUG', trace: 'TRACE',
  fatal: 'FATAL',
};

let requestId;

export function setRequestId(id) {
  requestId = id;
}

export function patchConsole(environment) {
  const descriptor = Number(environment._LAMBDA_TELEMETRY_LOG_FD);
  delete environment._LAMBDA_TELEMETRY_LOG_FD;
  const json = environment.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON';
  const [least] = LEVELS[environment.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()] ?? LEVELS.TRACE;
  for (const [method, level] of Object.entries(METHODS)) {
    const [priority, type] = LEVELS[level];
    if (priority < least) console[method] = () => {};
    else if (json) console[method] = (...values) => write(descriptor, type - 1, jsonLine(level, values));
    else console[method] = (...values) => write(descriptor, type, textLine(level, values));
  }
  const log = console.error;
  return {
    // An error that nobody caught, as one record.
    failed(kind, thrown) {
      const error = asError(thrown);
      if (json) log(error);
      else log(kind, `\t${toLogged(error)}`);
    },
  };
}

function textLine(level, values) {
  return `${new Date().toISOString()}\t${requestId}\t${level}\t${format(...values)}\n`;
}

function jsonLine(level, values) {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  if (values.length === 1) {
    try {
      return JSON.stringify({ ...line, message: values[0] }, withErrors);
    } catch {
      return JSON.stringify({ ...line, message: format(values[0]) });
    }
  }
  line.message = format(...values);
  const error = values.find((value) => value instanceof Error);
  if (error) {
    line.errorType = className(error);
    line.errorMessage = error.message;
    line.stackTrace = typeof error.stack === 'string' ? error.stack.split('\n') : [];
  }
  return JSON.stringify(line);
}

function withErrors(_, value) {
  if (!(value instanceof Error)) return value;
  const stackTrace = typeof value.stack === 'string' ? value.stack.split('\n') : value.stack;
  return Object.assign(
    { errorType: className(value), errorMessage: value.message, stackTrace },
    value,
  );
}

// type u32 | length u32 | microseconds u64 | text
function write(descriptor, type, text) {
  const body = Buffer.from(text, 'utf8');
  const frame = Buffer.alloc(16 + body.length);
  frame.writeUInt32BE((0xa55a0000 | type) >>> 0, 0);
  frame.writeUInt32BE(body.length, 4);
  frame.writeBigUInt64BE(BigInt(Date.now()) * 1000n, 8);
  body.copy(frame, 16);
  for (let at = 0; at < frame.length; ) {
    try {
      at += writeSync(descriptor, frame, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}
