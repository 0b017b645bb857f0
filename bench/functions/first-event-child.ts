/** A new process for a function's first event. Arguments: the bundle, and the event as JSON. Sends times in milliseconds. */
const [bundle = '', event = '{}'] = process.argv.slice(2);

const context = {
  functionName: 'bench',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:bench',
  memoryLimitInMB: '1024',
  awsRequestId: '00000000-0000-4000-8000-000000000000',
  getRemainingTimeInMillis: () => 30_000,
};

const started = performance.now();
const { handler } = await import(bundle);
const loaded = performance.now();
const { statusCode } = await handler(JSON.parse(event), context);
const handled = performance.now();

process.send?.({ statusCode, load: loaded - started, total: handled - started });
process.disconnect();
// Connections that are kept for the next event would keep the process running.
process.exit();
