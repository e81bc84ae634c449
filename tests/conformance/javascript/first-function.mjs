// The AWS SDK for JavaScript, unmodified: prints what it saw as one JSON document.

import {
  CreateFunctionCommand, DeleteFunctionCommand, GetFunctionCommand, InvokeCommand,
  InvokeWithResponseStreamCommand, LambdaClient, PublishVersionCommand, ResourceNotFoundException,
  UpdateFunctionCodeCommand, waitUntilFunctionActiveV2, waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';

const [name, first, second] = process.argv.slice(2);
const options = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
};
const lambda = new LambdaClient(options);
const logs = new CloudWatchLogsClient(options);
const text = (bytes) => Buffer.from(bytes).toString();
const waiting = { client: lambda, maxWaitTime: 30, minDelay: 1, maxDelay: 1 };
const seen = {};

const created = await lambda.send(
  new CreateFunctionCommand({
    FunctionName: name,
    Runtime: 'python3.12',
    Handler: 'handler.handler',
    Role: 'arn:aws:iam::000000000000:role/test',
    Code: { ZipFile: Buffer.from(first, 'base64') },
  }),
);
seen.createdState = created.State;
await waitUntilFunctionActiveV2(waiting, { FunctionName: name });

const invoke = async (payload, more = {}) =>
  lambda.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(payload), ...more }));
const answer = await invoke({ n: 1 }, { LogType: 'Tail' });
seen.first = JSON.parse(text(answer.Payload));
seen.status = answer.StatusCode;
seen.executedVersion = answer.ExecutedVersion;
seen.tail = Buffer.from(answer.LogResult, 'base64').toString();

const failed = await invoke({ fail: true });
seen.functionError = failed.FunctionError;
seen.failure = JSON.parse(text(failed.Payload)).errorType;

const published = await lambda.send(new PublishVersionCommand({ FunctionName: name }));
seen.published = published.Version;
await lambda.send(
  new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: Buffer.from(second, 'base64') }),
);
await waitUntilFunctionUpdatedV2(waiting, { FunctionName: name });
seen.second = JSON.parse(text((await invoke({ n: 1 })).Payload));
seen.old = JSON.parse(text((await invoke({ n: 1 }, { Qualifier: '1' })).Payload));

const streamed = await lambda.send(
  new InvokeWithResponseStreamCommand({ FunctionName: name, Payload: '{"n": 5}' }),
);
seen.stream = [];
for await (const event of streamed.EventStream) {
  seen.stream.push(event.PayloadChunk ? text(event.PayloadChunk.Payload) : Object.keys(event)[0]);
}

const found = await logs.send(
  new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, filterPattern: 'seen' }),
);
seen.logged = found.events.map((event) => event.message.trim());

try {
  await lambda.send(new GetFunctionCommand({ FunctionName: `${name}-absent` }));
} catch (error) {
  seen.missing = error instanceof ResourceNotFoundException;
  seen.missingStatus = error.$metadata.httpStatusCode;
  seen.missingMessage = error.Message ?? error.message;
}
await lambda.send(new DeleteFunctionCommand({ FunctionName: name }));
console.log(JSON.stringify(seen));
