import { digestsOf } from '../../domain/digests.ts';
import type { StagedBlob } from '../../domain/packages.ts';
import type { DocumentPlan, IndexDocument } from '../../domain/repository-index.ts';
import { byteChannel } from '../../shared/byte-channel.ts';
import { discard, stageBlob } from '../blobs/stage-blob.ts';
import type { Registry } from '../context.ts';

/**
 * Documents up to this many bytes are stored in the table: clients request them most, and a blob call takes
 * longer.
 */
const INLINE = 16 * 1024;

/** How much text to buffer before it is passed on, in characters. */
const CHUNK = 64 * 1024;

/** A document whose bytes are stored or in memory, but that no record refers to yet. */
export interface MadeDocument {
  readonly document: IndexDocument;
  readonly aliases: readonly string[];
  /** The bytes of a small document; larger ones have a `blob`. */
  readonly bytes?: Uint8Array;
  readonly blob?: StagedBlob;
}

/** Receives the text of one document, and makes its compressed variants at the same time. */
export interface DocumentSink {
  /** Resolves when the sink can take more text. */
  write(text: string): Promise<void>;
  end(): Promise<readonly MadeDocument[]>;
  /** Abandons the document and removes what was stored of it. */
  fail(error: unknown): Promise<void>;
}

/** Opens a sink for a planned document. */
export function documentSink(registry: Registry, plan: DocumentPlan): DocumentSink {
  const branches = [undefined, ...(plan.encodings ?? [])].map((encoding) => {
    const channel = byteChannel();
    const body = encoding ? encoding.encode(channel) : channel;
    const name = plan.name + (encoding?.suffix ?? '');
    const contentType = encoding?.contentType ?? plan.contentType;
    const made = makeDocument(registry, { ...plan, name, contentType }, body);
    made.catch(() => channel.abandon());
    return { channel, made };
  });
  let buffered: string[] = [];
  let length = 0;

  async function flush(): Promise<void> {
    const chunk = Buffer.from(buffered.join(''));
    buffered = [];
    length = 0;
    if (chunk.byteLength > 0) await Promise.all(branches.map(({ channel }) => channel.push(chunk)));
  }

  return {
    async write(text) {
      buffered.push(text);
      length += text.length;
      if (length >= CHUNK) await flush();
    },
    async end() {
      await flush();
      for (const { channel } of branches) channel.end();
      return Promise.all(branches.map(({ made }) => made));
    },
    async fail(error) {
      for (const { channel } of branches) channel.fail(error);
      const settled = await Promise.allSettled(branches.map(({ made }) => made));
      const made = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      await discard(
        registry,
        made.flatMap(({ blob }) => blob ?? []),
      );
    },
  };
}

/** Makes a document from its bytes: small ones stay in memory, larger ones are staged in the blob store. */
export async function makeDocument(
  registry: Registry,
  plan: Omit<DocumentPlan, 'encodings'>,
  body: AsyncIterable<Uint8Array>,
): Promise<MadeDocument> {
  const iterator = body[Symbol.asyncIterator]();
  const start: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  while (!ended && size <= INLINE) {
    const { done, value } = await iterator.next();
    if (done) {
      ended = true;
    } else {
      start.push(value);
      size += value.byteLength;
    }
  }
  const made = ended
    ? inlineDocument(start)
    : {
        blob: (await stageBlob(registry, resumed(start, iterator), { limit: Number.POSITIVE_INFINITY })).blob,
      };
  const { digests } = 'blob' in made ? made.blob : made;
  const { name, contentType, internal = false } = plan;
  return {
    document: {
      name,
      contentType,
      size: 'blob' in made ? made.blob.size : size,
      digests,
      internal,
      createdAt: registry.clock.now(),
    },
    aliases: plan.aliases?.({ name, digests }) ?? [],
    ...('blob' in made ? { blob: made.blob } : { bytes: made.bytes }),
  };
}

function inlineDocument(chunks: readonly Uint8Array[]) {
  const bytes = new Uint8Array(Buffer.concat(chunks));
  return { bytes, digests: digestsOf(bytes) };
}

async function* resumed(
  start: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* start;
  yield* { [Symbol.asyncIterator]: () => rest };
}
