import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, expect, it } from 'vitest';
import { makeCheckedApp } from './synthesize.ts';

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
  'with links by CloudFront': makeCheckedApp({
    cloudfrontPublicKey: keyFile,
    cloudfrontKeySecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:links-AbCdEf',
  }),
};

it.each(Object.entries(stages))(
  'a stage %s is clean by cdk-nag and by the rules of CloudFormation',
  (_name, app) => {
    // Synthesis throws where the CDK's own rules are broken.
    expect(app.synth().stacks.length).toBeGreaterThan(3);
    expect(new AwsSolutionsChecks(app).validateScope(app).violations).toEqual([]);
  },
);

it('a finding is acknowledged only with a reason', () => {
  // The checks write what is acknowledged into the templates.
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
