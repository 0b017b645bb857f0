import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../services/domain/accounts.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';
import type { Change, Upload } from './samples/sample.ts';

const cases = everySample.flatMap((sample) =>
  sample.parameters.map((parameter) => ({ id: sample.id, what: parameter.what, sample, parameter })),
);

describe.each(cases)('$id: the $what in addresses', ({ sample, parameter }) => {
  let app: TestApp;
  let open: Project;
  let closed: Project;
  let stranger: string;
  beforeEach(async () => {
    app = await startApp({ formats: formatsWith(sample) });
    open = await app.project('open', 'public');
    closed = await app.project('closed');
    stranger = (await app.user('stranger')).token;
  });

  const inProject = (owner: Project | string) =>
    prefixIn(sample, 'project', typeof owner === 'string' ? owner : owner.fullPath);
  const levels = () => [
    inProject(open),
    inProject(closed),
    prefixIn(sample, 'group', 'acme'),
    prefixIn(sample, 'instance'),
  ];
  const get = (url: string, token?: string) => app.send('GET', url, token === undefined ? {} : { token });
  const publish = (base: string, { method, path, headers, body }: Upload, token?: string) =>
    app.send(method, base + path, { headers: { ...headers }, body, ...(token !== undefined && { token }) });

  const change = (base: string, { method, path, body }: Change, token?: string) =>
    app.send(method, base + path, {
      ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
      ...(token !== undefined && { token }),
    });

  /** Reads with a value that nothing was published with. */
  const missing = (value: string) => [...parameter.reads(value), ...(parameter.others?.(value) ?? [])];

  /** Requests to delete what is read with a value, whether the format knows such requests or not. */
  const deletions = (value: string): Change[] =>
    parameter.reads(value).map((path) => ({ method: 'DELETE', path }));

  /** The answer without what depends on the address itself. */
  async function answerTo(work: Promise<Response>, ...names: readonly string[]): Promise<readonly unknown[]> {
    const answer = await work;
    const challenge = answer.headers.get('www-authenticate') ?? '';
    const text = await answer.text();
    const plain = (part: string) => names.reduce((rest, name) => rest.replaceAll(name, '...'), part);
    return [answer.status, plain(challenge), plain(text)];
  }

  test('can have the maximum length at every level', async () => {
    const upload = await parameter.publish(parameter.longest);
    for (const base of [inProject(open), inProject(closed)]) {
      const answer = await publish(base, upload, app.rootToken);
      expect([await answer.text(), answer.status < 300]).toEqual([expect.anything(), true]);
    }
    for (const path of parameter.reads(parameter.longest)) {
      for (const base of levels())
        expect([base, (await get(base + path, app.rootToken)).status]).toEqual([base, 200]);
      expect((await get(inProject(open) + path)).status).toBe(200);
    }
    for (const each of parameter.changes?.(parameter.longest) ?? []) {
      const { status } = await change(inProject(closed), each, app.rootToken);
      expect([each.method, status < 300]).toEqual([each.method, true]);
    }
    expect(app.errors).toEqual([]);
  });

  test('finds nothing to change when it is longer, whether the caller may know of the project or not', async () => {
    const tried = [...(parameter.changes?.(parameter.tooLong) ?? []), ...deletions(parameter.tooLong)];
    expect(tried.length).toBeGreaterThan(0);
    for (const each of tried) {
      const isKnown = parameter.changes?.(parameter.tooLong).some(({ path }) => path === each.path);
      const { status } = await change(inProject(open), each, app.rootToken);
      // Nothing else can be deleted, whether it is there or not.
      expect([each.path, status]).toEqual([each.path, isKnown ? 404 : expect.toBeOneOf([404, 405])]);
      for (const token of [undefined, stranger]) {
        const hidden = await answerTo(change(inProject(closed), each, token), 'closed', 'absent');
        const absent = await answerTo(change(inProject('acme/absent'), each, token), 'closed', 'absent');
        const refused = token === undefined ? 401 : 404;
        expect([hidden, hidden[0]]).toEqual([absent, isKnown ? refused : expect.toBeOneOf([refused, 405])]);
      }
    }
    const upload = await parameter.publish(parameter.longest);
    await publish(inProject(open), upload, app.rootToken);
    for (const each of parameter.changes?.(parameter.tooLong) ?? []) {
      const { status } = await change(inProject(open), each, app.rootToken);
      expect([each.path, status]).toEqual([each.path, each.tooLong ?? 404]);
    }
    for (const each of deletions(parameter.tooLong)) {
      const { status } = await change(inProject(open), each, app.rootToken);
      expect([each.path, status]).toEqual([each.path, expect.toBeOneOf([404, 405])]);
    }
    for (const path of parameter.reads(parameter.longest)) {
      expect([path, (await get(inProject(open) + path)).status]).toEqual([path, 200]);
    }
    expect(app.errors).toEqual([]);
  });

  test('is refused with its limit when a publish has a longer one, once the caller may publish', async () => {
    const upload = await parameter.publish(parameter.tooLong);
    const answer = await publish(inProject(closed), upload, app.rootToken);
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining(`${parameter.limit}`),
    ]);
    for (const token of [undefined, stranger]) {
      const hidden = await answerTo(publish(inProject(closed), upload, token), 'closed', 'absent');
      const absent = await answerTo(publish(inProject('acme/absent'), upload, token), 'closed', 'absent');
      expect([hidden, hidden[0]]).toEqual([absent, token === undefined ? 401 : 404]);
    }
    expect(app.errors).toEqual([]);
  });

  test('is not found when a read has a longer one, as if nothing had the value', async () => {
    await app.subgroup('secret', 'private');
    const { tooLong, longest } = parameter;
    const tooMuch = tooLong + tooLong.slice(-1).repeat(5000);
    const [valid, longer, much] = [longest, tooLong, tooMuch].map(missing);
    const answer = (url: string, token?: string) =>
      answerTo(get(url, token), tooMuch, tooLong, longest, 'closed', 'secret', 'absent');
    for (const [index, path] of (valid ?? []).entries()) {
      const [long = '', veryLong = ''] = [longer?.[index], much?.[index]];
      for (const token of [undefined, stranger, app.rootToken]) {
        for (const base of levels()) {
          expect([base, await answer(base + long, token)]).toEqual([base, await answer(base + path, token)]);
        }
        if (token === app.rootToken) continue;
        for (const level of ['project', 'group'] as const) {
          const hidden = prefixIn(sample, level, level === 'project' ? 'acme/closed' : 'acme/secret');
          const expected = await answer(prefixIn(sample, level, 'acme/absent') + path, token);
          for (const each of [long, veryLong]) {
            expect([each, await answer(hidden + each, token)]).toEqual([each, expected]);
          }
        }
      }
      const inOpen = await answer(inProject(open) + path);
      expect([path, await answer(inProject(open) + veryLong)]).toEqual([path, inOpen]);
    }
    expect(app.errors).toEqual([]);
  });
});

describe.each(everySample)('$id: the path of a project or group in addresses', (sample) => {
  test.each(['project', 'group'] as const)('is that of no %s if it is too long', async (level) => {
    const app = await startApp({ formats: formatsWith(sample) });
    const { token: stranger } = await app.user('stranger');
    const path = sample.file('tool', '1.0.0');
    for (const token of [undefined, stranger, app.rootToken]) {
      const statuses = ['absent', 'a'.repeat(1001), `acme/${'a'.repeat(5000)}`, '#'.repeat(400)].map(
        async (owner) => {
          const url = prefixIn(sample, level, owner) + path;
          return (await app.send('GET', url, token === undefined ? {} : { token })).status;
        },
      );
      const [absent = 0, ...longer] = await Promise.all(statuses);
      expect([absent >= 400, longer]).toEqual([true, longer.map(() => absent)]);
    }
    expect(app.errors).toEqual([]);
  });
});

test.each(everySample)('$id states which parts of its addresses have a maximum length', ({ parameters }) => {
  expect(parameters.length).toBeGreaterThan(0);
});
