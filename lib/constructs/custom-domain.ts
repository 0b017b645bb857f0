import {
  ApiMapping,
  DomainName,
  type HttpApi,
  type HttpStage,
  type IHttpApi,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate, CertificateValidation, type ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AaaaRecord,
  ARecord,
  HostedZone,
  type IAliasRecordTarget,
  type IHostedZone,
  RecordTarget,
} from 'aws-cdk-lib/aws-route53';
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import type { StageSettings } from '../settings.ts';

/** The custom domain of a stage, from its `url`, or undefined if the stage does not serve one. */
export function domainOf({ url, urlServedElsewhere }: StageSettings): string | undefined {
  return url?.startsWith('https:') && !urlServedElsewhere ? new URL(url).hostname : undefined;
}

/** Addresses of the custom domain in its hosted zone, if the settings have one. */
export class DomainRecords extends Construct {
  readonly zone: IHostedZone | undefined;
  private readonly domain: string;

  constructor(scope: Construct, id: string, { hostedZoneId, hostedZoneName }: StageSettings, domain: string) {
    super(scope, id);
    this.domain = domain;
    this.zone =
      hostedZoneId && hostedZoneName
        ? HostedZone.fromHostedZoneAttributes(this, 'Zone', { hostedZoneId, zoneName: hostedZoneName })
        : undefined;
  }

  /** Lets the domain lead to a target; over IPv6 as well, if that has such addresses. */
  leadTo(alias: IAliasRecordTarget, { ipv6 }: { readonly ipv6: boolean }): void {
    if (!this.zone) return;
    // The final dot says that the name is complete.
    const props = { zone: this.zone, recordName: `${this.domain}.`, target: RecordTarget.fromAlias(alias) };
    new ARecord(this, 'Ipv4', props);
    if (ipv6) new AaaaRecord(this, 'Ipv6', props);
  }
}

/** The custom domain of an API without a distribution in front: certificate, domain and records. */
export class CustomDomain extends Construct {
  /** The name that the domain must lead to, where there is no hosted zone. */
  readonly target: string;

  constructor(
    scope: Construct,
    id: string,
    settings: StageSettings,
    { domain, api, stage }: { readonly domain: string; readonly api: HttpApi; readonly stage: HttpStage },
  ) {
    super(scope, id);
    const records = new DomainRecords(this, 'Records', settings, domain);
    const name = new DomainName(this, 'Name', {
      domainName: domain,
      certificate: this.makeCertificate(settings.certificate, domain, records.zone),
    });
    new ApiMapping(this, 'Mapping', { api: api as IHttpApi, domainName: name, stage });
    this.target = name.regionalDomainName;
    records.leadTo(new ApiGatewayv2DomainProperties(name.regionalDomainName, name.regionalHostedZoneId), {
      ipv6: false,
    });
  }

  private makeCertificate(
    arn: string | undefined,
    domainName: string,
    zone: IHostedZone | undefined,
  ): ICertificate {
    if (arn !== undefined) return Certificate.fromCertificateArn(this, 'Certificate', arn);
    return new Certificate(this, 'Certificate', {
      domainName,
      validation: CertificateValidation.fromDns(zone),
    });
  }
}
