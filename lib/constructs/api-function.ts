import { ArnFormat, Stack } from 'aws-cdk-lib';
import { CfnIntegration, CfnRoute, type HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { RegistryFunction, type RegistryFunctionProps } from './registry-function.ts';

/**
 * Some of AWS's front doors rename the challenge of a 401 on its way out, and docker, nuget, maven and gradle can't
 * sign in without it. The functions send a copy in a header of our own, from which it is written anew.
 */
const restoreChallenge = {
  '401': {
    ResponseParameters: [
      { Destination: 'overwrite:header.WWW-Authenticate', Source: '$response.header.x-registry-challenge' },
    ],
  },
};

/** A function that answers requests of an HTTP API. */
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
    // One permission for the whole API: one per route would outgrow the 20 KB that a function's policy may have.
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

  /** Sends requests of any method for these paths to the function. */
  serve(paths: readonly string[]): void {
    for (const path of paths) this.addRoute(path, `ANY ${path}`);
  }

  /** Sends to the function what no route names. */
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
