import { MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { RegistryError } from '../../domain/errors.ts';
import type { App, HostInfo } from '../../http/call.ts';
import { eventPath, isAltered, toRequest } from './event.ts';
import { log, metrics } from './logging.ts';
import { observe } from './observe.ts';
import { toResult } from './response.ts';

type Result = APIGatewayProxyStructuredResultV2;

/** The handler that Lambda calls with an HTTP API event. */
export type HttpHandler = (event: APIGatewayProxyEventV2, context: Context) => Promise<Result>;

/**
 * Runs an app behind an HTTP API at `origin`. Only the host's concerns are handled here: log context, metrics, and
 * a response to errors that the app did not catch. Everything else is in the app, as on every other host.
 */
export function lambdaHandler(app: App, origin: string): HttpHandler {
  return middy<APIGatewayProxyEventV2, Result>()
    .use(observe())
    .use({ onError: respondToFailure })
    .handler((event: APIGatewayProxyEventV2) => handle(app, origin, event));
}

async function handle(app: App, origin: string, event: APIGatewayProxyEventV2): Promise<Result> {
  const { http, requestId } = event.requestContext;
  let request: Request;
  try {
    request = toRequest(event, origin);
  } catch (error) {
    log.debug('invalid request', { error });
    return message(400, '400 Bad Request');
  }
  const host: HostInfo = { clientAddress: http.sourceIp, requestId, path: eventPath(event) };
  const response = await app(request, isAltered(event) ? { ...host, body: refuseAltered(event) } : host);
  return toResult(response, http.method, log);
}

/** A body that can't be read: whoever reads it, once access is decided, refuses it in the client's dialect. */
function refuseAltered({ headers }: APIGatewayProxyEventV2): NonNullable<HostInfo['body']> {
  return () => {
    throw new RegistryError(
      'alteredBody',
      `The type ${headers['content-type']} says that the body is text, and the gateway altered it, because it is not UTF-8. Send it as application/octet-stream.`,
    );
  };
}

function respondToFailure(run: middy.Request<APIGatewayProxyEventV2, Result>): void {
  log.error('request failed outside of the app', { error: run.error });
  metrics.addMetric('UncaughtErrors', MetricUnit.Count, 1);
  run.response = message(500, '500 Internal Server Error');
}

function message(statusCode: number, text: string): Result {
  const headers = { 'content-type': 'application/json' };
  return { statusCode, headers, body: JSON.stringify({ message: text }), isBase64Encoded: false };
}
