import type { Readable } from 'node:stream';
import { chunksOf } from '../../shared/chunks-of.ts';

/**
 * The body of an answer, as it is taken: the SDK's own way to a web stream copies every chunk and reads ahead. It fails
 * when the store stands still for `silence` milliseconds; its reader may take its time, so only the time in which the
 * store is waited for counts.
 */
export function bodyStream(body: Readable, silence: number): ReadableStream<Uint8Array> {
  const chunks = chunksOf(body);
  const giveUp = () => body.destroy(new Error(`the store sent nothing for ${silence / 1000} seconds`));
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
