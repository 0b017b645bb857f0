import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../../services/domain/accounts.ts';
import type { Item } from '../../../services/ports/table.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { allFormats } from '../../../services/runtime/families/all.ts';
import { named } from '../../kit/names.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';
import { toy } from '../../kit/toy-format/format.ts';
import { toyPackages } from '../../kit/toy-index.ts';

let app: TestApp;
let project: Project;
let toys: ReturnType<typeof toyPackages>;

beforeEach(async () => {
  app = await startApp({ formats: [...allFormats, toy] });
  project = await app.project('tools');
  toys = toyPackages(app.registry, project);
});

const keyOf = () =>
  keys.version({ projectId: project.id, format: 'toy2', name: named.package('car') }, named.version('1.0'));
const stored = async () => {
  const item = await app.registry.table.get(keyOf());
  return { metadata: item?.metadata, layout: item?.layout };
};

/** Publishes a version and stores it as an earlier release with layout 1 did. */
async function publishInLayout1(metadata: Record<string, string>): Promise<void> {
  await toys.publish('car', '1.0', { metadata: { description: 'new' } });
  const { layout: _, ...item }: Partial<Item> = (await app.registry.table.get(keyOf())) ?? {};
  await app.registry.table.write([{ put: { ...item, ...keyOf(), metadata } }]);
}

describe('metadata whose layout has changed', () => {
  test('is stored with the number of its layout', async () => {
    await toys.publish('car', '1.0', { metadata: { description: 'fast' } });
    expect(await stored()).toEqual({ metadata: { description: 'fast' }, layout: 2 });
  });

  test('is upgraded when it is read, without a change of the stored record', async () => {
    await publishInLayout1({ summary: 'old words' });
    await toys.publish('car', '1.0', { file: 'second.bin' });
    await toys.build();
    const stanza = (await toys.text('apps/Packages')).split('\n\n').find((text) => text.includes('second'));
    expect(stanza).toContain('Description: old words');
    expect(await stored()).toEqual({ metadata: { summary: 'old words' }, layout: undefined });
  });

  test.each([
    ['a change of the version', () => toys.change('car', '1.0', { status: 'deprecated' })],
    ['a change of its metadata', () => toys.change('car', '1.0', { metadata: { description: 'old words' } })],
    ['more files', () => toys.publish('car', '1.0', { file: 'b.bin', amend: { description: 'old words' } })],
  ])('is stored in the new layout by %s', async (_case, change) => {
    await publishInLayout1({ summary: 'old words' });
    await change();
    expect(await stored()).toEqual({ metadata: { description: 'old words' }, layout: 2 });
  });

  test('is replaced by an amending publish when it is damaged', async () => {
    await publishInLayout1({ summary: 'old words' });
    await app.registry.table.update(keyOf(), { set: { layout: 3 } });
    await toys.publish('car', '1.0', { file: 'b.bin', amend: { description: 'mended' } });
    expect(await stored()).toEqual({ metadata: { description: 'mended' }, layout: 2 });
  });
});
