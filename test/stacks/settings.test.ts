import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSettings, readSettings, unsavedSettings } from '../../lib/settings.ts';

const certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4444-8888-ffffffffffff';

describe('stage settings', () => {
  it('have defaults', () => {
    expect(readSettings(() => undefined)).toMatchObject({ stage: 'main', retainData: true, ingest: false });
  });

  it('can be overridden for one run, as text', () => {
    const context: Record<string, string> = {
      linkLifetime: '300',
      retainData: 'false',
      url: 'https://x.example/',
      urlServedElsewhere: 'true',
      confirmRemoval: 'ingest, url',
    };
    expect(readSettings((name) => context[name])).toMatchObject({
      linkLifetime: 300,
      retainData: false,
      url: 'https://x.example',
      confirmRemoval: ['ingest', 'url'],
    });
  });

  it('last in the file of their stage, and context overrides them for one run', () => {
    const folder = mkdtempSync(join(tmpdir(), 'packhouse-stages-'));
    try {
      writeFileSync(join(folder, 'main.json'), '{ "ingest": true, "ingestTasks": 3 }');
      const read = (context: Record<string, string>) => readSettings((name) => context[name], folder);
      expect(read({})).toMatchObject({ stage: 'main', ingest: true, ingestTasks: 3 });
      expect(read({ ingestTasks: '4' })).toMatchObject({ ingest: true, ingestTasks: 4 });
      writeFileSync(join(folder, 'main.json'), '{ "ingset": true }');
      expect(() => read({})).toThrow(/Unrecognized key: "ingset"/);
      writeFileSync(join(folder, 'main.json'), '{ "ingest": true, }');
      expect(() => read({})).toThrow(/stages\/main\.json is not JSON/);
      writeFileSync(join(folder, 'main.json'), '["ingest"]');
      expect(() => read({})).toThrow(/must be an object of settings/);
      expect(() => read({ stage: '../main' })).toThrow(/Unknown stage/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are unsaved if only the context has them, unless they are for one deployment', () => {
    const folder = mkdtempSync(join(tmpdir(), 'packhouse-stages-'));
    try {
      writeFileSync(join(folder, 'main.json'), '{ "linkLifetime": 300 }');
      const context: Record<string, string> = {
        ...{ linkLifetime: '600', corsOrigins: '*', alarmEmail: 'ops@example.com' },
        ...{ stage: 'main', confirmRemoval: 'url', keepExports: 'true' },
      };
      const unsaved = unsavedSettings((name) => context[name], folder);
      expect(unsaved.sort()).toEqual(['alarmEmail', 'corsOrigins']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('can be overridden as text for the ingest service too', () => {
    const context: Record<string, string> = {
      ingest: 'true',
      url: 'https://x.example',
      certificate,
      zones: 'us-east-1a, us-east-1c',
      corsOrigins: 'https://a.example,*',
      ingestCpu: '1024',
      ingestMemory: '4096',
    };
    expect(readSettings((name) => context[name])).toMatchObject({
      ingest: true,
      certificate,
      zones: ['us-east-1a', 'us-east-1c'],
      corsOrigins: ['https://a.example', '*'],
      ingestCpu: 1024,
      ingestMemory: 4096,
    });
  });

  it('reject an unknown stage', () => {
    expect(() => readSettings((name) => (name === 'stage' ? 'prdo' : undefined))).toThrow(
      /Unknown stage "prdo".*main/,
    );
  });

  it.each([
    [
      'ingest at a custom domain without a certificate',
      { ingest: true, url: 'https://x.example' },
      /needs its certificate\s*→ at certificate/,
    ],
    ['a certificate without a URL', { ingest: true, certificate }, /requires a url with https/],
    [
      'a certificate of another region',
      { ingest: true, url: 'https://x.example', certificate: certificate.replace('us-east-1', 'eu-west-1') },
      /in us-east-1, as CloudFront requires/,
    ],
    ['an origin with a path', { corsOrigins: 'https://a.example/x' }, /must be an origin/],
    [
      'a certificate of another region than that of the API',
      { url: 'https://x.example', region: 'eu-west-1', certificate },
      /in the region of the stage/,
    ],
    ['a URL that leads nowhere', { url: 'https://x.example' }, /leads nowhere.*\s*→ at url/],
    [
      'a hosted zone that does not contain the URL',
      { url: 'https://x.example', hostedZoneId: 'Z01', hostedZoneName: 'ample' },
      /at hostedZoneName/,
    ],
    [
      'a hosted zone of another domain',
      { url: 'https://bigx.example', hostedZoneId: 'Z01', hostedZoneName: 'x.example' },
      /does not contain the host/,
    ],
    ['a removal of something unknown', { confirmRemoval: ['bucket'] }, /at confirmRemoval/],
    ['a single zone', { zones: ['eu-west-1a'] }, /at zones/],
    ['a CPU size that Fargate does not offer', { ingestCpu: 600 }, /256\|512\|1024\|2048\|4096/],
    [
      'memory that does not fit the CPU size',
      { ingestCpu: 512, ingestMemory: 8192 },
      /2 to 8 times ingestCpu/,
    ],
    [
      'a maximum number of tasks below the minimum',
      { ingestTasks: 4, ingestMaxTasks: 2 },
      /must be at least ingestTasks/,
    ],
    ['a URL without a scheme', { url: 'packages.example' }, /Invalid URL\s*→ at url/],
    ['a URL of all addresses', { url: 'http://0.0.0.0' }, /clients can connect to\s*→ at url/],
    ['a URL of address 0', { url: 'https://0' }, /clients can connect to\s*→ at url/],
    ['a URL of all IPv6 addresses', { url: 'http://[::]:8080' }, /clients can connect to\s*→ at url/],
    ['a URL with a path', { url: 'https://x.example/packages' }, /must have no path/],
    ['a stage with characters that resource names cannot have', { stage: 'Prod!' }, /start with a letter/],
    ['a retention that CloudWatch does not offer', { logRetentionDays: 8 }, /must be one of 1, 3, 5/],
    [
      'a missing key file',
      { cloudfrontPublicKey: 'no/such.pem' },
      /no\/such.pem does not contain a public key/,
    ],
    [
      'a file without a key',
      { cloudfrontPublicKey: 'package.json' },
      /package.json does not contain a public key/,
    ],
    ['an incomplete ARN of a secret', { cloudfrontKeySecret: 'links' }, /complete ARN/],
    [
      'a key secret without a public key',
      { cloudfrontKeySecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:links-AbCdEf' },
      /cloudfrontPublicKey and cloudfrontKeySecret must be set together/,
    ],
    [
      'an incomplete ARN of a sealing key',
      { sealingKeySecret: 'sealing-key' },
      /complete ARN.*\s*→ at sealingKey/,
    ],
    [
      'the ARN of a table in place of its name',
      { registryTable: 'arn:aws:dynamodb:x:1:table/y' },
      /name of a table/,
    ],
    ['one table for packages and audit', { registryTable: 'x-1', auditTable: 'x-1' }, /another table/],
    ['a bucket whose name has dots', { blobBucket: 'blobs.example.com' }, /without dots/],
    ['an unknown setting', { retain: true }, /Unrecognized key: "retain"/],
  ])('reject %s', (_, settings, message) => {
    expect(() => parseSettings({ stage: 'main', ...settings })).toThrow(message);
  });
});
