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

/** Writes these keys to a file and returns its path. */
function fileOf(...keys: string[]): string {
  const file = join(folder, randomUUID());
  writeFileSync(file, keys.join(''));
  return file;
}

const secret = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:links-AbCdEf';
const key = publicKey();
const settings = { cloudfrontPublicKey: fileOf(key), cloudfrontKeySecret: secret };
const { data, api, jobs } = synthesize(settings);

describe('CloudFront links', () => {
  it('are off by default', () => {
    const plain = synthesize();
    plain.data.resourceCountIs('AWS::CloudFront::Distribution', 0);
    expect(JSON.stringify(plain.api.toJSON())).not.toContain('CLOUDFRONT');
    const secrets = allowedTo(plain.api, 'files')
      .filter(({ action }) => action === 'secretsmanager:GetSecretValue')
      .map(({ resource }) => resource);
    // A family with signed indexes reads the sealing key.
    expect(secrets.filter((resource) => !resource.includes('SealingKey'))).toEqual([]);
  });

  it('are held by an export in use, so that no deployment removes them unasked', () => {
    data.hasOutput('*', { Export: { Name: 'packhouse-main-lasting-links' }, Value: 'links' });
    jobs.hasResourceProperties('AWS::SSM::Parameter', {
      Name: '/packhouse/main/lasting-features',
      Value: { 'Fn::ImportValue': 'packhouse-main-lasting-links' },
    });
  });

  it('require a signature and HTTPS, and allow only GET and HEAD', () => {
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

  it('read from a bucket whose policy lets in only this distribution', () => {
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

  it('are cached by CloudFront per response file name and type, and by no other shared cache', () => {
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

  it('are signed only by the functions that answer requests', () => {
    const readersOfKey = (template: typeof api) =>
      functionNames(template).filter((name) =>
        allowedTo(template, name).some(
          ({ action, resource }) => action === 'secretsmanager:GetSecretValue' && resource.includes(secret),
        ),
      );
    expect(readersOfKey(api)).toEqual([...families, 'api', 'router']);
    expect(readersOfKey(jobs)).toEqual([]);
    for (const { Environment } of propertiesOf(api, 'AWS::Lambda::Function')) {
      expect(Environment.Variables).toMatchObject({ PACKHOUSE_CLOUDFRONT_KEY: secret });
    }
  });

  it('do not involve jobs and the ingest service, which cannot read the key', () => {
    const { ingest } = synthesizeIngest(settings);
    expect(JSON.stringify(jobs.toJSON())).not.toContain('CLOUDFRONT');
    expect(JSON.stringify(ingest.toJSON())).not.toMatch(/CLOUDFRONT|secretsmanager/);
  });

  it('put a new key into a new resource, since a key cannot be changed', () => {
    const names = (template: typeof data) =>
      Object.keys(template.findResources('AWS::CloudFront::PublicKey'));
    const other = synthesize({ ...settings, cloudfrontPublicKey: fileOf(publicKey()) });
    expect(names(other.data)).not.toEqual(names(data));
  });

  it('accept several keys and sign new links with the first', () => {
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
