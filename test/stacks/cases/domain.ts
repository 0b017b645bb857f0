import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { propertiesOf, synthesize, synthesizeIngest } from '../synthesize.ts';

const url = 'https://packages.example.com';
const zone = { hostedZoneId: 'Z0123456789ABC', hostedZoneName: 'example.com' };
const certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4444-8888-ffffffffffff';

describe('a custom domain', () => {
  it('without ingest leads to the API, with a certificate that its zone validates', () => {
    const { api } = synthesize({ url, ...zone });
    api.hasResourceProperties('AWS::CertificateManager::Certificate', {
      DomainName: 'packages.example.com',
      DomainValidationOptions: [{ HostedZoneId: zone.hostedZoneId }],
    });
    api.hasResourceProperties('AWS::ApiGatewayV2::DomainName', { DomainName: 'packages.example.com' });
    api.hasResourceProperties('AWS::ApiGatewayV2::ApiMapping', { Stage: Match.anyValue() });
    expect(propertiesOf(api, 'AWS::Route53::RecordSet')).toMatchObject([
      { Name: 'packages.example.com.', Type: 'A', HostedZoneId: zone.hostedZoneId },
    ]);
  });

  it('without a zone takes the given certificate, and outputs the name that it must lead to', () => {
    const own = certificate.replace('us-east-1', 'eu-west-1');
    const { api } = synthesize({ url, certificate: own });
    api.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainNameConfigurations: [Match.objectLike({ CertificateArn: own })],
    });
    expect(propertiesOf(api, 'AWS::Route53::RecordSet')).toEqual([]);
    api.hasOutput('DomainTarget', {});
  });

  it('with ingest leads to the distribution, over IPv4 and IPv6', () => {
    const { api } = synthesizeIngest({ url, certificate, ...zone });
    expect(propertiesOf(api, 'AWS::ApiGatewayV2::DomainName')).toEqual([]);
    const records = propertiesOf(api, 'AWS::Route53::RecordSet');
    expect(records.map(({ Name, Type }) => [Name, Type])).toEqual([
      ['packages.example.com.', 'A'],
      ['packages.example.com.', 'AAAA'],
    ]);
  });

  it('is not made where a proxy serves the url', () => {
    const { api } = synthesize({ url, urlServedElsewhere: true });
    expect(propertiesOf(api, 'AWS::ApiGatewayV2::DomainName')).toEqual([]);
  });
});
