import { createHash, createHmac } from 'node:crypto';

/** The service to call, and the credentials of the caller. */
export interface AwsTarget {
  readonly endpoint: string;
  readonly service: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const region = 'us-east-1';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/**
 * Calls an operation of a service for which the project has no client, signed with version 4; returns the body.
 * Throws with the body if the call is refused.
 */
export async function awsCall(
  { endpoint, service, credentials }: AwsTarget,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
): Promise<string> {
  const now = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const all: Record<string, string> = { ...headers, host: new URL(endpoint).host, 'x-amz-date': now };
  const names = Object.keys(all).sort();
  const signed = names.join(';');
  const lines = names.map((name) => `${name}:${all[name]}\n`).join('');
  const scope = `${now.slice(0, 8)}/${region}/${service}/aws4_request`;
  const canonical = `POST\n/\n\n${lines}\n${signed}\n${sha256(body)}`;
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${now}\n${scope}\n${sha256(canonical)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
  const answer = await fetch(endpoint, { method: 'POST', headers: { ...all, authorization }, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${service} refused the call: ${answer.status} ${text}`);
  return text;
}

/** Calls an operation of a service that uses JSON. */
export async function awsJson<T>(target: AwsTarget, operation: string, input: object): Promise<T> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': operation };
  return JSON.parse(await awsCall(target, { headers, body: JSON.stringify(input) })) as T;
}

/** Calls an operation of a service that accepts forms; returns its XML. */
export function awsForm(target: AwsTarget, input: Readonly<Record<string, string>>): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return awsCall(target, { headers, body: new URLSearchParams(input).toString() });
}
