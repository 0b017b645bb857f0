import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { uploadTimes } from '../../../lib/upload-times.ts';
import { propertiesOf, root, synthesize, synthesizeIngest } from '../synthesize.ts';

const { api, jobs, ingest } = synthesizeIngest();
const [{ DistributionConfig: config }] = propertiesOf(api, 'AWS::CloudFront::Distribution');
const behaviors = [config.DefaultCacheBehavior, ...config.CacheBehaviors];

const certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4444-8888-ffffffffffff';
const own = synthesizeIngest({ url: 'https://packages.example', certificate });

/** The ids of policies that AWS manages, the same in every account. */
const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const ALL_VIEWER_EXCEPT_HOST_HEADER = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';

describe('the front door', () => {
  it('exists only with the ingest service', () => {
    expect(propertiesOf(synthesize().api, 'AWS::CloudFront::Distribution')).toEqual([]);
  });

  it('caches nothing, forwards everything but the Host header, and requires HTTPS', () => {
    expect(behaviors).toHaveLength(2);
    for (const behavior of behaviors) {
      expect(behavior).toMatchObject({
        CachePolicyId: CACHING_DISABLED,
        OriginRequestPolicyId: ALL_VIEWER_EXCEPT_HOST_HEADER,
        ViewerProtocolPolicy: 'https-only',
        Compress: false,
      });
      expect([...behavior.AllowedMethods].sort()).toEqual(
        ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'].sort(),
      );
    }
  });

  it('does not cache errors, since a missing package may be published a moment later', () => {
    const statuses = config.CustomErrorResponses.map((error: { ErrorCode: number }) => error.ErrorCode);
    expect(statuses).toEqual([400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]);
    for (const error of config.CustomErrorResponses) {
      expect(error).toEqual({ ErrorCode: error.ErrorCode, ErrorCachingMinTTL: 0 });
    }
  });

  it('sends requests to the API unless its function selects the ingest service', () => {
    const { TargetOriginId, FunctionAssociations } = config.DefaultCacheBehavior;
    expect(TargetOriginId).toBe('api');
    expect(FunctionAssociations).toMatchObject([{ EventType: 'viewer-request' }]);
    const [routing] = propertiesOf(api, 'AWS::CloudFront::Function');
    expect(routing.FunctionConfig.Runtime).toBe('cloudfront-js-2.0');
    expect(routing.FunctionCode).toBe(readFileSync(join(root, 'lib/edge/route-uploads.js'), 'utf8'));
    const [, selected] = /selectRequestOriginById\('(\w+)'\)/.exec(routing.FunctionCode) ?? [];
    expect(config.Origins.map((origin: { Id: string }) => origin.Id)).toEqual(['api', selected]);
  });

  it('serves the readiness of the ingest service', () => {
    expect(config.CacheBehaviors).toMatchObject([{ PathPattern: '/-/readiness', TargetOriginId: 'ingest' }]);
  });

  it('reaches the API over TLS and the service through its VPC, with a read timeout for each', () => {
    expect(config.Origins).toMatchObject([
      {
        Id: 'api',
        CustomOriginConfig: {
          OriginProtocolPolicy: 'https-only',
          OriginSSLProtocols: ['TLSv1.2'],
          // The API itself times out after 30 seconds.
          OriginReadTimeout: 35,
        },
      },
      {
        Id: 'ingest',
        VpcOriginConfig: {
          OriginReadTimeout: uploadTimes.answer,
          OriginKeepaliveTimeout: uploadTimes.edgeKeepAlive,
        },
      },
    ]);
    expect(uploadTimes.edgeKeepAlive).toBeLessThan(uploadTimes.idle);
    // The total duration of an upload is not limited.
    for (const origin of config.Origins) expect(origin).not.toHaveProperty('ResponseCompletionTimeout');
  });

  it('is the URL that functions, jobs and the ingest service get', () => {
    const name = { 'Fn::GetAtt': [expect.stringMatching(/^FrontDoorDistribution/), 'DomainName'] };
    for (const { Environment } of propertiesOf(api, 'AWS::Lambda::Function')) {
      expect(Environment.Variables.PACKHOUSE_URL).toEqual({ 'Fn::Join': ['', ['https://', name]] });
    }
    // A weak reference: a strong one would prevent a change of address when the service is added or removed.
    const reference =
      /"Fn::GetStackOutput":\{"StackName":"packhouse-main-api",.*FrontDoorDistribution\w*DomainName/;
    for (const { Environment } of propertiesOf(jobs, 'AWS::Lambda::Function')) {
      expect(JSON.stringify(Environment.Variables.PACKHOUSE_URL)).toMatch(reference);
    }
    const [task] = propertiesOf(ingest, 'AWS::ECS::TaskDefinition');
    const url = task.ContainerDefinitions[0].Environment.find(
      (variable: { Name: string }) => variable.Name === 'PACKHOUSE_URL',
    );
    expect(JSON.stringify(url.Value)).toMatch(reference);
    expect(Object.keys(api.findOutputs('*'))).toContain('FrontDoorName');
  });
});

describe('the front door with a custom domain', () => {
  it('serves the domain with its certificate and TLS 1.2', () => {
    const [distribution] = propertiesOf(own.api, 'AWS::CloudFront::Distribution');
    expect(distribution.DistributionConfig).toMatchObject({
      Aliases: ['packages.example'],
      ViewerCertificate: {
        AcmCertificateArn: certificate,
        MinimumProtocolVersion: 'TLSv1.2_2021',
        SslSupportMethod: 'sni-only',
      },
    });
  });

  it('uses the domain in the output of the API and in the ingest service', () => {
    own.api.hasOutput('Url', { Value: 'https://packages.example' });
    const [task] = propertiesOf(own.ingest, 'AWS::ECS::TaskDefinition');
    expect(task.ContainerDefinitions[0].Environment).toContainEqual({
      Name: 'PACKHOUSE_URL',
      Value: 'https://packages.example',
    });
  });
});
