// The Runtime API's client: one kept-alive connection for events and answers.

import http from 'node:http';

const [hostname, port] = (process.env.AWS_LAMBDA_RUNTIME_API ?? '').split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const BASE = '/2018-06-01/runtime';

export function next() {
  return new Promise((resolve, reject) => {
    http
      .get({ hostname, port, agent, path: `${BASE}/invocation/next` }, (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () =>
          resolve({ headers: answer.headers, body: Buffer.concat(parts).toString('utf8') }),
        );
      })
      .on('error', reject);
  });
}

export function respond(requestId, body) {
  return post(`${BASE}/invocation/${requestId}/response`, body, {});
}

export function fail(requestId, error) {
  return post(`${BASE}/invocation/${requestId}/error`, JSON.stringify(error), {
    'Lambda-Runtime-Function-Error-Type': header(error.errorType),
  });
}

export function failInit(error) {
  return post(`${BASE}/init/error`, JSON.stringify(error), {
    'Lambda-Runtime-Function-Error-Type': header(error.errorType),
  });
}

// A request whose body is written piece by piece; its trailers tell a failure on the way.
// `answered`, and the promise of that name on it, tell that the platform has it all.
export function openStream(requestId, contentType, answered) {
  const request = http.request({
    hostname,
    port,
    agent,
    method: 'POST',
    path: `${BASE}/invocation/${requestId}/response`,
    headers: {
      'Content-Type': contentType,
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Transfer-Encoding': 'chunked',
      Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
    },
  });
  request.answered = new Promise((resolve) => {
    request.on('response', (answer) => answer.resume().on('end', resolve));
    request.on('error', resolve);
  }).then(answered);
  return request;
}

export function trailersOf(error) {
  return {
    'Lambda-Runtime-Function-Error-Type': header(error.errorType),
    'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(error)).toString('base64'),
  };
}

function post(path, body, headers) {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body, 'utf8');
    const request = http.request(
      {
        hostname,
        port,
        agent,
        path,
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': bytes.length,
          ...headers,
        },
      },
      (answer) => {
        answer.resume();
        answer.on('end', resolve);
      },
    );
    request.on('error', reject);
    request.end(bytes);
  });
}

function header(text) {
  return String(text).replace(/[^\x20-\x7e]/g, ' ');
}
