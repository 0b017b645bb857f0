import { describe, expect, test } from 'vitest';
import type { PackageFile, PackageStatus } from '../../../../services/domain/packages.ts';
import { mergeContents } from '../../../../services/registry/documents/merge-contents.ts';
import type { PackageContents } from '../../../../services/registry/documents/package-contents.ts';
import { named } from '../../../kit/names.ts';

function contentsOf(projectId: number, statuses: Record<string, PackageStatus>): PackageContents {
  const ref = { projectId, format: 'npm', name: named.package('tool') };
  const versions = Object.entries(statuses).map(([version, status], index) => ({
    ...ref,
    id: projectId * 100 + index,
    version: named.version(version),
    status,
    metadata: {},
    creatorId: null,
    createdAt: 0,
    updatedAt: 0,
  }));
  const tags = versions
    .slice(-1)
    .map(({ version }) => ({ tag: named.tag('latest'), version, createdAt: 0, updatedAt: 0 }));
  return { head: { ...ref, revision: 1, versionCount: 1, updatedAt: 0 }, versions, tags, files: [] };
}

describe('the merged contents of several projects', () => {
  test('have every version once, from the first project that has it', () => {
    const merged = mergeContents([
      contentsOf(1, { '1.0.0': 'default' }),
      contentsOf(2, { '1.0.0': 'default', '2.0.0': 'deprecated' }),
    ]);
    expect(merged.versions.map(({ projectId, version }) => [projectId, version])).toEqual([
      [1, '1.0.0'],
      [2, '2.0.0'],
    ]);
    expect(merged.tags).toMatchObject([{ tag: 'latest', version: '1.0.0' }]);
  });

  test('have a listed version even if an earlier project does not list it', () => {
    const merged = mergeContents([
      contentsOf(1, { '1.0.0': 'hidden', '2.0.0': 'error' }),
      contentsOf(2, { '1.0.0': 'default', '2.0.0': 'default' }),
    ]);
    expect(merged.versions.map(({ projectId }) => projectId)).toEqual([2, 2]);
  });

  test('have a version that is served but not listed, unless another project lists it', () => {
    const merged = mergeContents([
      contentsOf(1, { '1.0.0': 'hidden', '2.0.0': 'hidden', '3.0.0': 'processing' }),
      contentsOf(2, { '1.0.0': 'hidden', '2.0.0': 'default' }),
    ]);
    expect(merged.versions.map(({ projectId, version }) => [projectId, version])).toEqual([
      [2, '2.0.0'],
      [1, '1.0.0'],
    ]);
  });

  test('have the files of their versions, and no versions without files if files are required', () => {
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
    expect(found(mergeContents(all, true))).toEqual([['2 1.0.0'], ['a', 'b']]);
    expect(found(mergeContents(all))).toEqual([['1 1.0.0', '2 2.0.0'], []]);
  });

  test('list the names of all projects, from the first that has each, with the time of the last change', () => {
    const lists = (projectId: number, updatedAt: number, ...names: string[]): PackageContents => {
      const contents = contentsOf(projectId, {});
      const listed = names.map((name) => ({ name: named.package(name), metadata: { projectId } }));
      return { ...contents, head: { ...contents.head, updatedAt }, listed };
    };
    const merged = mergeContents([lists(1, 10, 'a'), lists(2, 30, 'a', 'b'), contentsOf(3, {})]);
    expect(merged.listed).toEqual([
      { name: 'a', metadata: { projectId: 1 } },
      { name: 'b', metadata: { projectId: 2 } },
    ]);
    expect(merged.head).toMatchObject({ projectId: 1, updatedAt: 30 });
  });
});
