import { describe, expect, test } from 'vitest';
import { describeSettings, readSettings } from '../../../../services/runtime/server/settings.ts';

describe('the settings of a server', () => {
  test('have defaults', () => {
    expect(readSettings([], {})).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      dataDir: './data',
      log: 'info',
    });
  });

  test('come from flags first, then from variables', () => {
    const environment = {
      PACKHOUSE_PORT: '9000',
      PACKHOUSE_DATA_DIR: '/srv',
      PACKHOUSE_URL: 'https://p.example/',
    };
    const settings = readSettings(['--port', '9001'], environment);
    expect(settings).toMatchObject({ port: 9001, dataDir: '/srv', url: 'https://p.example' });
  });

  test('an empty variable is as good as none', () => {
    expect(readSettings([], { PACKHOUSE_PORT: '' }).port).toBe(8080);
  });

  test.each([
    [['--port', '99999'], {}, '--port (PACKHOUSE_PORT)'],
    [['--root-token', 'short'], {}, 'at least 20 characters'],
    [[], { PACKHOUSE_URL: 'ftp://x' }, '--url (PACKHOUSE_URL)'],
    [['--no-such'], {}, '--no-such'],
    [[], { PACKHOUSE_TABLE: 'packages', PACKHOUSE_BUCKET: 'bucket' }, 'PACKHOUSE_AUDIT_TABLE'],
    [[], { PACKHOUSE_TABLE: 'packages', PACKHOUSE_AUDIT_TABLE: 'audit' }, 'PACKHOUSE_BUCKET'],
  ] as const)('%j with %j is refused, naming what is wrong', (flags, environment, message) => {
    expect(() => readSettings(flags, environment)).toThrow(message);
  });

  test('a root token is never repeated in the refusal', () => {
    expect(() => readSettings(['--root-token', 'hush'], {})).not.toThrow('hush');
  });

  test('are all in the help', () => {
    expect(describeSettings()).toContain('--data-dir');
    expect(describeSettings()).toContain('PACKHOUSE_ROOT_TOKEN');
  });
});
