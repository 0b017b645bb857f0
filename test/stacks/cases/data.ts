import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { propertiesOf, synthesize } from '../synthesize.ts';

const { data } = synthesize();

describe('tables', () => {
  it('have the keys, indexes and expiry of the table port', () => {
    const tables = propertiesOf(data, 'AWS::DynamoDB::GlobalTable');
    expect(tables).toHaveLength(2);
    for (const table of tables) {
      expect(table).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        GlobalSecondaryIndexes: ['index1', 'index2'].map((name) => ({
          IndexName: name,
          KeySchema: [
            { AttributeName: `${name}pk`, KeyType: 'HASH' },
            { AttributeName: `${name}sk`, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        })),
      });
    }
  });

  it('can be restored and can not be deleted by accident', () => {
    for (const { Replicas } of propertiesOf(data, 'AWS::DynamoDB::GlobalTable')) {
      expect(Replicas).toMatchObject([
        {
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
        },
      ]);
    }
  });

  it('tell their news only where someone listens', () => {
    const streams = propertiesOf(data, 'AWS::DynamoDB::GlobalTable').map(
      (table) => table.StreamSpecification,
    );
    expect(streams).toEqual([{ StreamViewType: 'NEW_IMAGE' }, undefined]);
  });
});

describe('the bucket', () => {
  it('is private, encrypted, and keeps deleted blobs as long as tables can be restored', () => {
    data.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: Match.anyValue(),
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: {
        Rules: Match.arrayWith([
          Match.objectLike({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } }),
          Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: 35 } }),
        ]),
      },
    });
  });

  it('talks TLS only', () => {
    data.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });
});

describe('the root token', () => {
  it('is made up by Secrets Manager', () => {
    data.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { PasswordLength: 40, ExcludePunctuation: true },
    });
  });
});

describe('the sealing key', () => {
  it('is made up by Secrets Manager, with more than 256 bits', () => {
    data.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
    });
  });
});

describe('what holds data', () => {
  const types = ['AWS::DynamoDB::GlobalTable', 'AWS::S3::Bucket', 'AWS::SecretsManager::Secret'];

  it.each(types)('outlives its stack: %s', (type) => {
    data.allResources(type, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  it.each(types)('goes with its stack in a stage that does not retain: %s', (type) => {
    synthesize({ retainData: false }).data.allResources(type, { DeletionPolicy: 'Delete' });
  });
});
