/** A bounded channel from a producer that pushes bytes to a consumer that iterates over them. */
export interface ByteChannel extends AsyncIterable<Uint8Array> {
  /** Adds a chunk. Resolves when there is room for the next one, or the consumer has stopped. */
  push(chunk: Uint8Array): Promise<void>;
  /** Ends the channel. */
  end(): void;
  /** Makes the consumer throw this error after the chunks pushed so far. */
  fail(error: unknown): void;
  /** Stops the consumer's side, so that the producer never waits. */
  abandon(): void;
}

/** The maximum number of buffered chunks. */
const ROOM = 4;

/** Creates a channel, which can be read once. */
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
