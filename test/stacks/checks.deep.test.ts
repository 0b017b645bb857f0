import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, expect, it } from 'vitest';
import { makeCheckedApp, otherStores } from './synthesize.ts';

const folder = mkdtempSync(join(tmpdir(), 'packhouse-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const keyFile = join(folder, 'key.pem');
writeFileSync(keyFile, publicKey);

const alarmEmail = 'ops@example.com';
const stages: Readonly<Record<string, App>> = {
  'without ingest': makeCheckedApp({ alarmEmail, ingest: false }),
  'with ingest': makeCheckedApp({ alarmEmail, ingest: true }),
  'with CloudFront links': makeCheckedApp({
    cloudfrontPublicKey: keyFile,
    cloudfrontKeySecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:links-AbCdEf',
  }),
  'with stores that replace its own': makeCheckedApp({
    ...{ alarmEmail, ...otherStores },
    cloudfrontPublicKey: keyFile,
    cloudfrontKeySecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:links-AbCdEf',
  }),
};

it.each(Object.entries(stages))('a stage %s passes cdk-nag and the rules of CloudFormation', (_name, app) => {
  // Synthesis throws when one of the CDK's own rules is broken.
  expect(app.synth().stacks.length).toBeGreaterThan(3);
  expect(new AwsSolutionsChecks(app).validateScope(app).violations).toEqual([]);
});

it('every acknowledged finding has a reason', () => {
  // The checks write acknowledged findings into the templates.
  const acknowledged = Object.values(stages)
    .flatMap((app) => app.synth().stacks)
    .flatMap(({ template }) => Object.values(template.Resources as Record<string, { Metadata?: unknown }>))
    .flatMap(
      ({ Metadata }) =>
        (Metadata as { cdk_nag?: { rules_to_suppress: { reason: string }[] } })?.cdk_nag ?? [],
    )
    .flatMap((nag) => nag.rules_to_suppress);
  expect(acknowledged.length).toBeGreaterThan(0);
  for (const { reason } of acknowledged) expect(reason.length).toBeGreaterThan(30);
});
