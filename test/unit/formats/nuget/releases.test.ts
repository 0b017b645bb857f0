import { expect, test } from 'vitest';
import type { PackageHead, Version } from '../../../../services/domain/packages.ts';
import { type ReleaseFacts, releaseCatalog } from '../../../../services/formats/nuget/releases.ts';
import type { Metadata } from '../../../../services/formats/nuget/schema.ts';
import { renderIndex } from '../../../../services/registry/documents/render-index.ts';

test('a catalog that would be too long contains only the highest versions', async () => {
  const tags = ['x'.repeat(300_000)];
  const versions = Array.from({ length: 150 }, (_, index) => {
    const version = `1.${index}.0`;
    const metadata = { version, description: '', summary: '', releaseNotes: '', copyright: '', tags };
    return { version, status: 'default', createdAt: 0, metadata } as unknown as Version<Metadata>;
  });
  const text = await renderIndex(releaseCatalog, {
    head: {} as PackageHead,
    versions,
    tags: [],
    files: [],
  });
  expect(text.length).toBeLessThan(33 * 1024 * 1024);
  const shown = (JSON.parse(text) as ReleaseFacts[]).map(({ version }) => version);
  expect([shown.length, shown.at(0), shown.at(-1)]).toEqual([111, '1.39.0', '1.149.0']);
});
