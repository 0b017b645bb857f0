import { beforeEach, describe, expect, test } from 'vitest';
import { memoryTable } from '../../../../services/adapters/memory/memory-table.ts';
import type { Project } from '../../../../services/domain/accounts.ts';
import type { FormatRules } from '../../../../services/domain/format-rules.ts';
import { MAX_WRITES } from '../../../../services/ports/table.ts';
import { stageBytes } from '../../../../services/registry/blobs/stage-blob.ts';
import { addFiles } from '../../../../services/registry/packages/add-files.ts';
import { filesAtOnce } from '../../../../services/registry/packages/publish-in-steps.ts';
import { type NewFile, publishVersion } from '../../../../services/registry/packages/publish-version.ts';
import { removeVersion } from '../../../../services/registry/removal/remove-version.ts';
import { named } from '../../../kit/names.ts';
import { replacing } from '../../../kit/publish.ts';
import { startApp, type TestApp } from '../../../kit/start-app.ts';

let app: TestApp;
let project: Project;
let sizes: number[] = [];

beforeEach(async () => {
  const table = memoryTable();
  const write: typeof table.write = async (writes) => {
    await table.write(writes);
    sizes.push(writes.length);
  };
  app = await startApp({ stores: { table: { ...table, write } }, settings: { retention: 60_000 } });
  project = await app.project('tools');
  sizes = [];
});

const actor = { kind: 'user', id: 1, name: 'root' } as const;
const readme = 'Read me.';
const tags = Array.from({ length: 10 }, (_, n) => named.tag(`tag-${n}`));

/** Four stanzas for each file, in two indexes and two partitions of each. */
const indexed: FormatRules = {
  ...replacing,
  index: {
    stanzas: () =>
      ['one', 'two'].flatMap((index) =>
        ['a', 'b'].map((partition) => ({ index, partition, key: 'key', text: 'text' })),
      ),
    render: async () => [],
  } as unknown as NonNullable<FormatRules['index']>,
};

async function files(format: FormatRules, of: string): Promise<NewFile[]> {
  const count = filesAtOnce(format);
  const names = Array.from({ length: count }, (_, n) => `file-${n}`);
  return Promise.all(
    names.map(async (fileName) => ({
      fileName: named.file(fileName),
      contentType: 'text/plain',
      blob: await stageBytes(app.registry, Buffer.from(`${of} ${fileName}`)),
    })),
  );
}

/** Runs a publish in a single transaction; returns how many more writes the transaction could have had. */
async function roomOf(publish: () => Promise<unknown>): Promise<number> {
  sizes = [];
  await publish();
  expect(sizes).toHaveLength(1);
  return MAX_WRITES - (sizes[0] ?? 0);
}

async function publish(format: FormatRules, of: string) {
  const input = {
    project,
    actor,
    format,
    name: named.package('a-name'),
    version: named.version('1'),
    metadata: {},
    readme,
    tags,
  };
  const staged = await files(format, of);
  return () => publishVersion(app.registry, { ...input, files: staged });
}

async function add(format: FormatRules, of: string, version = '1') {
  const umbrella = { name: named.package('group'), metadata: { of } };
  const input = {
    project,
    actor,
    format,
    name: named.package('a-name'),
    version: named.version(version),
    metadata: { of },
    readme,
    umbrella,
  };
  const staged = await files(format, of);
  return () => addFiles(app.registry, { ...input, files: staged, amend: () => ({ of }) });
}

/** These tests fail when a publish needs more writes. Then `filesAtOnce` may have to be reduced. */
describe.each([
  {
    title: 'a plain format',
    format: replacing,
    left: { first: 36, again: 17, subpackage: 37, replaced: 31 },
  },
  {
    title: 'a format with indexes',
    format: indexed,
    left: { first: 38, again: 33, subpackage: 39, replaced: 23 },
  },
])('the largest transaction of $title leaves room', ({ format, left }) => {
  test('for a first version with files, tags and readme', async () => {
    expect(await roomOf(await publish(format, 'first'))).toBe(left.first);
  });

  test('for the same version after the first was removed', async () => {
    await (await publish(format, 'first'))();
    await removeVersion(app.registry, {
      project,
      actor,
      format: format.id,
      name: named.package('a-name'),
      version: named.version('1'),
    });
    expect(await roomOf(await publish(format, 'again'))).toBe(left.again);
  });

  test('for the first files of a subpackage', async () => {
    expect(await roomOf(await add(format, 'first'))).toBe(left.subpackage);
  });

  test('for files that all replace others, amend their version and change its umbrella', async () => {
    await (await add(format, 'first'))();
    expect(await roomOf(await add(format, 'again'))).toBe(left.replaced);
  });
});
