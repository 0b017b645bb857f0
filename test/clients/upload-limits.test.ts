import { afterAll, beforeAll, describe } from 'vitest';
import { managementApi } from '../../services/api/app.ts';
import { createApp, createRegistry } from '../../services/runtime/compose.ts';
import { allFormats } from '../../services/runtime/families/all.ts';
import { functionBodyLimit } from '../../services/runtime/lambda/function-limits.ts';
import { lambdaHandler } from '../../services/runtime/lambda/lambda-handler.ts';
import { type Gateway, startGateway } from '../kit/gateway-simulator.ts';
import { startApp } from '../kit/start-app.ts';
import { describeUploadLimits } from './upload-limits.ts';

describe('behind a gateway with the limits of AWS', () => {
  let gateway: Gateway;
  let rootToken: string;
  beforeAll(async () => {
    const app = await startApp();
    rootToken = app.rootToken;
    const options: Parameters<typeof startGateway>[0] & object = {};
    gateway = await startGateway(options);
    const { url } = gateway;
    const limits = { bodyLimit: functionBodyLimit({ ingest: false, url }), deletesBlobs: false };
    const registry = createRegistry(app.registry, { url, ...limits });
    const handler = lambdaHandler(createApp(registry, { formats: allFormats, api: managementApi }), url);
    Object.assign(options, { handler });
  });
  afterAll(() => gateway?.stop());

  describeUploadLimits(() => ({ url: gateway.url, rootToken }), true);
});
