import { describe, expect, test } from 'vitest';
import { memoryTable } from '../../../../services/adapters/memory/memory-table.ts';
import type { Project } from '../../../../services/domain/accounts.ts';
import type { Sha256 } from '../../../../services/domain/digests.ts';
import type { PackageFile, PackageStatus, Version } from '../../../../services/domain/packages.ts';
import { chooseCopy } from '../../../../services/registry/access/choose-copy.ts';
import type { Holding, Selection } from '../../../../services/registry/access/holdings.ts';
import { itemOf } from '../../../../services/registry/records/entities.ts';
import { keys } from '../../../../services/registry/records/keys.ts';
import { named } from '../../../kit/names.ts';
import { sha256Of } from '../../../kit/publish.ts';

/** A project's copy of version 1. */
interface CopyFacts {
  /** When it was published. */
  readonly at?: number;
  readonly status?: PackageStatus;
  /** Its selected files. */
  readonly files?: readonly string[];
  /** Files that the request does not select. */
  readonly others?: readonly string[];
  readonly sha256?: Sha256;
  /** Whether the caller may not read the project. */
  readonly withheld?: true;
}

const table = memoryTable();

async function holdingOf(projectId: number, facts: CopyFacts): Promise<Holding> {
  const ref = { projectId, format: 'any', name: named.package('tool') };
  const version = {
    ...ref,
    id: projectId * 10,
    version: named.version('1'),
    status: facts.status ?? 'default',
    createdAt: facts.at ?? 0,
  } as Version;
  const files = (facts.files ?? []).map((fileName) => ({
    ...{ fileName, versionId: version.id, version: '1' },
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
  return {
    project: { id: projectId } as Project,
    head: undefined,
    version,
    files: byName,
    tag: undefined,
    blobs: new Map(),
  };
}

let projects = 0;

/** Which of the copies answers, counted from 1, and the names of the selected files it has. */
async function chosen(copies: readonly CopyFacts[], files?: readonly string[], sha256?: Sha256) {
  const first = projects + 1;
  const holdings: Holding[] = [];
  const withheld: Holding[] = [];
  for (const facts of copies) {
    projects += 1;
    (facts.withheld ? withheld : holdings).push(await holdingOf(projects, facts));
  }
  const selection: Selection = {
    version: named.version('1'),
    ...(files && { files: files.map((fileName) => ({ fileName: named.file(fileName) })) }),
    ...(sha256 && { sha256 }),
  };
  const copy = await chooseCopy({ table }, { holdings, withheld, selection });
  return copy && [copy.holding.project.id - first + 1, ...copy.files.keys()];
}

describe('of several copies of a version', () => {
  test('no copy is chosen if none exists', async () => {
    expect(await chosen([])).toBeUndefined();
  });

  test('the one that was published first answers', async () => {
    const copies = [
      { at: 2, files: ['a'] },
      { at: 1, files: ['a'] },
      { at: 3, files: ['a'] },
    ];
    expect(await chosen(copies, ['a'])).toEqual([2, 'a']);
    expect(await chosen(copies)).toEqual([2, 'a']);
  });

  test('the one with the lowest id answers if they were published in the same millisecond', async () => {
    expect(await chosen([{ files: ['a'] }, { files: ['a'] }], ['a'])).toEqual([1, 'a']);
  });

  test('the first one answers also if lists do not show it', async () => {
    const copies = [{ at: 1, status: 'hidden', files: ['a'] } as const, { at: 2, files: ['a'] }];
    expect(await chosen(copies, ['a'])).toEqual([1, 'a']);
  });

  test('one that is not served does not count', async () => {
    const copies = [{ at: 1, status: 'error', files: ['a'] } as const, { at: 2, files: ['a'] }];
    expect(await chosen(copies, ['a'])).toEqual([2, 'a']);
  });

  test('one of which nothing is left gives way', async () => {
    expect(await chosen([{ at: 1 }, { at: 2, files: ['a'] }], ['a'])).toEqual([2, 'a']);
    expect(await chosen([{ at: 2 }, { at: 1 }], ['a'])).toEqual([2]);
    expect(await chosen([{ at: 1 }, { at: 2, others: ['b'] }])).toEqual([2]);
  });

  test('none takes the place of the first one if that is withheld from the caller', async () => {
    const first = { at: 1, files: ['a'], withheld: true } as const;
    expect(await chosen([{ at: 2, files: ['a'] }, first], ['a'])).toBeUndefined();
    expect(await chosen([first], ['a'])).toBeUndefined();
    expect(
      await chosen(
        [
          { at: 2, files: ['a'] },
          { ...first, others: ['b'], files: [] },
        ],
        ['a'],
      ),
    ).toBeUndefined();
  });

  test('one that is withheld counts only as the first one would', async () => {
    const later = { at: 2, files: ['a'], withheld: true } as const;
    expect(await chosen([{ at: 1, files: ['a'] }, later], ['a'])).toEqual([1, 'a']);
    expect(
      await chosen(
        [
          { at: 2, files: ['a'] },
          { at: 1, withheld: true },
        ],
        ['a'],
      ),
    ).toEqual([1, 'a']);
  });

  test('a file that the first one lacks is not taken from another', async () => {
    const copies = [
      { at: 1, others: ['pom'] },
      { at: 2, files: ['sources'] },
    ];
    expect(await chosen(copies, ['sources'])).toEqual([1]);
  });

  test('a file with other bytes than the digest in the address is missing', async () => {
    const copies = [
      { at: 1, sha256: sha256Of('a'), files: ['wheel'] },
      { at: 2, sha256: sha256Of('b'), files: ['wheel'] },
    ];
    expect(await chosen(copies, ['wheel'], sha256Of('a'))).toEqual([1, 'wheel']);
    expect(await chosen(copies, ['wheel'], sha256Of('b'))).toEqual([1]);
  });
});
