import middy from '@middy/core';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { log } from './logging.ts';
import { observe } from './observe.ts';

/** The handler that CloudFormation calls. Without a `ResponseURL`, it was invoked by a person. */
export type CustomResourceHandler = (
  event: Partial<CloudFormationCustomResourceEvent>,
  context: Context,
) => Promise<void>;

/** The attributes of a resource, by name. */
type Attributes = Readonly<Record<string, string>>;

/**
 * Runs `work` when CloudFormation creates or updates the resource, and reports the outcome, for which
 * CloudFormation would otherwise wait an hour. `work` returns the attributes of the resource. Deleting the resource needs
 * no work.
 */
export function customResource(work: () => Promise<Attributes>): CustomResourceHandler {
  return middy<Partial<CloudFormationCustomResourceEvent>, void>()
    .use(observe())
    .handler((event: Partial<CloudFormationCustomResourceEvent>, context: Context) =>
      run(event, context, work),
    );
}

async function run(
  event: Partial<CloudFormationCustomResourceEvent>,
  context: Context,
  work: () => Promise<Attributes>,
): Promise<void> {
  if (!event.ResponseURL) {
    await work();
    return;
  }
  try {
    const Data = event.RequestType === 'Delete' ? {} : await work();
    await report(event.ResponseURL, event, { Status: 'SUCCESS', Data });
  } catch (error) {
    log.error('custom resource failed', { error });
    const Reason = `${error} (log group ${context.logGroupName})`;
    await report(event.ResponseURL, event, { Status: 'FAILED', Reason });
  }
}

async function report(
  url: string,
  { StackId, RequestId, LogicalResourceId }: Partial<CloudFormationCustomResourceEvent>,
  outcome: { readonly Status: 'SUCCESS' | 'FAILED'; readonly Reason?: string; readonly Data?: Attributes },
): Promise<void> {
  const body = { ...outcome, StackId, RequestId, LogicalResourceId, PhysicalResourceId: LogicalResourceId };
  // The URL's signature does not cover a content type.
  const sent = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': '' },
    body: Buffer.from(JSON.stringify(body)),
  });
  if (!sent.ok) throw new Error(`CloudFormation rejected the response: ${sent.status}`);
}
