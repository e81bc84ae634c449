// Response streaming: `awslambda.streamifyResponse` and `awslambda.HttpResponseStream`.
// Source of the rules: aws-lambda-nodejs-runtime-interface-client, src/ResponseStream.js,
// src/HttpResponseStream.js and src/Runtime.js.

import { Writable } from 'node:stream';
import * as api from './api.mjs';
import { RuntimeError, toResponse } from './errors.mjs';

const STREAMS = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';

export function isStreaming(handler) {
  const streams = handler[STREAMS] ?? false;
  if (streams !== false && streams !== 'response') {
    throw new RuntimeError(
      'Runtime.MalformedStreamingHandler',
      'Only response streaming is supported.',
    );
  }
  return streams !== false;
}

// What the handler writes goes to the Runtime API as it is written, from its first piece on.
export class ResponseStream {
  constructor(requestId, handler) {
    this.requestId = requestId;
    this.contentType = 'application/octet-stream';
    this.request = undefined;
    this.trailers = undefined;
    this.answered = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.answered.catch(() => {});
    this.out = this.makeWritable(handler[HIGH_WATER_MARK]);
  }

  makeWritable(highWaterMark) {
    const out = new Writable({
      highWaterMark,
      write: (chunk, encoding, done) => this.open().write(chunk, encoding, done),
      final: (done) => this.finish(done),
    });
    const write = out.write.bind(out);
    out.write = (chunk, encoding, done) => {
      this.begin(write);
      return write(asBytes(chunk), encoding, done);
    };
    const end = out.end.bind(out);
    out.end = (chunk, encoding, done) => {
      if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') {
        out.write(chunk, typeof encoding === 'string' ? encoding : undefined);
      }
      return end([chunk, encoding, done].find((value) => typeof value === 'function'));
    };
    out.setContentType = (type) => {
      if (this.begun) {
        throw new RuntimeError(
          'Runtime.InvalidStreamingOperation',
          'Cannot set content-type, too late.',
        );
      }
      this.contentType = type;
    };
    out.on('error', this.reject);
    return out;
  }

  begin(write) {
    if (this.begun) return;
    this.begun = true;
    this.out._onBeforeFirstWrite?.((chunk) => write(chunk));
  }

  open() {
    this.request ??= api.openStream(this.requestId, this.contentType, this.resolve);
    return this.request;
  }

  finish(done) {
    const request = this.open();
    if (this.trailers) request.addTrailers(this.trailers);
    request.end(done);
  }

  // Tell the failure: in the place of a response, or in the trailers of the one that has begun.
  async fail(error) {
    const told = toResponse(error);
    if (!this.begun && !this.out.writableEnded) {
      await api.fail(this.requestId, told);
      return;
    }
    this.trailers = api.trailersOf(told);
    if (this.out.destroyed && !this.out.writableFinished) this.finish();
    else if (!this.out.writableEnded) this.out.end();
    await this.open().answered;
  }
}

export async function stream(handler, event, context, response) {
  const returned = handler(event, response.out, context);
  if (typeof returned?.then !== 'function') {
    throw 'Streaming does not support non-async handlers.';
  }
  if ((await returned) !== undefined) console.warn('Streaming handlers ignore return values.');
  // AWS: a pipe that the handler did not wait for still runs to its end.
  await response.answered;
}

function asBytes(chunk) {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return chunk;
  return JSON.stringify(chunk);
}

class HttpResponseStream {
  static from(stream, prelude) {
    stream.setContentType(PRELUDE_TYPE);
    const metadata = JSON.stringify(prelude);
    stream._onBeforeFirstWrite = (write) => {
      write(metadata);
      // Eight zero bytes part the metadata from the body.
      write(new Uint8Array(8));
    };
    return stream;
  }
}

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMS] = 'response';
    if (typeof options?.highWaterMark === 'number') {
      handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
    }
    return handler;
  },
  HttpResponseStream,
};
