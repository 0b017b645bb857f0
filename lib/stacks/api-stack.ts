import {
  CfnOutput,
  CrossStackReferences,
  Duration,
  ReferenceStrength,
  RemovalPolicy,
  Stack,
  type StackProps,
  Validations,
} from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CloudFrontTarget } from 'aws-cdk-lib/aws-route53-targets';
import type { Construct } from 'constructs';
import { families, signingFamilies } from '../../services/catalog.ts';
import { ApiFunction } from '../constructs/api-function.ts';
import { CustomDomain, DomainRecords, domainOf } from '../constructs/custom-domain.ts';
import { FrontDoor } from '../constructs/front-door.ts';
import type { FunctionCode } from '../constructs/registry-function.ts';
import { Stores } from '../constructs/stores.ts';
import { accountRoutes, familyRoutes, managementRoutes } from '../routes.ts';
import type { StageSettings } from '../settings.ts';
import type { DataStack } from './data-stack.ts';
import type { NetworkStack } from './network-stack.ts';
import { linkEnvironment, registryEnvironment, signingEnvironment } from './registry-environment.ts';

/** The format of access log lines. Paths and queries are left out: some clients send tokens in them. */
const accessLog = JSON.stringify({
  time: '$context.requestTime',
  request_id: '$context.requestId',
  client: '$context.identity.sourceIp',
  user_agent: '$context.identity.userAgent',
  method: '$context.httpMethod',
  route: '$context.routeKey',
  status: '$context.status',
  size_bytes: '$context.responseLength',
  duration_ms: '$context.responseLatency',
  function_ms: '$context.integrationLatency',
  error: '$context.integrationErrorMessage',
});

/** The dependencies of an API stack. */
export interface ApiStackProps extends StackProps {
  readonly data: DataStack;
  readonly code: FunctionCode;
  /**
   * The network of the ingest service. With it, clients connect to a distribution in front of the service and the
   * API.
   */
  readonly network?: NetworkStack;
}

/** The public API: an HTTP API, a function per family of formats, the management API, and the router. */
export class ApiStack extends Stack {
  readonly api: HttpApi;
  /**
   * The distribution that clients connect to, if it is not the API. It is in this stack because functions need its
   * URL.
   */
  readonly frontDoor: FrontDoor | undefined;
  /** Every function behind the API, by name. */
  readonly functions: ReadonlyMap<string, ApiFunction>;
  /** The public URL. */
  readonly registryUrl: string;
  private readonly settings: StageSettings;
  private readonly stores: Stores;
  private readonly props: ApiStackProps;

