import { join } from 'node:path';
import { Duration, Fn, Validations } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Function as CloudFrontFunction,
  Distribution,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HttpVersion,
  OriginRequestPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, VpcOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Construct } from 'constructs';
import type { NetworkStack } from '../stacks/network-stack.ts';
import { uploadTimes } from '../upload-times.ts';

/** The error statuses that CloudFront caches for ten seconds even with caching disabled. */
const CACHED_ERRORS = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/** The origins and the domain of a front door. */
export interface FrontDoorProps {
  /** The URL of the API: scheme and host. */
  readonly apiEndpoint: string;
  readonly network: NetworkStack;
  /** The custom domain and its certificate. Defaults to the domain that CloudFront assigns. */
  readonly domain?: { readonly name: string; readonly certificateArn: string };
}

/**
 * A single address for clients: a CloudFront distribution that sends uploads to the ingest service and everything
 * else to the API. It caches nothing. Responses depend on the credentials, which clients send in more headers than
 * a cache key can have; errors are not cached either, or a package would stay missing for ten seconds after its
 * publication.
 */
export class FrontDoor extends Construct {
  readonly distribution: Distribution;
  readonly url: string;

  constructor(scope: Construct, id: string, { apiEndpoint, network, domain }: FrontDoorProps) {
    super(scope, id);
    const api = new HttpOrigin(Fn.select(1, Fn.split('://', apiEndpoint)), {
      originId: 'api',
      // The API responds within 30 seconds.
      readTimeout: Duration.seconds(35),
    });
    const ingest = VpcOrigin.withVpcOrigin(network.origin, {
      originId: 'ingest',
      domainName: network.loadBalancer.loadBalancerDnsName,
      readTimeout: Duration.seconds(uploadTimes.answer),
      keepaliveTimeout: Duration.seconds(uploadTimes.edgeKeepAlive),
    });
    this.distribution = new Distribution(this, 'Distribution', {
      comment: 'Package registry: uploads to the ingest service, everything else to the API',
      defaultBehavior: {
        ...passThrough,
        origin: api,
        functionAssociations: [{ function: this.makeRouting(), eventType: FunctionEventType.VIEWER_REQUEST }],
      },
      // In CDK an origin needs a behavior with its own path; this one also exposes the health of the service.
      additionalBehaviors: { '/-/readiness': { ...passThrough, origin: ingest } },
      errorResponses: CACHED_ERRORS.map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) })),
      httpVersion: HttpVersion.HTTP2_AND_3,
      ...(domain && {
        domainNames: [domain.name],
        certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
        minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      }),
    });
    this.url = `https://${domain?.name ?? this.distribution.distributionDomainName}`;
    this.acknowledge();
  }

  private makeRouting(): CloudFrontFunction {
    return new CloudFrontFunction(this, 'RouteUploads', {
      comment: 'Sends uploads to the ingest service',
      runtime: FunctionRuntime.JS_2_0,
      code: FunctionCode.fromFile({ filePath: join(import.meta.dirname, '../edge/route-uploads.js') }),
    });
  }

  private acknowledge(): void {
    Validations.of(this.distribution).acknowledge(
      { id: 'AwsSolutions-CFR1', reason: 'The registry does not restrict where its users are.' },
      {
        id: 'AwsSolutions-CFR2',
        reason:
          'Every request is authorized; a firewall inspects a few KB of each body and charges for every request.',
      },
      {
        id: 'AwsSolutions-CFR3',
        reason:
          'API and server log every request. CloudFront logs include queries, in which some clients send tokens.',
      },
      {
        id: 'AwsSolutions-CFR4',
        reason: 'The default domain of CloudFront has no other setting; a custom domain requires TLS 1.2.',
      },
    );
  }
}

/**
 * Requests are passed through unchanged except for the host, since the API only knows its own. HTTP is refused
 * rather than redirected: a redirected client has already sent its token unencrypted.
 */
const passThrough: Omit<BehaviorOptions, 'origin'> = {
  allowedMethods: AllowedMethods.ALLOW_ALL,
  cachePolicy: CachePolicy.CACHING_DISABLED,
  originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
  viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
  compress: false,
};
