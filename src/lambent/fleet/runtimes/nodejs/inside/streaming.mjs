// Response streaming: `awslambda.streamifyResponse` and `awslambda.HttpResponseStream`.

const STREAMS = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';

export function isStreaming(handler) {
  return handler[STREAMS] === 'response';
}

export function highWaterMark(handler) {
  return handler[HIGH_WATER_MARK];
}

class HttpResponseStream {
  static from(stream, prelude) {
    stream.setContentType(PRELUDE_TYPE);
    stream.write(JSON.stringify(prelude));
    // Eight zero bytes part the metadata from the body.
    stream.write(Buffer.alloc(8));
    return stream;
  }
}

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMS] = 'response';
    if (typeof options?.highWaterMark === 'number') {
      handler[HIGH_WATER_MARK] = options.highWaterMark;
    }
    return handler;
  },
  HttpResponseStream,
};
