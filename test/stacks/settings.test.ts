import { describe, expect, it } from 'vitest';
import { parseSettings, readSettings } from '../../lib/settings.ts';

const certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4444-8888-ffffffffffff';

describe('stage settings', () => {
  it('need nothing', () => {
    expect(readSettings(() => undefined)).toMatchObject({ stage: 'main', retainData: true, ingest: false });
  });

  it('can be changed for one run, as text', () => {
    const context: Record<string, string> = {
      linkLifetime: '300',
      retainData: 'false',
      url: 'https://x.example/',
    };
    expect(readSettings((name) => context[name])).toMatchObject({
      linkLifetime: 300,
      retainData: false,
      url: 'https://x.example',
    });
  });

  it('of the ingest service may come as text, too', () => {
    const context: Record<string, string> = {
      ingest: 'true',
      url: 'https://x.example',
      certificate,
      zones: 'us-east-1a, us-east-1c',
      ingestCpu: '1024',
      ingestMemory: '4096',
    };
    expect(readSettings((name) => context[name])).toMatchObject({
      ingest: true,
      certificate,
      zones: ['us-east-1a', 'us-east-1c'],
      ingestCpu: 1024,
      ingestMemory: 4096,
    });
  });

  it('name a stage that is there', () => {
    expect(() => readSettings((name) => (name === 'stage' ? 'prdo' : undefined))).toThrow(
      /Unknown stage "prdo".*main/,
    );
  });

  it.each([
    [
      'ingest at a name of its own without a certificate',
      { ingest: true, url: 'https://x.example' },
      /needs its certificate\s*→ at certificate/,
    ],
    ['a certificate without a name', { ingest: true, certificate }, /requires a url with https/],
    [
      'a certificate of another region',
      { certificate: certificate.replace('us-east-1', 'eu-west-1') },
      /in us-east-1, as CloudFront requires/,
    ],
    ['a single zone', { zones: ['eu-west-1a'] }, /at zones/],
    ['a processor that Fargate does not have', { ingestCpu: 600 }, /256\|512\|1024\|2048\|4096/],
    [
      'memory that does not fit the processor',
      { ingestCpu: 512, ingestMemory: 8192 },
      /2 to 8 times ingestCpu/,
    ],
    ['less at most than at least', { ingestTasks: 4, ingestMaxTasks: 2 }, /must be at least ingestTasks/],
    ['a URL with a path', { url: 'https://x.example/packages' }, /must have no path/],
    ['a stage that can not be part of a name', { stage: 'Prod!' }, /start with a letter/],
    ['a retention that CloudWatch does not know', { logRetentionDays: 8 }, /must be one of 1, 3, 5/],
    [
      'a key that is not there',
      { cloudfrontPublicKey: 'no/such.pem' },
      /no\/such.pem does not contain a public key/,
    ],
    ['what is no key', { cloudfrontPublicKey: 'package.json' }, /package.json does not contain a public key/],
    ['part of the ARN of a secret', { cloudfrontKeySecret: 'links' }, /complete ARN/],
    [
      'a key without its other half',
      { cloudfrontKeySecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:links-AbCdEf' },
      /cloudfrontPublicKey and cloudfrontKeySecret must be set together/,
    ],
    ['what is no setting', { retain: true }, /Unrecognized key: "retain"/],
  ])('refuse %s', (_, settings, message) => {
    expect(() => parseSettings({ stage: 'main', ...settings })).toThrow(message);
  });
});
