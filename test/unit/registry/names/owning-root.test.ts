import { describe, expect, test } from 'vitest';
import { memoryTable } from '../../../../services/adapters/memory/memory-table.ts';
import type { Write } from '../../../../services/ports/table.ts';
import { owningRoots, servingHolders } from '../../../../services/registry/names/owning-root.ts';
import { isBindable, prefixesOf } from '../../../../services/registry/names/prefixes-of.ts';
import { firstHolders } from '../../../../services/registry/packages/locate-packages.ts';
import { keys } from '../../../../services/registry/records/keys.ts';
import { allFormats } from '../../../../services/runtime/families/all.ts';
import { named } from '../../../kit/names.ts';

function formatOf(id: string) {
  const format = allFormats.find((each) => each.id === id);
  if (!format) throw new Error(`there is no format ${id}`);
  return format;
}

describe('the prefixes of a name', () => {
  test.each([
    ['maven', 'com/acme/app', ['com/acme/app', 'com/acme', 'com']],
    ['nuget', 'acme.tools.json', ['acme.tools.json', 'acme.tools', 'acme']],
    ['pypi', 'acme-tools', ['acme-tools', 'acme']],
    ['generic', 'a.b-c', ['a.b-c', 'a.b', 'a']],
    ['npm', '@acme/tool', ['@acme/tool', '@acme']],
    ['npm', 'acme-tool', ['acme-tool']],
  ])('of %s are those that end at a separator (%s)', (id, name, prefixes) => {
    expect(prefixesOf(formatOf(id), named.package(name))).toEqual(prefixes);
  });

  test('are the shortest ones of a name with many parts', () => {
    const name = named.package(Array.from({ length: 250 }, () => 'a').join('/'));
    const prefixes = prefixesOf(formatOf('maven'), name);
    expect([prefixes.length, prefixes.at(-1), prefixes.includes(name)]).toEqual([10, 'a', false]);
    expect([
      isBindable(formatOf('maven'), name),
      isBindable(formatOf('maven'), named.package('com/acme')),
    ]).toEqual([false, true]);
  });

  test.each([
    ['maven', 'com.acme', 'com/acme'],
    ['maven', 'com.acme:my.app', 'com/acme/my.app'],
    ['maven', 'com/acme/my.app', 'com/acme/my.app'],
    ['maven', 'com..acme', undefined],
    ['nuget', 'Acme.Tools', 'acme.tools'],
    ['nuget', 'Acme..Tools', undefined],
    ['pypi', 'Acme_Tools', 'acme-tools'],
    ['npm', '@acme', '@acme'],
    ['npm', '@acme/tool', '@acme/tool'],
    ['npm', '@a/b/c', undefined],
    ['generic', 'Tool-1', 'Tool-1'],
    ['generic', 'a/b', undefined],
  ])('of %s are read as administrators write them (%s)', (id, text, stored) => {
    expect(formatOf(id).prefixes?.parse(text)).toBe(stored);
  });
});

describe('the root namespace of a name', () => {
  async function rootOf(id: string, text: string, writes: readonly Write[]) {
    const name = named.package(text);
    const table = memoryTable();
    await table.write(writes);
    return (await owningRoots(table, formatOf(id), [name])).get(name);
  }
  const bound = (id: string, prefix: string, rootId: number): Write => ({
    put: { ...keys.boundPrefix(id, named.package(prefix)), rootId },
  });
  const owned = (id: string, name: string, rootId: number): Write => ({
    put: { ...keys.nameOwner(id, named.package(name)), rootId },
  });

  test('is that of the longest bound prefix', async () => {
    const writes = [
      bound('maven', 'com/acme', 2),
      bound('maven', 'com', 1),
      bound('maven', 'com/acme/ap', 3),
      owned('maven', 'com/acme/app', 4),
    ];
    expect(await rootOf('maven', 'com/acme/app', writes)).toBe(2);
  });

  test('is that of a bound scope rather than of the group with its path', async () => {
    const route: Write = { put: { ...keys.route(named.path('acme')), kind: 'group', id: 1 } };
    expect(await rootOf('npm', '@acme/tool', [route])).toBe(1);
    expect(await rootOf('npm', '@acme/tool', [route, bound('npm', '@acme', 2)])).toBe(2);
  });

  test('is nobody for a scope without a group and for a released name, and unknown without an owner', async () => {
    const released: Write = { put: { ...keys.nameOwner('pypi', named.package('tool')), released: true } };
    expect(await rootOf('npm', '@acme/tool', [])).toBeNull();
    expect(await rootOf('pypi', 'tool', [released])).toBeNull();
    expect(await rootOf('pypi', 'tool', [])).toBeUndefined();
    expect(await rootOf('pypi', 'tool', [owned('pypi', 'tool', 7)])).toBe(7);
  });
});

test('the owner serves a name that a thousand projects of another namespace hold', async () => {
  const table = memoryTable();
  const place = { format: 'pypi', name: named.package('tool') };
  const entries = Array.from({ length: 1001 }, (_, n) => ({ projectId: n + 1, rootId: n < 1000 ? 1 : 2 }));
  for (const chunk of chunksOf(entries, 100)) {
    const put = (entry: (typeof entries)[number]): Write => ({
      put: {
        ...keys.name({ ...place, projectId: entry.projectId }, [entry.rootId]),
        ...entry,
        ancestors: [],
      },
    });
    await table.write(chunk.map(put));
  }
  const first = await firstHolders({ table }, place);
  expect(first).toMatchObject({ holders: { length: 50 }, more: true });
  const serving = await servingHolders({ table }, place, first, 2);
  expect(serving.map(({ projectId }) => projectId)).toEqual([1001]);
  expect(await servingHolders({ table }, place, first, null)).toEqual([]);
});

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  );
}
