import { beforeEach, describe, expect, test } from 'vitest';
import type { EndpointLevel } from '../../services/catalog.ts';
import type { Project } from '../../services/domain/accounts.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';
import { useSample } from './samples/use-sample.ts';

describe.each(everySample)('a package of $id that two projects of a namespace hold', (sample) => {
  let app: TestApp;
  let older: Project;
  let first: Project;
  const name = 'corplib';

  beforeEach(async () => {
    app = await startApp({ formats: formatsWith(sample) });
    older = await app.project('sibling', 'public');
    first = await app.project('first', 'public');
  });

  const publish = (to: Project, version: string, content?: string) =>
    useSample(app, sample).publish(to, name, version, content);
  const get = (url: string, token?: string) => useSample(app, sample).get(url, token);
  const serves = (url: string, bytes: Uint8Array, token?: string) =>
    useSample(app, sample).serves(url, bytes, token ?? app.rootToken);

  async function versionsIn({ id }: Project): Promise<readonly { readonly id: number }[]> {
    const answer = await app.send('GET', `/api/v4/projects/${id}/packages`, { token: app.rootToken });
    return (await answer.json()) as { id: number }[];
  }

  /** The levels at which both projects are read together. */
  const shared: readonly (readonly [EndpointLevel, string])[] = [
    ['group', 'acme'],
    ['instance', ''],
  ];

  /** What a level serves about the name, written as if a project had served it. */
  async function toldAt(level: EndpointLevel, owner: string | number) {
    const prefix = prefixIn(sample, level, owner);
    const paths = [...(sample.index ? [sample.index(name)] : []), ...(sample.hotReads?.(name) ?? [])];
    return Promise.all(
      paths.map(async (path) => {
        const { status, text } = await get(prefix + path, app.rootToken);
        const neutral = text.replaceAll(prefix, '<prefix>').replace(/"_rev":"[^"]*"/, '');
        return [path, status, neutral.replaceAll(/"(?:created|modified)":"[^"]*"|<lastUpdated>\d+/g, '')];
      }),
    );
  }

  test('has each version from the project that published it first', async () => {
    const bytes = await publish(first, '1.0.0');
    const before = await toldAt('project', first.id);
    const other = await publish(older, '1.0.0', ' shadowing');
    for (const [level, owner] of shared) {
      const prefix = prefixIn(sample, level, owner);
      expect(await serves(prefix + sample.file(name, '1.0.0'), bytes)).toBe(true);
      expect(await serves(prefix + sample.file(name, '1.0.0', ' shadowing'), other)).toBe(false);
      expect(await toldAt(level, owner)).toEqual(before);
    }
    const own = prefixIn(sample, 'project', older.id) + sample.file(name, '1.0.0', ' shadowing');
    expect(await serves(own, other)).toBe(true);
  });

  /** Without tags, which the publish below moves. */
  async function versionsAt(level: EndpointLevel, owner: string) {
    const all = await toldAt(level, owner);
    return all
      .filter(([path]) => !String(path).endsWith('/latest'))
      .map((each) => each.map((part) => String(part).replace(/"dist-tags":\{[^}]*\}/, '')));
  }

  test('has the same index after a version is published again by the project that has the name for longer', async () => {
    await publish(older, '1.1.0');
    const bytes = await publish(first, '1.0.0');
    const before = await Promise.all(shared.map(([level, owner]) => versionsAt(level, owner)));
    await publish(older, '1.0.0', ' shadowing');
    expect(await Promise.all(shared.map(([level, owner]) => versionsAt(level, owner)))).toEqual(before);
    const group = prefixIn(sample, 'group', 'acme');
    expect(await serves(group + sample.file(name, '1.0.0'), bytes)).toBe(true);
  });

  describe('of which the first publisher is private', () => {
    let stranger: string;
    beforeEach(async () => {
      first = await app.project('private', 'private');
      ({ token: stranger } = await app.user('stranger'));
    });

    /** Everything that a level shows a caller about the name, in indexes and searches. */
    async function told(level: EndpointLevel, owner: string, token: string) {
      const prefix = prefixIn(sample, level, owner);
      const paths = [
        ...(sample.index ? [sample.index(name)] : []),
        ...(sample.hotReads?.(name) ?? []),
        ...(sample.searches?.(name) ?? []),
      ];
      return Promise.all(
        paths.map(async (path) => {
          const { status, text } = await get(prefix + path, token);
          const stable = text.replaceAll(
            /"(?:created|modified|time|_rev)":"[^"]*"|<lastUpdated>\d+|"dist-tags":\{[^}]*\}/g,
            '',
          );
          return [path, status, stable.replaceAll(/<updated>[^<]*/g, '')];
        }),
      );
    }

    test('has no other copy of that version for anybody, and what is shown of it does not change', async () => {
      await publish(older, '2.0.0');
      await app.runJobs();
      const before = await Promise.all(shared.map(([level, owner]) => told(level, owner, stranger)));
      const bytes = await publish(first, '1.0.0');
      const other = await publish(older, '1.0.0', ' shadowing');
      await app.runJobs();
      expect(await Promise.all(shared.map(([level, owner]) => told(level, owner, stranger)))).toEqual(before);
      for (const [level, owner] of shared) {
        const prefix = prefixIn(sample, level, owner);
        for (const content of ['', ' shadowing']) {
          const hidden = await get(prefix + sample.file(name, '1.0.0', content), stranger);
          const absent = await get(prefix + sample.file(name, '3.0.0', content), stranger);
          expect([hidden.status, hidden.text.replaceAll('1.0.0', '3.0.0')]).toEqual([
            absent.status,
            absent.text,
          ]);
        }
        expect(await serves(prefix + sample.file(name, '1.0.0'), bytes)).toBe(true);
      }
      const own = prefixIn(sample, 'project', older.id) + sample.file(name, '1.0.0', ' shadowing');
      expect(await serves(own, other, stranger)).toBe(true);
    });

    test('has the next copy once the first one is deleted', async () => {
      await publish(first, '1.0.0');
      const other = await publish(older, '1.0.0', ' shadowing');
      const [version] = await versionsIn(first);
      const path = `/api/v4/projects/${first.id}/packages/${version?.id}`;
      expect((await app.send('DELETE', path, { token: app.rootToken })).status).toBe(204);
      for (const [level, owner] of shared) {
        const prefix = prefixIn(sample, level, owner);
        expect(await serves(prefix + sample.file(name, '1.0.0', ' shadowing'), other, stranger)).toBe(true);
      }
    });
  });

  test('has further versions from either', async () => {
    const one = await publish(first, '1.0.0');
    const two = await publish(older, '2.0.0');
    for (const [level, owner] of shared) {
      const prefix = prefixIn(sample, level, owner);
      expect(await serves(prefix + sample.file(name, '1.0.0'), one)).toBe(true);
      expect(await serves(prefix + sample.file(name, '2.0.0'), two)).toBe(true);
    }
  });
});
