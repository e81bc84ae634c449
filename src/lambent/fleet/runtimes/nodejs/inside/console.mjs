// console, as Lambda's Node.js runtime prints it: one framed record for each call, in Text
// (`<instant>\t<request id>\tINFO\t<message>`) or JSON, filtered by AWS_LAMBDA_LOG_LEVEL.

import { writeSync } from 'node:fs';
import { format } from 'node:util';
import { toLogged } from './errors.mjs';

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
  const json = environment.AWS_LAMBDA_LOG_FORMAT === 'JSON';
  const wanted = LEVELS[(environment.AWS_LAMBDA_LOG_LEVEL || 'TRACE').toUpperCase()];
  const least = json && wanted ? wanted[0] : 0;
  const write = (level, text) => writeFrame(descriptor, json ? 2 : 3, LEVELS[level][1], text);
  for (const [method, level] of Object.entries(METHODS)) {
    console[method] =
      LEVELS[level][0] < least
        ? () => {}
        : (...values) => write(level, json ? jsonLine(level, values) : textLine(level, values));
  }
  return {
    // An error that nobody caught, as one record.
    failed(kind, error) {
      const at = new Date().toISOString();
      const details = toLogged(error);
      if (json) {
        write('ERROR', JSON.stringify({ timestamp: at, level: 'ERROR', requestId, message: details }));
      } else {
        write('ERROR', `${at}\t${requestId}\tERROR\t${kind} \t${JSON.stringify(details)}`);
      }
    },
  };
}

function textLine(level, values) {
  return `${new Date().toISOString()}\t${requestId}\t${level}\t${format(...values)}`;
}

function jsonLine(level, values) {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  const error = values.find((value) => value instanceof Error);
  if (values.length === 1) {
    const [value] = values;
    if (value instanceof Error) {
      const { errorType, errorMessage, stack } = toLogged(value);
      Object.assign(line, { message: value.message, errorType, errorMessage, stackTrace: stack });
    } else {
      line.message = value;
    }
  } else {
    line.message = format(...values);
    if (error) {
      const { errorType, errorMessage, stack } = toLogged(error);
      Object.assign(line, { errorType, errorMessage, stackTrace: stack });
    }
  }
  try {
    return JSON.stringify(line);
  } catch {
    return JSON.stringify({ ...line, message: format(...values) });
  }
}

// type u32 | length u32 | microseconds u64 | text
function writeFrame(descriptor, form, level, text) {
  const body = Buffer.from(text, 'utf8');
  const frame = Buffer.alloc(16 + body.length);
  frame.writeUInt32BE((0xa55a0000 | (form === 2 ? level - 1 : level)) >>> 0, 0);
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
