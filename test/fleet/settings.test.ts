import { beforeEach, describe, expect, test } from 'vitest';
import { catalog } from '../../services/catalog.ts';
import type { Project } from '../../services/domain/accounts.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { samples } from './samples/all.ts';
import { formatOf, prefixIn } from './samples/every.ts';

const path = '/api/v4/groups/acme/package_settings';

describe.each(samples)('package settings of $id', (sample) => {
  const [allowed, exceptions] = [`${sample.id}_duplicates_allowed`, `${sample.id}_duplicate_exception_regex`];
  const { duplicates } = catalog.find(({ id }) => id === sample.id) ?? {};
  let app: TestApp;
  let project: Project;

  beforeEach(async () => {
    app = await startApp();
    project = await app.project('tools');
  });

  const settings = async () =>
    (await (await app.send('GET', path, { token: app.rootToken })).json()) as Record<string, unknown>;

  const set = (values: object) =>
    app.send('PUT', path, {
      token: app.rootToken,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(values),
    });

  async function publish(content?: string) {
    const { method, path, headers, body, bytes } = await sample.publish('sample', '1.0.0', content);
    const url = prefixIn(sample, 'project', project.id) + path;
    return { answer: await app.send(method, url, { token: app.rootToken, headers, body }), bytes };
  }

  async function served(): Promise<Buffer> {
    const url = prefixIn(sample, 'project', project.id) + sample.file('sample', '1.0.0');
    return Buffer.from(await (await app.send('GET', url, { token: app.rootToken })).arrayBuffer());
  }

  test('are the same in the descriptor and the catalog', () => {
    expect(formatOf(sample).duplicates).toBe(duplicates);
  });

  const never = duplicates === 'never' ? test : undefined;
  const bySetting = duplicates === 'by-setting' ? test : undefined;

  never?.('reject values that the format cannot honour, and change nothing', async () => {
    const before = await settings();
    for (const ignored of [
      { [allowed]: true },
      { [exceptions]: '.*' },
      { [allowed]: true, [exceptions]: 'a' },
    ]) {
      const answer = await set({ ...ignored, generic_duplicates_allowed: false });
      expect(answer.status).toBe(400);
      const { error } = (await answer.json()) as { error: string };
      for (const name of Object.keys(ignored)) expect(error).toContain(`${name} can only be `);
      expect(await settings()).toEqual(before);
    }
    expect((await publish()).answer.status).toBeLessThan(300);
    expect((await publish('other')).answer.status).toBe(sample.duplicate);
  });

  never?.('accept the only values that the format can honour', async () => {
    for (const value of [false, null]) {
      expect((await set({ [allowed]: value, [exceptions]: '' })).status).toBe(200);
      expect(await settings()).toMatchObject({ [allowed]: value, [exceptions]: '' });
    }
  });

  bySetting?.('decide whether a file may be published again', async () => {
    const { bytes } = await publish();
    expect((await set({ [allowed]: false })).status).toBe(200);
    const refused = await publish('something else');
    expect([400, 409]).toContain(refused.answer.status);
    expect((await served()).equals(bytes)).toBe(true);
    expect((await set({ [allowed]: true })).status).toBe(200);
    const again = await publish('something else');
    expect(again.answer.status).toBeLessThan(300);
    expect((await served()).equals(again.bytes)).toBe(true);
  });
});
