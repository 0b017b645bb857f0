import { beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import type { Log } from '../../services/ports/log.ts';
import type { Table } from '../../services/ports/table.ts';
import { jsonLog } from '../../services/runtime/server/json-log.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';

/** The log of a host, and what it has written so far. */
interface HostLog {
  readonly log: Log;
  readonly written: () => string;
}

function serverLog(): HostLog {
  const lines: string[] = [];
  return { log: jsonLog('debug', (line) => lines.push(line)), written: () => lines.join('') };
}

async function functionLog(): Promise<HostLog> {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG');
  vi.resetModules();
  const lines: string[] = [];
  for (const method of ['debug', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((line) => void lines.push(String(line)));
  }
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  const { log } = await import('../../services/runtime/lambda/logging.ts');
  vi.unstubAllEnvs();
  return { log, written: () => lines.join('\n') };
}

const hosts = [
  { host: 'the server', open: async () => serverLog() },
  { host: 'a function', open: functionLog },
];

describe.each(everySample)('the log of $id', (sample) => {
  describe.each(hosts)('on $host', ({ open }) => {
    let app: TestApp;
    let host: HostLog;
    let failing: string | undefined;
    beforeEach(async () => {
      failing = undefined;
      host = await open();
      const table = memoryTable();
      const faulty: Table = {
        ...table,
        getMany(keys) {
          if (failing !== undefined) throw new Error(`failed at ${failing}`, { cause: new Error(failing) });
          return table.getMany(keys);
        },
      };
      app = await startApp({ formats: formatsWith(sample), stores: { log: host.log, table: faulty } });
      return () => vi.restoreAllMocks();
    });

    /** Formats change the hyphen and the case of names, but not the characters that make a token secret. */
    function expectNoneOf(secret: string): void {
      const written = host.written().toLowerCase();
      expect(written).not.toContain(secret.slice('phat-'.length).toLowerCase());
    }

    test('holds no token that is the name of a package, version or file', async () => {
      const project = await app.project('tools');
      const { token: secret } = await app.user('ann');
      const prefix = prefixIn(sample, 'project', project.id);
      for (const parameter of sample.parameters) {
        const value = parameter.holding?.(secret) ?? secret;
        const { method, path, headers, body } = await parameter.publish(value);
        const answer = await app.send(method, prefix + path, { token: app.rootToken, headers, body });
        expect([parameter.what, answer.status]).toEqual([parameter.what, expect.toBeOneOf([200, 201])]);
        for (const read of parameter.reads(value)) {
          const { status } = await app.send('GET', prefix + read, { token: app.rootToken });
          expect([read, status < 400]).toEqual([read, true]);
        }
        for (const { method, path, body } of parameter.changes?.(value) ?? []) {
          const { status } = await app.send(method, prefix + path, {
            token: app.rootToken,
            ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
          });
          expect([path, status < 300]).toEqual([path, true]);
        }
      }
      expect(host.written()).toContain('[token]');
      expectNoneOf(secret);
    });

    test('holds no token at debug level, whatever carries it', async () => {
      const project = await app.project('tools');
      const { token: secret } = await app.user('ann');
      const prefix = prefixIn(sample, 'project', project.id);
      const { method, path, headers, body } = await sample.publish('sample', '1.0.0');
      const basic = Buffer.from(`ann:${secret}`).toString('base64');
      const carriers: readonly Record<string, string>[] = [
        { authorization: `Bearer ${secret}` },
        { authorization: secret },
        { authorization: `Basic ${basic}` },
        { 'private-token': secret, 'user-agent': secret },
        { 'deploy-token': secret, cookie: secret, referer: `http://x/?private_token=${secret}` },
        {},
      ];
      const encoded = secret.replace('-', '%2D');
      for (const carried of carriers) {
        for (const url of [
          `${prefix}${path}`,
          `${prefix}/${secret}`,
          `${prefix}/-/user/token/${encoded}`,
          `${prefix}${sample.file(secret, '1.0.0')}`,
          `${prefix}${sample.file('sample', '1.0.0')}?private_token=${secret}`,
          `${prefixIn(sample, 'project', secret)}${path}`,
          `/api/v4/projects/${secret}?job_token=${secret}`,
        ]) {
          await app.send('GET', url, { headers: carried });
          await app.send('HEAD', url, { headers: carried });
          await app.send(method, url, { headers: { ...headers, ...carried }, body });
          await app.send('PUT', url, {
            headers: carried,
            body: JSON.stringify({ name: secret, password: secret }),
          });
        }
      }
      failing = `https://table/?Authorization=Basic ${basic}&private_token=${secret} ${secret}`;
      expect(
        (await app.send('GET', `${prefix}${sample.file('sample', '1.0.0')}`, { token: secret })).status,
      ).toBe(500);
      expect(host.written()).toContain('failed at');
      expectNoneOf(secret);
      expect(host.written()).not.toContain(basic);
      expect(host.written().match(/"message":\s?"request"/g)?.length).toBeGreaterThan(40);
    });
  });
});
