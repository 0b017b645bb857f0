import type { BlobStore } from '../../services/ports/blob-store.ts';

/** A store that fails to read one blob, as a disk with a bad sector does: immediately, or in the middle of its bytes. */
export function withUnreadable(
  blobs: BlobStore,
  key: string,
  where: 'at once' | 'midway' = 'at once',
): BlobStore {
  const failure = () => Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
  return {
    ...blobs,
    async get(requested, range) {
      if (requested !== key) return blobs.get(requested, range);
      if (where === 'at once') throw failure();
      const content = await blobs.get(requested, range);
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
