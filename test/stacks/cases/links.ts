import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
import { families } from '../../../services/catalog.ts';
import { allowedTo, functionNames, propertiesOf, synthesize, synthesizeIngest } from '../synthesize.ts';

const folder = mkdtempSync(join(tmpdir(), 'packhouse-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

const publicKey = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).publicKey;

/** A file with these keys. */
function fileOf(...keys: string[]): string {
  const file = join(folder, randomUUID());
  writeFileSync(file, keys.join(''));
  return file;
}

const secret = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:links-AbCdEf';
const key = publicKey();
const settings = { cloudfrontPublicKey: fileOf(key), cloudfrontKeySecret: secret };
const { data, api, jobs } = synthesize(settings);

describe('links by CloudFront', () => {
  it('are not there unless they are asked for', () => {
    const plain = synthesize();
    plain.data.resourceCountIs('AWS::CloudFront::Distribution', 0);
    expect(JSON.stringify(plain.api.toJSON())).not.toContain('CLOUDFRONT');
    expect(allowedTo(plain.api, 'files').map(({ action }) => action)).not.toContain(
      'secretsmanager:GetSecretValue',
    );
  });

  it('are answered only with a signature, over TLS, and for reading', () => {
    const [{ DistributionConfig: distribution }] = propertiesOf(data, 'AWS::CloudFront::Distribution');
    expect(distribution.DefaultCacheBehavior).toMatchObject({
      TrustedKeyGroups: [{ Ref: expect.stringContaining('Keys') }],
      ViewerProtocolPolicy: 'https-only',
      AllowedMethods: ['GET', 'HEAD'],
      Compress: false,
    });
    expect(distribution.CacheBehaviors).toBeUndefined();
    expect(propertiesOf(data, 'AWS::CloudFront::PublicKey')).toMatchObject([
      { PublicKeyConfig: { EncodedKey: key.trim() } },
    ]);
  });

  it('come from a bucket that lets in this distribution and nobody else', () => {
    data.hasResourceProperties('AWS::CloudFront::OriginAccessControl', {
      OriginAccessControlConfig: { SigningBehavior: 'always', OriginAccessControlOriginType: 's3' },
    });
    data.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Action: 's3:GetObject',
            Principal: { Service: 'cloudfront.amazonaws.com' },
            Condition: { StringEquals: { 'AWS:SourceArn': Match.anyValue() } },
          }),
        ]),
      },
    });
  });

  it('are kept by CloudFront under the names they answer with, and by no other cache', () => {
    data.hasResourceProperties('AWS::CloudFront::CachePolicy', {
      CachePolicyConfig: {
        ParametersInCacheKeyAndForwardedToOrigin: {
          QueryStringsConfig: {
            QueryStringBehavior: 'whitelist',
            QueryStrings: ['response-content-disposition', 'response-content-type'],
          },
          HeadersConfig: { HeaderBehavior: 'none' },
        },
      },
    });
    data.hasResourceProperties('AWS::CloudFront::ResponseHeadersPolicy', {
      ResponseHeadersPolicyConfig: {
        CustomHeadersConfig: {
          Items: [{ Header: 'cache-control', Override: true, Value: Match.stringLikeRegexp('^private') }],
        },
        SecurityHeadersConfig: { ContentTypeOptions: { Override: true } },
      },
    });
  });

  it('are signed by the functions that answer requests, and by no others', () => {
    const may = (template: typeof api) =>
      functionNames(template).filter((name) =>
        allowedTo(template, name).some(
          ({ action, resource }) => action === 'secretsmanager:GetSecretValue' && resource.includes(secret),
        ),
      );
    expect(may(api)).toEqual([...families, 'api', 'router']);
    expect(may(jobs)).toEqual([]);
    for (const { Environment } of propertiesOf(api, 'AWS::Lambda::Function')) {
      expect(Environment.Variables).toMatchObject({ PACKHOUSE_CLOUDFRONT_KEY: secret });
    }
  });

  it('do not concern jobs and the ingest service, which may not read the key', () => {
    const { ingest } = synthesizeIngest(settings);
    expect(JSON.stringify(jobs.toJSON())).not.toContain('CLOUDFRONT');
    expect(JSON.stringify(ingest.toJSON())).not.toMatch(/CLOUDFRONT|secretsmanager/);
  });

  it('get another key as another resource, since a key can not be changed', () => {
    const names = (template: typeof data) =>
      Object.keys(template.findResources('AWS::CloudFront::PublicKey'));
    const other = synthesize({ ...settings, cloudfrontPublicKey: fileOf(publicKey()) });
    expect(names(other.data)).not.toEqual(names(data));
  });

  it('may be checked by several keys, of which the first is that of new links', () => {
    const next = publicKey();
    const changed = synthesize({ ...settings, cloudfrontPublicKey: fileOf(next, key) });
    const [group] = propertiesOf(changed.data, 'AWS::CloudFront::KeyGroup');
    expect(group.KeyGroupConfig.Items).toHaveLength(2);
    const [first] = group.KeyGroupConfig.Items.map(({ Ref }: { Ref: string }) => Ref);
    const keys = changed.data.findResources('AWS::CloudFront::PublicKey');
    expect(keys[first]?.Properties.PublicKeyConfig.EncodedKey).toBe(next.trim());
    const ids = propertiesOf(changed.api, 'AWS::Lambda::Function').map(
      ({ Environment }) => Environment.Variables.PACKHOUSE_CLOUDFRONT_KEY_ID,
    );
    expect(JSON.stringify(ids)).toContain(first);
  });
});
