import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { catalog, families } from '../../../services/catalog.ts';
import { propertiesOf, synthesize } from '../synthesize.ts';

const { api } = synthesize();
const routes: string[] = propertiesOf(api, 'AWS::ApiGatewayV2::Route').map((route) => route.RouteKey);

describe('the API', () => {
  it.each(catalog.map(({ id, mounts }) => [id, mounts] as const))(
    'has routes for %s below each of its mounts',
    (id, mounts) => {
      const below = mounts.map(({ path }) => `ANY ${path.replace('{owner}', '{id}')}/{proxy+}`);
      expect(routes).toEqual(expect.arrayContaining(below));
      const own = mounts.filter(({ level }) => level === 'instance').map(({ path }) => `ANY ${path}`);
      expect([id, routes]).toEqual([id, expect.arrayContaining(own)]);
    },
  );

  it("has GitLab's routes for npm", () => {
    expect(routes).toEqual(
      expect.arrayContaining([
        'ANY /api/v4/projects/{id}/packages/npm/{proxy+}',
        'ANY /api/v4/groups/{id}/-/packages/npm/{proxy+}',
        'ANY /api/v4/packages/npm/{proxy+}',
      ]),
    );
  });

  it('sends all other requests to the router', () => {
    expect(routes.filter((route) => route === '$default')).toHaveLength(1);
  });

  it('has no duplicate route and stays below the quota of 300', () => {
    expect(new Set(routes).size).toBe(routes.length);
    expect(routes.length).toBeLessThan(300);
  });

  it('sets WWW-Authenticate in the 401 responses of every function', () => {
    const integrations = propertiesOf(api, 'AWS::ApiGatewayV2::Integration');
    expect(integrations).toHaveLength(families.length + 2);
    for (const integration of integrations) {
      expect(integration).toMatchObject({
        PayloadFormatVersion: '2.0',
        TimeoutInMillis: 29_000,
        ResponseParameters: {
          '401': {
            ResponseParameters: [
              {
                Destination: 'overwrite:header.WWW-Authenticate',
                Source: '$response.header.x-registry-challenge',
              },
            ],
          },
        },
      });
    }
  });

  it('logs below the prefix whose policy does not grow, under a name of the stage', () => {
    for (const stage of ['main', 'dev']) {
      synthesize({ stage }).api.hasResourceProperties('AWS::Logs::LogGroup', {
        LogGroupName: `/aws/vendedlogs/packhouse-${stage}/access`,
      });
    }
  });

  it('serves the root of its host, throttles requests, and keeps paths and queries out of the access log', () => {
    api.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 2000 },
      AccessLogSettings: {
        DestinationArn: Match.anyValue(),
        Format: Match.stringLikeRegexp('context.requestId'),
      },
    });
    const [{ AccessLogSettings }] = propertiesOf(api, 'AWS::ApiGatewayV2::Stage');
    expect(AccessLogSettings.Format).not.toMatch(/query|path|resourceP|authorizer/i);
    expect(JSON.parse(AccessLogSettings.Format)).toMatchObject({ route: '$context.routeKey' });
  });

  it('outputs its URL, the secret of the root token and the command that reads it', () => {
    expect(Object.keys(api.findOutputs('*'))).toEqual(
      expect.arrayContaining(['Url', 'RootTokenSecret', 'RootTokenCommand']),
    );
  });

  it('passes functions the configured URL, and that there is no ingest service', () => {
    const own = synthesize({ url: 'https://packages.example', urlServedElsewhere: true });
    for (const template of [own.api, own.jobs]) {
      for (const { Environment } of propertiesOf(template, 'AWS::Lambda::Function')) {
        expect(Environment.Variables.PACKHOUSE_URL).toBe('https://packages.example');
        expect(Environment.Variables.PACKHOUSE_INGEST).toBe('false');
      }
    }
    own.api.hasOutput('Url', { Value: 'https://packages.example' });
  });
});
