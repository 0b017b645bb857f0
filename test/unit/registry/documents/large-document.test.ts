import { expect, test } from 'vitest';
import {
  BASE,
  FRAGMENTS,
  type Fragment,
  type FramePart,
  type IndexKind,
} from '../../../../services/registry/documents/document-kind.ts';
import { assembled } from '../../../../services/registry/documents/large-document.ts';
import { type Segment, segmentsOf } from '../../../../services/registry/documents/segments.ts';
import { named } from '../../../kit/names.ts';

const kind: IndexKind = {
  kind: 'test',
  versions: 'listed',
  files: false,
  order: { parse: (version) => version, compare: () => 0 },
  separator: ',',
  fragment: () => undefined,
  frame: () => [],
};

/** The versions of an index with links, and more text than is kept as a whole. */
function fragments(link = 'file'): Fragment[] {
  return Array.from({ length: 600 }, (_, index) => {
    const version = named.version(String(1000 + index));
    return { facts: { version }, text: `"${BASE}/${link}/${version}/${'x'.repeat(200)}"` };
  });
}

async function documentOf(segments: readonly Segment[], base = 'https://a.test', start = `{"${BASE}":[`) {
  const parts: readonly FramePart[] = [start, FRAGMENTS, ']}'];
  return assembled({ progress: [], segments, parts, revision: '1', weight: 0 }, kind, base);
}

test('the digest of a large document is that of its content and links, however it was made', async () => {
  const segments = await segmentsOf(kind, fragments());
  expect(segments.length).toBeGreaterThan(1);
  const digest = await (await documentOf(segments)).digest();
  const made = async (...args: Parameters<typeof documentOf>) => (await documentOf(...args)).digest();
  expect(await made(await segmentsOf(kind, fragments()))).toBe(digest);
  expect(await made(segments.map((segment) => ({ ...segment, digest: undefined })))).toBe(digest);
  const others = [
    await made(segments, 'https://b.test'),
    await made(segments, undefined, '{"other":['),
    await made(segments, undefined, '{"https://a.test":['),
    await made(segments.slice(1)),
    await made(await segmentsOf(kind, fragments('other'))),
  ];
  expect(new Set([digest, ...others]).size).toBe(6);
});

test('the digest of a large document takes no unpacking, so that a 304 costs the same with any number of versions', async () => {
  const segments = await segmentsOf(kind, fragments());
  const unreadable = segments.map((segment) => ({ ...segment, bytes: new Uint8Array() }));
  expect(await (await documentOf(unreadable)).digest()).toBe(await (await documentOf(segments)).digest());
});
