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

/** The errors that CloudFront would keep for ten seconds, also where nothing else is kept. */
const KEPT_ERRORS = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/** What a front door stands before. */
export interface FrontDoorProps {
  /** The address of the API: scheme and host. */
  readonly apiEndpoint: string;
  readonly network: NetworkStack;
  /** The name users type and its certificate; without them it is the one that CloudFront gives. */
  readonly domain?: { readonly name: string; readonly certificateArn: string };
}

/**
 * One address for clients: a CloudFront distribution that sends uploads to the ingest service and all else to the API.
 * It keeps nothing. What an answer is depends on who asks, and clients say that in more headers than a cache could be
 * told of; errors are not kept either, or a package that was just published would not be there for ten seconds.
 */
export class FrontDoor extends Construct {
  readonly distribution: Distribution;
  readonly url: string;

  constructor(scope: Construct, id: string, { apiEndpoint, network, domain }: FrontDoorProps) {
    super(scope, id);
    const api = new HttpOrigin(Fn.select(1, Fn.split('://', apiEndpoint)), {
      originId: 'api',
      // The API itself answers within 30 seconds.
      readTimeout: Duration.seconds(35),
    });
    const ingest = VpcOrigin.withVpcOrigin(network.origin, {
      originId: 'ingest',
      domainName: network.loadBalancer.loadBalancerDnsName,
      readTimeout: Duration.seconds(uploadTimes.answer),
      keepaliveTimeout: Duration.seconds(uploadTimes.edgeKeepAlive),
    });
    this.distribution = new Distribution(this, 'Distribution', {
      comment: 'Package registry: uploads to the ingest service, all else to the API',
      defaultBehavior: {
        ...passThrough,
        origin: api,
        functionAssociations: [{ function: this.makeRouting(), eventType: FunctionEventType.VIEWER_REQUEST }],
      },
      // Makes the service an origin, which needs a path of its own in CDK, and shows from outside how it is.
      additionalBehaviors: { '/-/readiness': { ...passThrough, origin: ingest } },
      errorResponses: KEPT_ERRORS.map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) })),
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
      { id: 'AwsSolutions-CFR1', reason: 'Where users may be is not for the registry to decide.' },
      {
        id: 'AwsSolutions-CFR2',
        reason:
          'Every request is authorized; a firewall reads a few KB of a body and costs with each request.',
      },
      {
        id: 'AwsSolutions-CFR3',
        reason:
          'API and server log every request. Logs of CloudFront hold queries too, and some clients put tokens there.',
      },
      {
        id: 'AwsSolutions-CFR4',
        reason: 'The name that CloudFront gives has no other setting; with a domain it is TLS 1.2 and newer.',
      },
    );
  }
}

/**
 * Everything of a request goes on as it came, but for the host: the API knows only its own. HTTP is refused and not
 * redirected, because a client that is redirected has sent its token in the clear already.
 */
const passThrough: Omit<BehaviorOptions, 'origin'> = {
  allowedMethods: AllowedMethods.ALLOW_ALL,
  cachePolicy: CachePolicy.CACHING_DISABLED,
  originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
  viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
  compress: false,
};
