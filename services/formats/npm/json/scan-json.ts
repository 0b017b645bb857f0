import { JsonPosition } from '../../../shared/json/json-position.ts';
import { malformedJson, UnreadableJson } from '../../../shared/json/unreadable-json.ts';
import { decodeString, newStringState } from './json-string.ts';

/** Reads a string's bytes (UTF-8, escapes resolved) as they arrive. Unread bytes are skipped. */
export type TakeString = (content: AsyncIterable<Uint8Array>) => Promise<void>;

/** How to scan a document. */
export interface ScanOptions {
  /** The most bytes of the document without the strings taken out of it. It may change as the document is read. */
  readonly limit: () => number;
  /**
   * The most values, counted by commas and opening brackets: in memory, `{}` takes twenty times its bytes.
   * 1,000,000 by default.
   */
  readonly values?: number;
  /** How deep objects and arrays may nest; 64 by default. */
  readonly depth?: number;
  /** The maximum number of members of the values at the top level, by their keys. */
  readonly members?: ReadonlyMap<string, number>;
  /**
   * Called for every string value with the keys that lead to it (elements of an array share the array's keys; the
   * list is valid only during the call). Return a reader to take the string out of the document, which then has
   * `""` in its place.
   */
  readonly take: (path: readonly string[]) => TakeString | undefined;
}

const QUOTE = Uint8Array.of(0x22);

/**
 * Reads a JSON document in one pass and constant memory, regardless of the length of the strings that `take` takes
 * out.
 * @throws UnreadableJson
 */
export async function scanJson(body: AsyncIterable<Uint8Array>, options: ScanOptions): Promise<unknown> {
  const source = new Source(body);
  const kept = new Kept(options.limit);
  const { depth = 64, values = 1_000_000, members } = options;
  const position = new JsonPosition({ depth, values, members });
  let take: TakeString | undefined;
  const shouldStop = () => {
    take = options.take(position.path);
    return take !== undefined;
  };
  try {
    while (await source.fill()) {
      const start = source.at;
      const reached = position.advance(source.chunk, start, shouldStop);
      kept.add(source.chunk.subarray(start, reached.at));
      source.at = reached.at;
      if (!reached.stopped || !take) continue;
      await takeString(source, take);
      position.leaveString();
      kept.add(QUOTE);
    }
    return kept.parse();
  } finally {
    await source.close();
  }
}

async function takeString(source: Source, take: TakeString): Promise<void> {
  const content = contentOf(source);
  await take(content);
  for (let rest = await content.next(); !rest.done; rest = await content.next());
}

/** The content of the string at the source's position. Leaves the source after the closing quote. */
function contentOf(source: Source): AsyncIterableIterator<Uint8Array> {
  const state = newStringState();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      while (!state.closed) {
        if (!(await source.fill())) throw malformedJson('the document ends inside a string');
        const part = decodeString(source.chunk, source.at, state);
        source.at = part.at;
        if (part.bytes.byteLength > 0) return { done: false, value: part.bytes };
      }
      return { done: true, value: undefined };
    },
  };
}

/** The chunks of a body, with the position in the current one. */
class Source {
  chunk: Uint8Array = new Uint8Array(0);
  at = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#chunks = body[Symbol.asyncIterator]();
  }

  /** Reads the next chunk if needed. Returns false at the end of the body. */
  async fill(): Promise<boolean> {
    while (this.at >= this.chunk.byteLength) {
      const next = await this.#chunks.next();
      if (next.done) return false;
      this.chunk = next.value;
      this.at = 0;
    }
    return true;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

/** The bytes that stay in the document, in one buffer so that many small parts take no extra memory. */
class Kept {
  #buffer = Buffer.allocUnsafe(16 * 1024);
  #size = 0;
  readonly #limit: () => number;

  constructor(limit: () => number) {
    this.#limit = limit;
  }

  add(bytes: Uint8Array): void {
    const size = this.#size + bytes.byteLength;
    const limit = this.#limit();
    if (size > limit) {
      throw new UnreadableJson('too-large', `the document is larger than ${limit} bytes`);
    }
    if (size > this.#buffer.byteLength) {
      const larger = Buffer.allocUnsafe(Math.max(size, Math.min(2 * this.#buffer.byteLength, limit)));
      this.#buffer.copy(larger, 0, 0, this.#size);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#size);
    this.#size = size;
  }

  parse(): unknown {
    try {
      return JSON.parse(this.#buffer.toString('utf8', 0, this.#size));
    } catch (error) {
      throw malformedJson((error as Error).message, error);
    }
  }
}
