import { ArnFormat, Stack } from 'aws-cdk-lib';
import { CfnIntegration, CfnRoute, type HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { RegistryFunction, type RegistryFunctionProps } from './registry-function.ts';

/**
 * Some AWS frontends rename the `WWW-Authenticate` header of a 401, which docker, nuget, maven and gradle need to
 * sign in. The functions send a copy in a custom header, from which the gateway restores it.
 */
const restoreChallenge = {
  '401': {
    ResponseParameters: [
      { Destination: 'overwrite:header.WWW-Authenticate', Source: '$response.header.x-registry-challenge' },
    ],
  },
};

/** A function that handles requests of an HTTP API. */
export class ApiFunction extends RegistryFunction {
  private readonly api: HttpApi;
  private readonly integration: CfnIntegration;

  constructor(scope: Construct, id: string, { api, ...props }: RegistryFunctionProps & { api: HttpApi }) {
    super(scope, id, props);
    this.api = api;
    this.integration = new CfnIntegration(this, 'Integration', {
      apiId: api.apiId,
      integrationType: 'AWS_PROXY',
      integrationUri: this.lambda.functionArn,
      payloadFormatVersion: '2.0',
      timeoutInMillis: props.timeout.toMilliseconds(),
      responseParameters: restoreChallenge,
    });
    // A single permission for the whole API: one per route would exceed the 20 KB limit of a function's policy.
    this.lambda.addPermission('Invoke', {
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: Stack.of(this).formatArn({
        service: 'execute-api',
        resource: api.apiId,
        resourceName: '*/*',
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      }),
    });
  }

  /** Routes requests of any method for these paths to the function. */
  serve(paths: readonly string[]): void {
    for (const path of paths) this.addRoute(path, `ANY ${path}`);
  }

  /** Routes all remaining requests to the function. */
  serveTheRest(): void {
    this.addRoute('Default', '$default');
  }

  private addRoute(id: string, routeKey: string): void {
    new CfnRoute(this, `Route ${id.replaceAll('/', ' ').trim()}`, {
      apiId: this.api.apiId,
      routeKey,
      target: `integrations/${this.integration.ref}`,
      authorizationType: 'NONE',
    });
  }
}
