import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { StoreUnavailable } from '../../ports/store-unavailable.ts';
import { chunksOf } from '../../shared/chunks-of.ts';

/**
 * Streams the body of a response as it is read: the SDK's own conversion to a web stream copies every chunk and
 * reads ahead. Fails if the store stalls for `idleTimeout` milliseconds. Only the time spent waiting for the store
 * counts, so readers may be slow.
 */
export function bodyStream(body: Readable, idleTimeout: number): ReadableStream<Uint8Array> {
  const chunks = chunksOf(body);
  const giveUp = () =>
    body.destroy(
      new StoreUnavailable(`the store sent nothing for ${idleTimeout / 1000} seconds`, {
        mayBeWritten: false,
      }),
    );
  return new ReadableStream(
    {
      async pull(controller) {
        const watch = setTimeout(giveUp, idleTimeout);
        try {
          const { done, value } = await chunks.next();
          if (done) controller.close();
          else controller.enqueue(value);
        } finally {
          clearTimeout(watch);
        }
      },
      cancel() {
        body.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

/** A response before the SDK reads its body. */
interface RawResponse {
  readonly response: { readonly statusCode: number; readonly body: Readable };
}

type Next = (args: object) => Promise<RawResponse>;

/**
 * Makes a request fail, so that it is retried, if the body of an error response does not arrive within
 * `idleTimeout` milliseconds. The SDK reads these small bodies itself and would wait forever.
 */
export function limitErrorBodies(client: S3Client, idleTimeout: number): void {
  const middleware = (next: Next) => async (args: object) => {
    const result = await next(args);
    const { statusCode, body } = result.response;
    if (statusCode < 300) return result;
    const late = Object.assign(new Error('the store did not finish its response'), { name: 'TimeoutError' });
    const watch = setTimeout(() => body.destroy(late), idleTimeout);
    body.once('close', () => clearTimeout(watch));
    return result;
  };
  client.middlewareStack.add(middleware as never, { step: 'deserialize', priority: 'low' });
}
