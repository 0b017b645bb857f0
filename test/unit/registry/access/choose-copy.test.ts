import { describe, expect, test } from 'vitest';
import { memoryTable } from '../../../../services/adapters/memory/memory-table.ts';
import type { Project } from '../../../../services/domain/accounts.ts';
import type { Sha256 } from '../../../../services/domain/digests.ts';
import type { Precedence } from '../../../../services/domain/format-rules.ts';
import type { PackageFile, PackageStatus, Version } from '../../../../services/domain/packages.ts';
import { chooseCopy } from '../../../../services/registry/access/choose-copy.ts';
import type { Holding, Selection } from '../../../../services/registry/access/holdings.ts';
import { itemOf } from '../../../../services/registry/records/entities.ts';
import { keys } from '../../../../services/registry/records/keys.ts';
import { named } from '../../../kit/names.ts';
import { sha256Of } from '../../../kit/publish.ts';

/** A project's copy of version 1: its status, and the publish times of its files by name. */
interface CopyFacts {
  readonly status?: PackageStatus;
  readonly files?: Readonly<Record<string, number>>;
  /** Files that the request does not select. */
  readonly others?: readonly string[];
  readonly sha256?: Sha256;
}

const table = memoryTable();

async function holdingOf(projectId: number, facts: CopyFacts): Promise<Holding> {
  const ref = { projectId, format: 'any', name: named.package('tool') };
  const version = {
    ...ref,
    id: projectId * 10,
    version: named.version('1'),
    status: facts.status ?? 'default',
  } as Version;
  const files = Object.entries(facts.files ?? {}).map(([fileName, createdAt]) => ({
    ...{ fileName, createdAt, versionId: version.id, version: '1' },
    digests: { sha256: facts.sha256 ?? sha256Of('a') },
  })) as unknown as PackageFile[];
  const others = (facts.others ?? []).map((text) => {
    const fileName = named.file(text);
    return { fileName, versionId: version.id, version: '1' };
  });
  for (const file of [...files, ...others]) {
    await table.write([{ put: itemOf(keys.file(ref, named.version('1'), file.fileName), file) }]);
  }
  const byName = new Map(files.map((file) => [file.fileName, file]));
  return { project: { id: projectId } as Project, head: undefined, version, files: byName, tag: undefined };
}

let projects = 0;

/** The number of the copy that answers, counted from 1, and the names of the selected files that it has. */
async function chosen(
  precedence: Precedence,
  copies: readonly CopyFacts[],
  files?: readonly string[],
  sha256?: Sha256,
) {
  const first = projects + 1;
  const holdings: Holding[] = [];
  for (const facts of copies) {
    projects += 1;
    holdings.push(await holdingOf(projects, facts));
  }
  const selection: Selection = {
    version: named.version('1'),
    ...(files && { files: files.map((fileName) => ({ fileName: named.file(fileName) })) }),
    ...(sha256 && { sha256 }),
  };
  const copy = await chooseCopy({ table }, { precedence }, holdings, selection);
  return copy && [copy.holding.project.id - first + 1, ...copy.files.keys()];
}

const every: readonly Precedence[] = ['first-copy', 'first-file', 'newest-file'];

describe.each(every)('the choice among copies by %s', (precedence) => {
  test('is undefined if there is no copy', async () => {
    expect(await chosen(precedence, [])).toBeUndefined();
  });

  test('is the first copy if they are equal', async () => {
    const copies = [{ files: { a: 1 } }, { files: { a: 1 } }];
    expect(await chosen(precedence, copies, ['a'])).toEqual([1, 'a']);
    expect(await chosen(precedence, copies)).toEqual([1, 'a']);
  });

  test('is the first copy if none has the file', async () => {
    expect(await chosen(precedence, [{ others: ['b'] }, { others: ['c'] }], ['a'])).toEqual([1]);
    expect(await chosen(precedence, [{}, {}], ['a'])).toEqual([1]);
  });

  test('is a copy with files rather than one without', async () => {
    expect(await chosen(precedence, [{}, { files: { a: 1 } }], ['a'])).toEqual([2, 'a']);
    expect(await chosen(precedence, [{}, { status: 'hidden', files: { a: 1 } }], ['a'])).toEqual([2, 'a']);
  });
});

describe('a copy with a hidden version', () => {
  const copies = [{ status: 'hidden', files: { a: 1 } }, { files: { a: 1 } }] as const;

  test.each(['first-copy', 'first-file'] as const)(
    'is chosen only if there is no listed one (%s)',
    async (precedence) => {
      expect(await chosen(precedence, copies, ['a'])).toEqual([2, 'a']);
      expect(await chosen(precedence, copies.slice(0, 1), ['a'])).toEqual([1, 'a']);
    },
  );

  test('is chosen if it has the newest file and the newest file takes precedence', async () => {
    const newer = [copies[1], { status: 'hidden', files: { a: 2 } }] as const;
    expect(await chosen('newest-file', newer, ['a'])).toEqual([2, 'a']);
  });
});

describe('a file that the first copy lacks', () => {
  const copies = [{ others: ['pom'] }, { files: { sources: 5 } }, { files: { sources: 7 } }];

  test('is not taken from another copy by first-copy', async () => {
    expect(await chosen('first-copy', copies, ['sources'])).toEqual([1]);
  });

  test('is taken from the first copy that has it, or from the one in which it is newest', async () => {
    expect(await chosen('first-file', copies, ['sources'])).toEqual([2, 'sources']);
    expect(await chosen('newest-file', copies, ['sources'])).toEqual([3, 'sources']);
  });
});

describe('a digest in the address', () => {
  test('selects the copy whose file has it', async () => {
    const copies = [
      { sha256: sha256Of('a'), files: { wheel: 1, metadata: 1 } },
      { sha256: sha256Of('b'), files: { wheel: 1, metadata: 1 } },
    ];
    expect(await chosen('first-file', copies, ['wheel', 'metadata'], sha256Of('b'))).toEqual([
      2,
      'wheel',
      'metadata',
    ]);
    expect(await chosen('first-file', copies, ['wheel'], sha256Of('c'))).toEqual([1]);
  });

  test('selects a copy with all selected files', async () => {
    const copies = [{ files: { wheel: 1 } }, { files: { wheel: 1, metadata: 1 } }];
    expect(await chosen('first-file', copies, ['wheel', 'metadata'], sha256Of('a'))).toEqual([
      2,
      'wheel',
      'metadata',
    ]);
  });
});
