import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { customResource } from '../../../../services/runtime/lambda/custom-resource.ts';
import { logger } from '../../../../services/runtime/lambda/logging.ts';

let server: Server;
let answers: { type: string | undefined; body: unknown }[];

beforeEach(async () => {
  vi.spyOn(logger, 'error').mockImplementation(() => {});
  answers = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    answers.push({
      type: request.headers['content-type'],
      body: JSON.parse(Buffer.concat(chunks).toString()),
    });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  vi.restoreAllMocks();
});

async function call(
  RequestType: 'Create' | 'Update' | 'Delete',
  work: () => Promise<Record<string, string>>,
) {
  const { port } = server.address() as AddressInfo;
  const event = {
    RequestType,
    ResponseURL: `http://127.0.0.1:${port}/answer`,
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Root',
  };
  await customResource(work)(event as CloudFormationCustomResourceEvent, {} as Context);
}

describe('a custom resource', () => {
  it('reports success and attributes to CloudFormation in a body without a content type', async () => {
    const work = vi.fn(async () => ({ Stream: 'arn' }));
    await call('Create', work);
    expect(work).toHaveBeenCalledOnce();
    const body = {
      Status: 'SUCCESS',
      Data: { Stream: 'arn' },
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Root',
      PhysicalResourceId: 'Root',
    };
    expect(answers).toEqual([{ type: '', body }]);
  });

  it('reports a failure to CloudFormation with its reason', async () => {
    await call('Update', () => Promise.reject(new Error('no table')));
    expect(answers).toMatchObject([
      { body: { Status: 'FAILED', Reason: expect.stringContaining('no table') } },
    ]);
  });

  it('reports success without running the work when it is deleted', async () => {
    const work = vi.fn(async () => ({}));
    await call('Delete', work);
    expect(work).not.toHaveBeenCalled();
    expect(answers).toMatchObject([{ body: { Status: 'SUCCESS' } }]);
  });

  it('runs the work without a report when it is invoked manually', async () => {
    const work = vi.fn(async () => ({}));
    await customResource(work)({}, {} as Context);
    expect(work).toHaveBeenCalledOnce();
    expect(answers).toEqual([]);
  });
});
