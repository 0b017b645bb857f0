import { managementApi } from '../../api/app.ts';
import { createApp } from '../compose.ts';
import { lambdaHandler } from './lambda-handler.ts';
import { openRegistry } from './open-registry.ts';

const registry = openRegistry();

/** Handles requests for the management API. */
export const handler = lambdaHandler(
  createApp(registry, { formats: [], api: managementApi }),
  registry.settings.url,
);
