import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import type middy from '@middy/core';
import { logger, metrics } from './logging.ts';

/** Middleware for every function: adds the invocation to log lines, and writes metrics. */
export function observe(): middy.MiddlewareObj[] {
  return [injectLambdaContext(logger, { resetKeys: true }), writeMetrics];
}

/** Like Powertools' own middleware, which however warns on each invocation without metrics, as most are. */
const writeMetrics: middy.MiddlewareObj = {
  before: ({ context }) => metrics.captureColdStartMetric(context.functionName),
  after: publish,
  onError: publish,
};

function publish(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
