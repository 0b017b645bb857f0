import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../services/domain/access.ts';
import type { Project } from '../../services/domain/accounts.ts';
import type { LogFields } from '../../services/ports/log.ts';
import { issueDeployToken } from '../../services/registry/accounts/issue-token.ts';
import { secretDigest } from '../../services/registry/accounts/token-secret.ts';
import { itemOf } from '../../services/registry/records/entities.ts';
import { keys } from '../../services/registry/records/keys.ts';
import { deployToken, personalToken, startApp, type TestApp } from '../kit/start-app.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';

describe.each(everySample)('a read of $id', (sample) => {
  let app: TestApp;
  let project: Project;
  let info: LogFields[];
  let debug: LogFields[];
  const file = sample.file('sample', '1.0.0');

  beforeEach(async () => {
    [info, debug] = [[], []];
    const into =
      (lines: () => LogFields[]) =>
      (message: string, fields: LogFields = {}) => {
        if (message === 'request') lines().push(fields);
      };
    const log = { debug: into(() => debug), info: into(() => info), error() {} };
    app = await startApp({ formats: formatsWith(sample), stores: { log } });
    project = await app.project('tools', 'private');
    const { method, path, headers, body } = await sample.publish('sample', '1.0.0');
    await app.send(method, prefixIn(sample, 'project', project.id) + path, {
      token: app.rootToken,
      headers,
      body,
    });
    info = [];
  });

  /** The line that the read of a file leaves at info. */
  async function lineOf(token: string, url = prefixIn(sample, 'project', project.id) + file) {
    info = [];
    const answer = await app.send('GET', url, { token });
    const text = (await answer.text()) + JSON.stringify([...answer.headers]);
    expect(info).toHaveLength(1);
    const [line = {}] = info;
    expect(line).toMatchObject({ status: answer.status, method: 'GET', request_id: expect.any(String) });
    if (line.reason !== 'missing') expect(text).not.toContain(line.reason);
    return line;
  }

  test('that is refused leaves a line with caller, route and reason, which the answer does not have', async () => {
    const dev = await app.user('guest', { level: levels.guest, of: project });
    const stranger = await app.user('stranger');
    const reader = await app.user('reader', { level: levels.reporter, of: project });
    const narrow = await personalToken(app.registry, reader.user, ['read_registry']);
    expect(await lineOf(dev.token)).toMatchObject({
      status: 403,
      user: 'guest',
      token: expect.any(Number),
      owner: String(project.id),
      route: expect.stringContaining('/:id/'),
      reason: 'role too low',
    });
    expect(await lineOf(stranger.token)).toMatchObject({ status: 404, user: 'stranger', reason: 'hidden' });
    expect(await lineOf(narrow)).toMatchObject({ status: 403, user: 'reader', reason: 'wrong scope' });
    expect(await lineOf('')).toMatchObject({ status: 401, reason: 'hidden, no token' });
    const nowhere = prefixIn(sample, 'project', 999_999) + file;
    expect(await lineOf('', nowhere)).toMatchObject({ status: 401, reason: 'missing, no token' });
    expect(await lineOf(stranger.token, nowhere)).toMatchObject({ status: 404, reason: 'missing' });
    const missing = prefixIn(sample, 'project', project.id) + sample.file('absent', '1.0.0');
    expect(await lineOf(reader.token, missing)).toMatchObject({
      status: 404,
      package: expect.stringContaining('absent'),
      reason: 'missing',
    });
  });

  test('with a token that is no longer valid says which and why', async () => {
    expect(await lineOf('phat-wrong')).toMatchObject({ status: 401, reason: 'unknown token' });
    const owner = { kind: 'project', id: project.id } as const;
    const scopes = ['read_package_registry'] as const;
    const expiresAt = app.clock.now() + 1000;
    const expiring = await issueDeployToken(app.registry, owner, { name: 'x', scopes, expiresAt });
    const revoked = await deployToken(app.registry, project, scopes);
    await app.registry.table.update(keys.token(secretDigest(revoked.secret)), { set: { revoked: true } });
    expect(await lineOf(revoked.secret)).toMatchObject({
      status: 401,
      token: revoked.token.id,
      user: revoked.token.username,
      reason: 'token revoked',
    });
    app.clock.advance(1000);
    expect(await lineOf(expiring.secret)).toMatchObject({
      token: expiring.token.id,
      reason: 'token expired',
    });
    const { user, token } = await app.user('gone', { level: levels.reporter, of: project });
    await app.registry.table.write([{ put: itemOf(keys.user(user.id), { ...user, state: 'blocked' }) }]);
    expect(await lineOf(token)).toMatchObject({ status: 401, user: 'gone', reason: 'user blocked' });
  });

  test('at group and instance level tells operators whether the package is hidden or missing', async () => {
    const { token } = await app.user('stranger');
    for (const prefix of [prefixIn(sample, 'group', 'acme'), prefixIn(sample, 'instance')]) {
      const absent = sample.file('absent', '1.0.0');
      expect(await lineOf(token, prefix + file)).toMatchObject({ status: 404, reason: 'hidden' });
      expect(await lineOf(token, prefix + absent)).toMatchObject({ status: 404, reason: 'missing' });
    }
  });

  test('that is served leaves its line at debug', async () => {
    debug = [];
    await app.send('GET', prefixIn(sample, 'project', project.id) + file, { token: app.rootToken });
    expect(info).toEqual([]);
    expect(debug).toMatchObject([{ status: 200, user: 'root', package: expect.any(String) }]);
    expect(debug[0]).not.toHaveProperty('reason');
  });
});
