import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from '../../services/http/call.ts';
import type { Item } from '../../services/ports/table.ts';
import type { Registry } from '../../services/registry/context.ts';

/** What the code of an earlier schema stored, and how it responded to requests. */
export interface StoredSample {
  readonly tokens: Readonly<Record<string, string>>;
  readonly blobs: Readonly<Record<string, string>>;
  readonly items: readonly Record<string, unknown>[];
  readonly answers: readonly {
    readonly path: string;
    readonly who: string;
    readonly status: number;
    readonly sha256?: string;
  }[];
}

/** Reads the sample of a schema. */
export async function readSample(schema: number): Promise<StoredSample> {
  const path = join(import.meta.dirname, `samples/schema-${schema}.json`);
  return JSON.parse(await readFile(path, 'utf8')) as StoredSample;
}

/** Stores a sample in empty stores. */
export async function loadSample(
  { table, blobs }: Pick<Registry, 'table' | 'blobs'>,
  sample: StoredSample,
): Promise<void> {
  const items = sample.items.map((item) =>
    Object.fromEntries(
      Object.entries(item).map(([key, value]) => {
        const bytes = (value as { $bytes?: string } | null)?.$bytes;
        return [key, bytes === undefined ? value : new Uint8Array(Buffer.from(bytes, 'base64'))];
      }),
    ),
  ) as unknown as Item[];
  for (let start = 0; start < items.length; start += 50) {
    await table.write(items.slice(start, start + 50).map((put) => ({ put })));
  }
  for (const [key, content] of Object.entries(sample.blobs)) {
    async function* body() {
      yield new Uint8Array(Buffer.from(content, 'base64'));
    }
    await blobs.put(key, body());
  }
}

/** Sends every request of a sample again; returns the responses that differ from the recorded ones. */
export async function differingAnswers(app: App, sample: StoredSample): Promise<unknown[]> {
  const wrong: unknown[] = [];
  for (const { path, who, status, sha256 } of sample.answers) {
    const token = sample.tokens[who];
    const headers = token === undefined ? undefined : { 'private-token': token };
    const answer = await app(new Request(`http://registry.test${path}`, { ...(headers && { headers }) }), {});
    const body = createHash('sha256')
      .update(new Uint8Array(await answer.arrayBuffer()))
      .digest('hex');
    const sameBody = isFile(path) ? sha256 === undefined || body === sha256 : true;
    if (answer.status !== status || !sameBody) wrong.push([answer.status, status, who, path]);
  }
  return wrong;
}

/** Whether the path is that of a file; indexes and lists may contain more than they did. */
function isFile(path: string): boolean {
  return /\.(bin|tgz|jar|whl|asc|gz|nupkg|metadata|pdb)$/.test(path);
}
