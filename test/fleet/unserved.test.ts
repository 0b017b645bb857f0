import { beforeEach, describe, expect, test } from 'vitest';
import type { EndpointLevel } from '../../services/catalog.ts';
import type { Project } from '../../services/domain/accounts.ts';
import type { PackageStatus } from '../../services/domain/packages.ts';
import { changeStatuses } from '../../services/registry/packages/change-versions.ts';
import { removeVersion } from '../../services/registry/removal/remove-version.ts';
import { named } from '../kit/names.ts';
import { rulesOf } from '../kit/rules.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';

/** The statuses of versions that are still being processed, broken, or about to be deleted. */
const unserved: readonly PackageStatus[] = ['processing', 'error', 'pending_destruction'];

const cases = everySample.flatMap((sample) => unserved.map((status) => ({ id: sample.id, status, sample })));

describe.each(cases)('a $id version with status $status', ({ sample, status }) => {
  let app: TestApp;
  let first: Project;
  let second: Project;
  let name: string;

  beforeEach(async () => {
    app = await startApp({ formats: formatsWith(sample) });
    first = await app.project('first', 'public');
    second = await app.project('second', 'public');
    name = 'gadget';
  });

  async function publish(project: Project, version: string): Promise<Uint8Array> {
    const { method, path, headers, body, bytes } = await sample.publish(name, version);
    const url = prefixIn(sample, 'project', project.id) + path;
    const answer = await app.send(method, url, { token: app.rootToken, headers, body });
    expect(answer.status).toBeLessThan(300);
    return bytes;
  }

  const versionIn = (project: Project, version: string) => ({
    project,
    actor: { kind: 'user', id: app.root.id, name: 'root' } as const,
    format: sample.id,
    name: named.package(sample.id === 'maven' ? `com/example/${name}` : name),
    version: named.version(version),
  });

  async function setStatus(project: Project, version: string): Promise<void> {
    const { version: only, ...rest } = versionIn(project, version);
    const change = { ...rest, format: rulesOf(sample.id), versions: [only] };
    const { changed } = await changeStatuses(app.registry, change, () => status);
    expect(changed).toBe(1);
  }

  const endpoints: readonly (readonly [EndpointLevel, () => string | number])[] = [
    ['project', () => first.id],
    ['group', () => 'acme'],
    ['instance', () => ''],
  ];

  /** The addresses that show the version or its package. */
  const reads = (version: string) => [
    sample.file(name, version),
    ...(sample.index ? [sample.index(name)] : []),
    ...(sample.hotReads?.(name) ?? []),
    ...(sample.reads?.(name, version) ?? []),
  ];

  /** The answers at every level, by address: to a caller without a token, and to one who may read everything. */
  async function answers(
    paths: readonly string[],
  ): Promise<Record<string, readonly [number, string | null, string]>> {
    await app.runJobs();
    const found: Record<string, readonly [number, string | null, string]> = {};
    for (const [level, owner] of endpoints) {
      for (const credential of [{}, { token: app.rootToken }]) {
        for (const path of paths) {
          const url = prefixIn(sample, level, owner()) + path;
          const answer = await app.send('GET', url, credential);
          // The revision of a package increases with each change, even one that shows nowhere else.
          const text = (await answer.text()).replace(/"_rev":"[^"]*"/, '');
          found[`${Object.keys(credential)} ${url}`] = [
            answer.status,
            answer.headers.get('www-authenticate'),
            text,
          ];
        }
      }
    }
    return found;
  }

  test('gets the same answers as a removed version when the package has another version', async () => {
    await publish(first, '1.1.0');
    await publish(first, '1.0.0');
    const paths = [...reads('1.0.0'), ...(sample.searches?.(name) ?? [])];
    const before = await answers(paths);
    await setStatus(first, '1.0.0');
    const unservedAnswers = await answers(paths);
    await removeVersion(app.registry, versionIn(first, '1.0.0'));
    expect(unservedAnswers).toEqual(await answers(paths));
    expect(unservedAnswers).not.toEqual(before);
  });

  test('gets the same status codes as a removed version when the package has no other version', async () => {
    await publish(first, '1.0.0');
    await setStatus(first, '1.0.0');
    const statuses = async () =>
      Object.entries(await answers(reads('1.0.0'))).map(([url, [code, challenge]]) => [url, code, challenge]);
    const unservedAnswers = await statuses();
    await removeVersion(app.registry, versionIn(first, '1.0.0'));
    expect(unservedAnswers).toEqual(await statuses());
  });

  test('is replaced by the served copy of another project at group and instance level', async () => {
    await publish(first, '1.0.0');
    const bytes = await publish(second, '1.0.0');
    await setStatus(first, '1.0.0');
    const file = sample.file(name, '1.0.0');
    for (const [level, owner] of endpoints.slice(1)) {
      const answer = await app.send('GET', prefixIn(sample, level, owner()) + file, { token: app.rootToken });
      expect([level, answer.status]).toEqual([level, 200]);
      expect(new Uint8Array(await answer.arrayBuffer())).toEqual(new Uint8Array(bytes));
    }
    const answersElsewhere = async () => {
      const all = await answers([...reads('1.0.0'), ...(sample.searches?.(name) ?? [])]);
      return Object.entries(all).filter(([url]) => !url.includes(prefixIn(sample, 'project', first.id)));
    };
    const unservedAnswers = await answersElsewhere();
    await removeVersion(app.registry, versionIn(first, '1.0.0'));
    expect(unservedAnswers).toEqual(await answersElsewhere());
  });

  test('cannot be downloaded through the management API', async () => {
    await publish(first, '1.0.0');
    const packages = `/api/v4/projects/${first.id}/packages`;
    const get = async (path: string) => app.send('GET', packages + path, { token: app.rootToken });
    const [{ id }] = (await (await get('')).json()) as [{ id: number }];
    const [file] = (await (await get(`/${id}/package_files`)).json()) as [{ id: number }];
    const download = `/${id}/package_files/${file.id}/download`;
    expect((await get(download)).status).toBe(200);
    await setStatus(first, '1.0.0');
    expect((await get(download)).status).toBe(404);
  });
});
