import { describe, expect, test } from 'vitest';
import type { PackageFile, PackageStatus } from '../../../../services/domain/packages.ts';
import { mergeContents as merge } from '../../../../services/registry/documents/merge-contents.ts';
import type { PackageContents } from '../../../../services/registry/documents/package-contents.ts';
import { named } from '../../../kit/names.ts';

/** Merges contents of projects of which all versions have files, or only those whose files were read. */
const mergeContents = (all: readonly PackageContents[], haveFiles = true) =>
  merge(all, async () => haveFiles);

/** What a project has: versions that were published at `createdAt`, in milliseconds. */
function contentsOf(
  projectId: number,
  statuses: Record<string, PackageStatus>,
  createdAt = 0,
): PackageContents {
  const ref = { projectId, format: 'npm', name: named.package('tool') };
  const versions = Object.entries(statuses).map(([version, status], index) => ({
    ...ref,
    id: projectId * 100 + index,
    version: named.version(version),
    status,
    metadata: {},
    creatorId: null,
    createdAt,
    updatedAt: createdAt,
  }));
  const tags = versions
    .slice(-1)
    .map(({ version }) => ({ tag: named.tag('latest'), version, createdAt: 0, updatedAt: 0 }));
  return { head: { ...ref, revision: 1, versionCount: 1, updatedAt: 0 }, versions, tags, files: [] };
}

describe('the contents of a name that several projects hold', () => {
  test('have every version once, and tags of the first project', async () => {
    const merged = await mergeContents([
      contentsOf(1, { '1.0.0': 'default' }),
      contentsOf(2, { '1.0.0': 'default', '2.0.0': 'deprecated' }),
    ]);
    expect(merged.versions.map(({ projectId, version }) => [projectId, version])).toEqual([
      [2, '2.0.0'],
      [1, '1.0.0'],
    ]);
    expect(merged.tags).toMatchObject([{ tag: 'latest', version: '1.0.0' }]);
  });

  test('have the copy of a version that was published first, whichever project comes first', async () => {
    const merged = await mergeContents([
      contentsOf(1, { '1.0.0': 'default', '2.0.0': 'default' }, 20),
      contentsOf(2, { '1.0.0': 'default' }, 10),
    ]);
    expect(merged.versions.map(({ projectId, version }) => [version, projectId]).sort()).toEqual([
      ['1.0.0', 2],
      ['2.0.0', 1],
    ]);
  });

  test('have the first copy also where lists do not show it, so that another does not take its place', async () => {
    const merged = await mergeContents([
      contentsOf(1, { '1.0.0': 'hidden', '2.0.0': 'default' }, 10),
      contentsOf(2, { '1.0.0': 'default', '2.0.0': 'hidden' }, 20),
    ]);
    expect(merged.versions.map(({ projectId }) => projectId)).toEqual([1, 1]);
  });

  test('have no copy of a version that a withheld project published first, and nothing else of that project', async () => {
    const withheld = { ...contentsOf(1, { '1.0.0': 'default', '3.0.0': 'default' }, 10), withheld: true };
    const merged = await mergeContents([
      contentsOf(2, { '1.0.0': 'default', '2.0.0': 'default' }, 20),
      { ...withheld, head: { ...withheld.head, updatedAt: 99 } },
    ]);
    expect(merged.versions.map(({ projectId, version }) => [projectId, version])).toEqual([[2, '2.0.0']]);
    expect(merged.tags).toMatchObject([{ version: '2.0.0' }]);
    expect(merged.head).toMatchObject({ projectId: 2, updatedAt: 0 });
    const later = { ...contentsOf(1, { '1.0.0': 'default' }, 30), withheld: true };
    const unchanged = await mergeContents([contentsOf(2, { '1.0.0': 'default' }, 20), later]);
    expect(unchanged.versions.map(({ projectId }) => projectId)).toEqual([2]);
  });

  test('have nothing that is not served', async () => {
    const merged = await mergeContents([
      contentsOf(1, { '1.0.0': 'error', '2.0.0': 'processing' }, 10),
      contentsOf(2, { '1.0.0': 'default' }, 20),
    ]);
    expect(merged.versions.map(({ projectId, version }) => [projectId, version])).toEqual([[2, '1.0.0']]);
  });

  test('have the files of the versions they have, and of several copies no copy without files', async () => {
    const withFiles = (contents: PackageContents, ...names: string[]): PackageContents => {
      const [version] = contents.versions;
      const files = names.map((fileName) => ({ fileName, versionId: version?.id }) as PackageFile);
      return { ...contents, files };
    };
    const all = [
      contentsOf(1, { '1.0.0': 'default' }),
      withFiles(contentsOf(2, { '1.0.0': 'default', '2.0.0': 'default' }), 'a', 'b'),
      withFiles(contentsOf(3, { '1.0.0': 'default' }), 'c'),
    ];
    const found = ({ versions, files }: PackageContents) => [
      versions.map(({ projectId, version }) => `${projectId} ${version}`),
      files.map(({ fileName }) => fileName),
    ];
    expect(found(await mergeContents(all, false))).toEqual([
      ['2 2.0.0', '2 1.0.0'],
      ['a', 'b'],
    ]);
    expect(found(await mergeContents(all))).toEqual([['2 2.0.0', '1 1.0.0'], []]);
  });

  test('list what the names of all projects list, the first project winning, as of the last change', async () => {
    const lists = (projectId: number, updatedAt: number, ...names: string[]): PackageContents => {
      const contents = contentsOf(projectId, {});
      const subpackages = names.map((name) => ({ name: named.package(name), metadata: { projectId } }));
      return { ...contents, head: { ...contents.head, updatedAt }, subpackages };
    };
    const merged = await mergeContents([lists(1, 10, 'a'), lists(2, 30, 'a', 'b'), contentsOf(3, {})]);
    expect(merged.subpackages).toEqual([
      { name: 'a', metadata: { projectId: 1 } },
      { name: 'b', metadata: { projectId: 2 } },
    ]);
    expect(merged.head).toMatchObject({ projectId: 1, updatedAt: 30 });
  });
});
