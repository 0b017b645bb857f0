import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import type middy from '@middy/core';
import { logger, metrics } from './logging.ts';

/** What every function does around its work: log lines tell which call they belong to, and metrics are written. */
export function observe(): middy.MiddlewareObj[] {
  return [injectLambdaContext(logger, { resetKeys: true }), writeMetrics];
}

/** As Powertools' own middleware, which would warn on every call that had nothing to count, as most have. */
const writeMetrics: middy.MiddlewareObj = {
  before: ({ context }) => metrics.captureColdStartMetric(context.functionName),
  after: publish,
  onError: publish,
};

function publish(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
