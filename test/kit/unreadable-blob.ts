import type { BlobStore } from '../../services/ports/blob-store.ts';

/** A store that fails to read one blob, as a disk does that has a bad sector: at once, or in the middle of its bytes. */
export function withUnreadable(
  blobs: BlobStore,
  key: string,
  where: 'at once' | 'midway' = 'at once',
): BlobStore {
  const failure = () => Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
  return {
    ...blobs,
    async get(asked, range) {
      if (asked !== key) return blobs.get(asked, range);
      if (where === 'at once') throw failure();
      const content = await blobs.get(asked, range);
      let pulls = 0;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (++pulls === 1) controller.enqueue(new Uint8Array(1));
          else controller.error(failure());
        },
      });
      return content && { ...content, body };
    },
  };
}