  constructor(
    scope: Construct,
    id: string,
    settings: StageSettings,
    { data, code, network, ...props }: ApiStackProps,
  ) {
    super(scope, id, props);
    this.settings = settings;
    this.props = { data, code };
    this.stores = new Stores(this, 'Stores', { stage: settings.stage, source: data });
    this.api = new HttpApi(this, 'Api', {
      apiName: `packhouse-${settings.stage}`,
      createDefaultStage: false,
    });
    const stage = this.addStage();
    this.frontDoor = network && this.makeFrontDoor(network);
    this.registryUrl = settings.url ?? this.frontDoor?.url ?? this.api.apiEndpoint;
    // The URL changes when the ingest service is added or removed. A strong reference would pin the old one.
    for (const source of [this.api, this.frontDoor?.distribution]) {
      if (source) CrossStackReferences.of(source).produce(ReferenceStrength.WEAK);
    }
    const domain = domainOf(settings);
    if (domain !== undefined) this.addDomain(domain, stage);
    this.functions = this.makeFunctions();
    // A job counts their downloads, and must not prevent the removal of a family.
    for (const { logGroup } of this.functions.values()) {
      CrossStackReferences.of(logGroup).produce(ReferenceStrength.WEAK);
    }
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason:
        'Package clients send credentials only after a challenge in their own dialect, so the functions authorize.',
    });
    this.addOutputs();
  }

  private makeFunctions(): ReadonlyMap<string, ApiFunction> {
    const functions = new Map<string, ApiFunction>();
    for (const family of families) {
      const formats = this.makeFunction(family, `the formats of the family ${family}`);
      formats.serve(familyRoutes(family));
      functions.set(family, formats);
    }
    const api = this.makeFunction('api', 'the management API');
    api.serve(managementRoutes);
    const router = this.makeFunction('router', 'requests that the gateway cannot distinguish');
    router.serve(accountRoutes);
    router.serveTheRest();
    for (const reader of [api, router]) this.stores.audit.grantReads(reader);
    return functions.set('api', api).set('router', router);
  }

  private makeFunction(entry: string, what: string): ApiFunction {
    const { stores } = this;
    const { data, code } = this.props;
    const servesAll = entry === 'api' || entry === 'router';
    const signs = maySign(entry);
    const fn = new ApiFunction(this, entry, {
      entry,
      description: `Package registry: ${what}`,
      code,
      environment: {
        ...registryEnvironment(this.settings, stores, this.registryUrl),
        ...linkEnvironment(this.settings, data),
        ...(signs && signingEnvironment(stores)),
      },
      api: this.api,
      memory: this.settings.requestMemory,
      timeout: Duration.seconds(29),
      logRetentionDays: this.settings.logRetentionDays,
    });
    if (servesAll) stores.registry.grantReadsAndWrites(fn);
    else stores.registry.grantPackageWrites(fn);
    stores.blobs.grantReads(fn);
    stores.blobs.grantPuts(fn);
    if (signs) stores.sealingKey.grantRead(fn.lambda);
    if (this.settings.cloudfrontKeySecret) grantSecret(fn, this.settings.cloudfrontKeySecret);
    return fn;
  }

  private makeFrontDoor(network: NetworkStack): FrontDoor {
    const { url, certificate } = this.settings;
    return new FrontDoor(this, 'FrontDoor', {
      apiEndpoint: this.api.apiEndpoint,
      network,
      ...(url && certificate && { domain: { name: new URL(url).hostname, certificateArn: certificate } }),
    });
  }

  /** Lets the custom domain lead to the distribution, or else to the API. */
  private addDomain(domain: string, stage: HttpStage): void {
    if (this.frontDoor) {
      const records = new DomainRecords(this, 'DomainRecords', this.settings, domain);
      records.leadTo(new CloudFrontTarget(this.frontDoor.distribution), { ipv6: true });
      return;
    }
    const { target } = new CustomDomain(this, 'Domain', this.settings, { domain, api: this.api, stage });
    new CfnOutput(this, 'DomainTarget', {
      value: target,
      description: 'The target of the custom domain, for a CNAME record where there is no hosted zone',
    });
  }

  private addStage(): HttpStage {
    const { settings } = this;
    const logGroup = new LogGroup(this, 'AccessLogs', {
      // The policy that lets services deliver logs is limited in length, unless log groups share this prefix.
      logGroupName: `/aws/vendedlogs/packhouse-${settings.stage}/access`,
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Clients need /v2/ and /api/ at the root of the host, which requires a stage with this name.
    return new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: settings.rateLimit, burstLimit: settings.burstLimit },
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup),
        format: AccessLogFormat.custom(accessLog),
      },
    });
  }

  private addOutputs(): void {
    const { secretArn } = this.stores.rootToken;
    new CfnOutput(this, 'Url', { value: this.registryUrl, description: 'The URL of the registry' });
    new CfnOutput(this, 'ApiEndpoint', {
      value: this.api.apiEndpoint,
      description: 'The URL of the API itself',
    });
    if (this.frontDoor) {
      new CfnOutput(this, 'FrontDoorName', {
        value: this.frontDoor.distribution.distributionDomainName,
        description: 'The domain of the distribution, the target of a custom domain',
      });
    }
    new CfnOutput(this, 'RootTokenSecret', {
      value: secretArn,
      description: 'The secret with the token of the user root',
    });
    new CfnOutput(this, 'RootTokenCommand', {
      value: `aws secretsmanager get-secret-value --secret-id ${secretArn} --query SecretString --output text --region ${this.region}`,
      description: 'Prints the token of the user root',
    });
  }
}

/** Whether a function may sign: it serves a format that signs something. The router serves every format. */
function maySign(entry: string): boolean {
  const signing = signingFamilies();
  return entry === 'router' ? signing.length > 0 : signing.some((family) => family === entry);
}

/** Lets a function read one secret. */
function grantSecret({ lambda }: ApiFunction, arn: string): void {
  lambda.addToRolePolicy(
    new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [arn] }),
  );
}
