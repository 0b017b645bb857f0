import { describe, expect, test } from 'vitest';
import {
  hasOnlyLocalUrl,
  homeNames,
  homeOf,
  readSettings,
} from '../../../../services/runtime/server/settings.ts';

const onAws = { PACKHOUSE_TABLE: 'table', PACKHOUSE_AUDIT_TABLE: 'audit', PACKHOUSE_BUCKET: 'bucket' };
const auditQueue = 'audit https://sqs.example/1/audit https://sqs.example/1/dead';

describe('the settings of a server', () => {
  test('list the queue of each job', () => {
    const PACKHOUSE_JOB_QUEUES = `${auditQueue},\n  search https://q https://d`;
    expect(readSettings([], { ...onAws, PACKHOUSE_JOB_QUEUES }).jobQueues).toEqual({
      audit: { url: 'https://sqs.example/1/audit', deadLetterUrl: 'https://sqs.example/1/dead' },
      search: { url: 'https://q', deadLetterUrl: 'https://d' },
    });
  });

  test('have defaults', () => {
    expect(readSettings([], {})).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      dataDir: './data',
      log: 'info',
    });
  });

  test('come from flags first, then from environment variables', () => {
    const environment = {
      PACKHOUSE_PORT: '9000',
      PACKHOUSE_DATA_DIR: '/srv',
      PACKHOUSE_URL: 'https://p.example/',
    };
    const settings = readSettings(['--port', '9001'], environment);
    expect(settings).toMatchObject({ port: 9001, dataDir: '/srv', url: 'https://p.example' });
  });

  test.each([
    ['0.0.0.0', 'http://localhost:8080', true],
    ['::', 'http://127.0.0.1:8080', true],
    ['0.0.0.0', 'https://packages.example.com', false],
    ['127.0.0.1', 'http://localhost:8080', false],
    ['127.0.0.1', undefined, false],
  ])('tell a server on %s, with the URL %s, that leads other machines astray: %s', (host, url, expected) => {
    expect(hasOnlyLocalUrl({ host, url })).toBe(expected);
  });

  test('ignore an empty environment variable', () => {
    expect(readSettings([], { PACKHOUSE_PORT: '' }).port).toBe(8080);
  });

  test('list the origins whose pages may use the registry', () => {
    expect(readSettings([], {}).corsOrigins).toEqual([]);
    const { corsOrigins } = readSettings(['--cors-origins', 'https://a.example, http://b:8080'], {});
    expect(corsOrigins).toEqual(['https://a.example', 'http://b:8080']);
    expect(readSettings([], { PACKHOUSE_CORS_ORIGINS: '*' }).corsOrigins).toEqual(['*']);
  });

  test.each([
    [['--cors-origins', 'https://a.example/'], {}, 'must be a list of origins'],
    [['--port', '99999'], {}, '--port (PACKHOUSE_PORT)'],
    [['--root-token', 'short'], {}, 'at least 20 characters'],
    [['--idle-seconds', '0'], {}, '--idle-seconds (PACKHOUSE_IDLE_SECONDS)'],
    [[], { PACKHOUSE_URL: 'ftp://x' }, '--url (PACKHOUSE_URL)'],
    [[], { PACKHOUSE_URL: 'http://0.0.0.0:8080' }, 'not an address that clients can connect to'],
    [['--url', 'http://[::]'], {}, 'not an address that clients can connect to'],
    [['--url', 'packages.example.com'], {}, '--url (PACKHOUSE_URL): Invalid URL'],
    [['--cloudfront-url', 'https://0'], {}, 'not an address that clients can connect to'],
    [['--s3-link-endpoint', 'http://[::]:9000'], {}, 'not an address that clients can connect to'],
    [['--no-such'], {}, 'unknown option --no-such: see --help'],
    [['--prot', '1'], {}, 'unknown option --prot: did you mean --port?'],
    [['--trusted-proxies', '11'], {}, '--trusted-proxies (PACKHOUSE_TRUSTED_PROXIES)'],
    [
      [],
      { PACKHOUSE_JOB_QUEUES: 'audit https://q https://d' },
      'PACKHOUSE_JOB_QUEUES requires PACKHOUSE_TABLE',
    ],
    [
      [],
      { ...onAws, PACKHOUSE_JOB_QUEUES: 'tidy https://q https://d' },
      'must name one of the jobs audit, cleanup',
    ],
    [[], { ...onAws, PACKHOUSE_JOB_QUEUES: 'audit https://q' }, 'and the dead-letter queue of audit'],
    [[], { ...onAws, PACKHOUSE_JOB_QUEUES: `${auditQueue},${auditQueue}` }, 'names a job twice'],
    [
      [],
      { ...onAws, PACKHOUSE_DELETE_BLOBS: 'false', PACKHOUSE_JOB_QUEUES: 'cleanup https://q https://d' },
      'includes cleanup, which PACKHOUSE_DELETE_BLOBS does not allow',
    ],
    [[], { PACKHOUSE_DRAIN_SECONDS: '90m' }, '--drain-seconds (PACKHOUSE_DRAIN_SECONDS)'],
    [[], { PACKHOUSE_MAKE_ROOT: 'maybe' }, '--make-root (PACKHOUSE_MAKE_ROOT)'],
    [[], { PACKHOUSE_TABLE: 'packages', PACKHOUSE_BUCKET: 'bucket' }, 'PACKHOUSE_AUDIT_TABLE'],
    [[], { PACKHOUSE_TABLE: 'packages', PACKHOUSE_AUDIT_TABLE: 'audit' }, 'PACKHOUSE_BUCKET'],
    [['--migrate-from', 'ftp://x'], {}, '--migrate-from (PACKHOUSE_MIGRATE_FROM): invalid storage location'],
    [['--migrate-from', 'local'], {}, 'is the location where blobs are already stored'],
    [['--bucket', 'one', '--migrate-from', 's3://one'], {}, 'is the location where blobs are already stored'],
    [
      ['--bucket', 'one', '--region', 'a', '--migrate-from', 's3://one?region=b'],
      {},
      'is the location where blobs are already stored',
    ],
    [['--bucket', 'one', '--s3-prefix', 'blobs/x'], {}, '--s3-prefix (PACKHOUSE_S3_PREFIX)'],
    [['--bucket', 'one', '--s3-endpoint', 'minio:9000'], {}, '--s3-endpoint (PACKHOUSE_S3_ENDPOINT): an'],
    [['--bucket', 'one', '--s3-endpoint', 'http://key:hush@minio'], {}, 'must not contain credentials'],
    [['--bucket', 'one', '--blob-dir', '/mnt'], {}, 'two storage locations'],
    [['--bucket', 'one', '--s3-kms-key', 'alias/x'], {}, 'PACKHOUSE_S3_ENCRYPTION=aws:kms'],
    [['--bucket', 'one', '--s3-encryption', 'rot13'], {}, '--s3-encryption (PACKHOUSE_S3_ENCRYPTION)'],
    [['--link-lifetime', '59'], {}, '--link-lifetime (PACKHOUSE_LINK_LIFETIME)'],
    [
      ['--allowed-download-modes', 'proxy,never'],
      {},
      '--allowed-download-modes (PACKHOUSE_ALLOWED_DOWNLOAD_MODES): must be a list of',
    ],
    [
      ['--bucket', 'one', '--migrate-from', 'local'],
      { PACKHOUSE_TABLE: 'packages', PACKHOUSE_AUDIT_TABLE: 'audit' },
      'requires records in the data directory',
    ],
  ] as const)('are rejected with the reason: flags %j, environment %j', (flags, environment, message) => {
    expect(() => readSettings(flags, environment)).toThrow(message);
  });

  test('are rejected without repeating the root token', () => {
    expect(() => readSettings(['--root-token', 'hush'], {})).not.toThrow('hush');
  });

  test('name the storage location of blobs, and the one from which they are migrated', () => {
    const settings = readSettings(['--bucket', 'one', '--s3-prefix', '/a//b'], {
      PACKHOUSE_MIGRATE_FROM: 's3://two?region=eu-west-1',
      PACKHOUSE_S3_ENDPOINT: 'http://127.0.0.1:9000',
    });
    expect(homeOf(settings)).toMatchObject({
      bucket: 'one',
      prefix: 'a/b/',
      endpoint: 'http://127.0.0.1:9000',
    });
    expect(homeNames(settings)).toEqual({
      location: 's3://one/a/b?endpoint=http://127.0.0.1:9000',
      from: 's3://two',
    });
    expect(homeNames(readSettings([], {}))).toEqual({ location: 'local', from: undefined });
    const elsewhere = readSettings(['--blob-dir', '/mnt/blobs/'], {});
    expect(homeNames(elsewhere)).toEqual({ location: 'file:///mnt/blobs', from: undefined });
    const same = readSettings(['--data-dir', '/srv', '--blob-dir', '/srv'], {});
    expect(homeNames(same)).toEqual({ location: 'local', from: undefined });
  });

  test('define how a bucket is used', () => {
    const flags = ['--bucket', 'one', '--s3-profile', 'minio', '--s3-encryption', 'aws:kms'];
    expect(
      homeOf(readSettings([...flags, '--s3-kms-key', 'alias/x', '--s3-path-style', 'true'], {})),
    ).toEqual({
      kind: 's3',
      bucket: 'one',
      prefix: '',
      pathStyle: true,
      profile: 'minio',
      encryption: 'aws:kms',
      kmsKey: 'alias/x',
    });
  });

  test('can be read in part, and other flags are then unknown', () => {
    expect(readSettings(['--data-dir', '/x'], { PACKHOUSE_PORT: 'x' }, ['dataDir']).dataDir).toBe('/x');
    expect(() => readSettings(['--port', '1'], {}, ['dataDir'])).toThrow('--port');
  });
});
