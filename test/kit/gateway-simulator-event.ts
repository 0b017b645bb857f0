import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Route } from './gateway-simulator-routes.ts';

/** How `%25` in a path is treated. */
export type PercentRule = 'decoded' | 'kept';

/** A payload 2.0 event, as the gateway makes it from a request. */
export function makeEvent(
  request: IncomingMessage,
  body: Buffer,
  route: Route,
  percent: PercentRule,
): APIGatewayProxyEventV2 {
  const [target = '/', ...rest] = (request.url ?? '/').split('?');
  const rawPath = decodePath(target, percent);
  const { headers, cookies } = readHeaders(request);
  const isText = /^(text\/.*|application\/(json|xml|javascript))$/.test(
    headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '',
  );
  return {
    version: '2.0',
    routeKey: route.key,
    rawPath,
    rawQueryString: rest.join('?'),
    ...(cookies.length > 0 ? { cookies } : {}),
    headers,
    ...(Object.keys(route.parameters).length > 0 ? { pathParameters: route.parameters } : {}),
    requestContext: makeRequestContext(request, rawPath, route),
    // The gateway reads text as UTF-8, and loses bytes that are not UTF-8.
    ...(body.length > 0 ? { body: body.toString(isText ? 'utf8' : 'base64') } : {}),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

function makeRequestContext(
  request: IncomingMessage,
  path: string,
  route: Route,
): APIGatewayProxyEventV2['requestContext'] {
  const now = new Date();
  return {
    accountId: '123456789012',
    apiId: 'simulated1',
    domainName: 'simulated1.execute-api.eu-central-1.amazonaws.com',
    domainPrefix: 'simulated1',
    http: {
      method: request.method ?? 'GET',
      path,
      protocol: 'HTTP/1.1',
      sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
      userAgent: request.headers['user-agent'] ?? '',
    },
    requestId: randomUUID(),
    routeKey: route.key,
    stage: '$default',
    time: now.toISOString(),
    timeEpoch: now.getTime(),
  };
}

/** A path as the gateway passes it on: decoded, and cut off where an encoded `?` was. `+` stays as it is. */
export function decodePath(path: string, percent: PercentRule): string {
  const decoded = path.replace(/(?:%[0-9a-f]{2})+/gi, (run) => decodeRun(run, percent));
  return decoded.split('?', 1)[0] ?? '/';
}

function decodeRun(run: string, percent: PercentRule): string {
  if (percent === 'decoded') return Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8');
  const parts = run.split(/(%25)/).filter((part) => part !== '');
  return parts.map((part) => (part === '%25' ? part : decodeRun(part, 'decoded'))).join('');
}

/** Names in lower case, values of one name joined by commas, cookies apart. Bytes are read as UTF-8. */
function readHeaders(request: IncomingMessage): { headers: Record<string, string>; cookies: string[] } {
  const headers: Record<string, string> = {};
  const cookies: string[] = [];
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]?.toLowerCase() ?? '';
    const value = Buffer.from(request.rawHeaders[i + 1] ?? '', 'latin1').toString('utf8');
    if (name === 'cookie') cookies.push(...value.split(/;\s*/));
    else if (name !== 'transfer-encoding' && name !== 'connection') {
      headers[name] = name in headers ? `${headers[name]},${value}` : value;
    }
  }
  headers['x-amzn-trace-id'] = `Root=1-${randomUUID()}`;
  headers['x-forwarded-for'] = request.socket.remoteAddress ?? '127.0.0.1';
  headers['x-forwarded-port'] = '443';
  headers['x-forwarded-proto'] = 'https';
  return { headers, cookies };
}

/** The context Lambda gives a handler. */
export function makeContext(timeout: number) {
  const deadline = Date.now() + timeout;
  return {
    awsRequestId: randomUUID(),
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'simulated',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:simulated',
    memoryLimitInMB: '1024',
    logGroupName: 'simulated',
    logStreamName: 'simulated',
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}
