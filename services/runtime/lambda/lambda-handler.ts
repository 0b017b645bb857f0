import { MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { App } from '../../http/call.ts';
import { toRequest } from './event.ts';
import { log, metrics } from './logging.ts';
import { observe } from './observe.ts';
import { toResult } from './response.ts';

type Result = APIGatewayProxyStructuredResultV2;

/** What Lambda calls: an event in, a result out. */
export type HttpHandler = (event: APIGatewayProxyEventV2, context: Context) => Promise<Result>;

/**
 * Runs an app behind an HTTP API at `origin`. Outside is what belongs to the host: log context, metrics, and an
 * answer for what even the app did not catch. All else is in the app, the same as on every other host.
 */
export function lambdaHandler(app: App, origin: string): HttpHandler {
  return middy<APIGatewayProxyEventV2, Result>()
    .use(observe())
    .use({ onError: answerFailure })
    .handler((event: APIGatewayProxyEventV2) => answer(app, origin, event));
}

async function answer(app: App, origin: string, event: APIGatewayProxyEventV2): Promise<Result> {
  const { http, requestId } = event.requestContext;
  let request: Request;
  try {
    request = toRequest(event, origin);
  } catch (error) {
    log.debug('request can not be read', { error });
    return message(400, '400 Bad Request');
  }
  const response = await app(request, { clientAddress: http.sourceIp, requestId });
  return toResult(response, http.method, log);
}

function answerFailure(run: middy.Request<APIGatewayProxyEventV2, Result>): void {
  log.error('request failed outside of the app', { error: run.error });
  metrics.addMetric('UncaughtErrors', MetricUnit.Count, 1);
  run.response = message(500, '500 Internal Server Error');
}

function message(statusCode: number, text: string): Result {
  const headers = { 'content-type': 'application/json' };
  return { statusCode, headers, body: JSON.stringify({ message: text }), isBase64Encoded: false };
}
