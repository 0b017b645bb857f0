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

/** AWS's own policies, by the ids that are the same in every account. */
const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const ALL_VIEWER_EXCEPT_HOST_HEADER = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';

describe('the front door', () => {
  it('is there only with the ingest service', () => {
    expect(propertiesOf(synthesize().api, 'AWS::CloudFront::Distribution')).toEqual([]);
  });

  it('keeps nothing, hands on everything but the host, and refuses what is not encrypted', () => {
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

  it('keeps no errors either: a package that was missing may be there a moment later', () => {
    const kept = config.CustomErrorResponses.map((error: { ErrorCode: number }) => error.ErrorCode);
    expect(kept).toEqual([400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]);
    for (const error of config.CustomErrorResponses) {
      expect(error).toEqual({ ErrorCode: error.ErrorCode, ErrorCachingMinTTL: 0 });
    }
  });

  it('sends to the API what its function does not send to the service', () => {
    const { TargetOriginId, FunctionAssociations } = config.DefaultCacheBehavior;
    expect(TargetOriginId).toBe('api');
    expect(FunctionAssociations).toMatchObject([{ EventType: 'viewer-request' }]);
    const [routing] = propertiesOf(api, 'AWS::CloudFront::Function');
    expect(routing.FunctionConfig.Runtime).toBe('cloudfront-js-2.0');
    expect(routing.FunctionCode).toBe(readFileSync(join(root, 'lib/edge/route-uploads.js'), 'utf8'));
    const [, selected] = /selectRequestOriginById\('(\w+)'\)/.exec(routing.FunctionCode) ?? [];
    expect(config.Origins.map((origin: { Id: string }) => origin.Id)).toEqual(['api', selected]);
  });

  it('shows how the service is', () => {
    expect(config.CacheBehaviors).toMatchObject([{ PathPattern: '/-/readiness', TargetOriginId: 'ingest' }]);
  });

  it('reaches the API by TLS and the service inside of AWS, and waits for its answer', () => {
    expect(config.Origins).toMatchObject([
      {
        Id: 'api',
        CustomOriginConfig: {
          OriginProtocolPolicy: 'https-only',
          OriginSSLProtocols: ['TLSv1.2'],
          // The API gives up after 30 seconds itself.
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
    // Nothing limits how long an upload as a whole may take.
    for (const origin of config.Origins) expect(origin).not.toHaveProperty('ResponseCompletionTimeout');
  });

  it('is the address that functions, service and jobs know', () => {
    const name = { 'Fn::GetAtt': [expect.stringMatching(/^FrontDoorDistribution/), 'DomainName'] };
    for (const { Environment } of propertiesOf(api, 'AWS::Lambda::Function')) {
      expect(Environment.Variables.PACKHOUSE_URL).toEqual({ 'Fn::Join': ['', ['https://', name]] });
    }
    // By a weak reference: a strong one would hold the address fast when the service comes or goes.
    const known =
      /"Fn::GetStackOutput":\{"StackName":"packhouse-main-api",.*FrontDoorDistribution\w*DomainName/;
    for (const { Environment } of propertiesOf(jobs, 'AWS::Lambda::Function')) {
      expect(JSON.stringify(Environment.Variables.PACKHOUSE_URL)).toMatch(known);
    }
    const [task] = propertiesOf(ingest, 'AWS::ECS::TaskDefinition');
    const url = task.ContainerDefinitions[0].Environment.find(
      (variable: { Name: string }) => variable.Name === 'PACKHOUSE_URL',
    );
    expect(JSON.stringify(url.Value)).toMatch(known);
    expect(Object.keys(api.findOutputs('*'))).toContain('FrontDoorName');
  });
});

describe('the front door with a name of its own', () => {
  it('answers for it, with its certificate and TLS 1.2', () => {
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

  it('is the address that functions and service know', () => {
    own.api.hasOutput('Url', { Value: 'https://packages.example' });
    const [task] = propertiesOf(own.ingest, 'AWS::ECS::TaskDefinition');
    expect(task.ContainerDefinitions[0].Environment).toContainEqual({
      Name: 'PACKHOUSE_URL',
      Value: 'https://packages.example',
    });
  });
});
