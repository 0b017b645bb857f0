import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { StoreUnavailable } from '../../ports/store-unavailable.ts';
import { chunksOf } from '../../shared/chunks-of.ts';

/**
 * The body of an answer, as it is taken: the SDK's own way to a web stream copies every chunk and reads ahead. It fails
 * when the store stands still for `silence` milliseconds; its reader may take its time, so only the time in which the
 * store is waited for counts.
 */
export function bodyStream(body: Readable, silence: number): ReadableStream<Uint8Array> {
  const chunks = chunksOf(body);
  const giveUp = () =>
    body.destroy(
      new StoreUnavailable(`the store sent nothing for ${silence / 1000} seconds`, { mayBeWritten: false }),
    );
  return new ReadableStream(
    {
      async pull(controller) {
        const watch = setTimeout(giveUp, silence);
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

/** What the SDK hands on of an answer before it reads it. */
interface RawAnswer {
  readonly response: { readonly statusCode: number; readonly body: Readable };
}

type Next = (args: object) => Promise<RawAnswer>;

/**
 * Lets a request fail, to be made again, when the body of an answer that tells of an error has not come within
 * `silence` milliseconds. The SDK reads those itself and waits for ever; they are small.
 */
export function limitErrorBodies(client: S3Client, silence: number): void {
  const middleware = (next: Next) => async (args: object) => {
    const answer = await next(args);
    const { statusCode, body } = answer.response;
    if (statusCode < 300) return answer;
    const late = Object.assign(new Error('the store did not end its answer'), { name: 'TimeoutError' });
    const watch = setTimeout(() => body.destroy(late), silence);
    body.once('close', () => clearTimeout(watch));
    return answer;
  };
  client.middlewareStack.add(middleware as never, { step: 'deserialize', priority: 'low' });
}
