import { createHash } from 'node:crypto';
import { memoryBlobStore } from '../../services/adapters/memory/memory-blob-store.ts';
import type { BlobStore, LinkOptions } from '../../services/ports/blob-store.ts';
import { parseRange } from '../../services/shared/headers/byte-range.ts';
import { httpDate, judgeConditions } from '../../services/shared/headers/preconditions.ts';

const HOST = 'https://store.test/';

/** A blob store that makes links, and responds to requests for them. */
export interface LinkingStore extends BlobStore {
  /** The links that were made, and their options. */
  readonly links: { readonly key: string; readonly options: LinkOptions }[];
  /**
   * Responds to a redirected request as stores do: with an ETag and a date of its own. It refuses a second
   * `Authorization` as S3 does, and ignores `If-Range` and all but the first range as some other stores do.
   */
  follow(url: string, headers: Headers): Promise<Response>;
}

/** A store in memory whose blobs have the date at which they were put, by `now`. */
export function linkingStore(now: () => number): LinkingStore {
  const blobs = memoryBlobStore();
  const dates = new Map<string, number>();
  const links: LinkingStore['links'] = [];
  return {
    ...blobs,
    links,
    async put(key, body) {
      dates.set(key, now());
      return blobs.put(key, body);
    },
    async link(key, options) {
      links.push({ key, options });
      return `${HOST}${key}?signature=${links.length}`;
    },
    async follow(url, headers) {
      if (headers.has('authorization'))
        return new Response('Only one auth mechanism allowed', { status: 400 });
      const content = await blobs.get(new URL(url).pathname.slice(1));
      const bytes = new Uint8Array(await new Response(content?.body ?? null).arrayBuffer());
      const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
      const modifiedAt = dates.get(content?.key ?? '') ?? 0;
      const common = { etag, 'last-modified': httpDate(modifiedAt) };
      const verdict = judgeConditions(headers, { etag, modifiedAt });
      if (verdict !== 'proceed') {
        return new Response(null, { status: verdict === 'failed' ? 412 : 304, headers: common });
      }
      const range = parseRange(headers.get('range')?.split(',')[0], bytes.byteLength);
      if (range === 'unsatisfiable') return new Response(null, { status: 416 });
      if (range === 'whole') return new Response(bytes, { headers: common });
      const contentRange = `bytes ${range.start}-${range.end}/${bytes.byteLength}`;
      return new Response(bytes.slice(range.start, range.end + 1), {
        status: 206,
        headers: { ...common, 'content-range': contentRange },
      });
    },
  };
}
