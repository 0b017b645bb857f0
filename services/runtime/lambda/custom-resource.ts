import middy from '@middy/core';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { log } from './logging.ts';
import { observe } from './observe.ts';

/** What CloudFormation calls; without a place to answer to, a person does. */
export type CustomResourceHandler = (
  event: Partial<CloudFormationCustomResourceEvent>,
  context: Context,
) => Promise<void>;

/**
 * Runs `work` when CloudFormation makes or changes the resource, and tells it how that went: it would wait an hour
 * for an answer otherwise. There is nothing to undo when the resource is deleted.
 */
export function customResource(work: () => Promise<void>): CustomResourceHandler {
  return middy<Partial<CloudFormationCustomResourceEvent>, void>()
    .use(observe())
    .handler((event: Partial<CloudFormationCustomResourceEvent>, context: Context) =>
      run(event, context, work),
    );
}

async function run(
  event: Partial<CloudFormationCustomResourceEvent>,
  context: Context,
  work: () => Promise<void>,
): Promise<void> {
  if (!event.ResponseURL) return work();
  try {
    if (event.RequestType !== 'Delete') await work();
    await answer(event.ResponseURL, event, { Status: 'SUCCESS' });
  } catch (error) {
    log.error('custom resource failed', { error });
    const Reason = `${error} (log group ${context.logGroupName})`;
    await answer(event.ResponseURL, event, { Status: 'FAILED', Reason });
  }
}

async function answer(
  url: string,
  { StackId, RequestId, LogicalResourceId }: Partial<CloudFormationCustomResourceEvent>,
  outcome: { readonly Status: 'SUCCESS' | 'FAILED'; readonly Reason?: string },
): Promise<void> {
  const body = { ...outcome, StackId, RequestId, LogicalResourceId, PhysicalResourceId: LogicalResourceId };
  // The URL is signed for a body without a type.
  const sent = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': '' },
    body: Buffer.from(JSON.stringify(body)),
  });
  if (!sent.ok) throw new Error(`CloudFormation did not take the answer: ${sent.status}`);
}
