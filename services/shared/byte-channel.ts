/** Bytes on their way from who pushes them to who iterates over them, a few chunks at a time. */
export interface ByteChannel extends AsyncIterable<Uint8Array> {
  /** Resolves when there is room for the next chunk, or nobody reads any more. */
  push(chunk: Uint8Array): Promise<void>;
  /** No more chunks come. */
  end(): void;
  /** The reader gets this error after the chunks that were pushed. */
  fail(error: unknown): void;
  /** Nobody will read any more: whoever pushes is not held up. */
  abandon(): void;
}

/** How many chunks wait to be read. */
const ROOM = 4;

/** Opens a channel that is read once. */
export function byteChannel(): ByteChannel {
  const waiting: Uint8Array[] = [];
  let ended: { readonly error?: unknown } | undefined;
  let abandoned = false;
  let changed = Promise.withResolvers<void>();

  function change(): void {
    changed.resolve();
    changed = Promise.withResolvers();
  }

  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = waiting.shift();
        if (chunk) {
          change();
          yield chunk;
        } else if (ended) {
          if ('error' in ended) throw ended.error;
          return;
        } else {
          await changed.promise;
        }
      }
    } finally {
      abandon();
    }
  }

  function abandon(): void {
    abandoned = true;
    waiting.length = 0;
    change();
  }

  return {
    async push(chunk) {
      if (abandoned) return;
      waiting.push(chunk);
      change();
      while (waiting.length >= ROOM && !abandoned) await changed.promise;
    },
    end() {
      ended ??= {};
      change();
    },
    fail(error) {
      ended ??= { error };
      change();
    },
    abandon,
    [Symbol.asyncIterator]: read,
  };
}
