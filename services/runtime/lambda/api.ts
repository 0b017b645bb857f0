import { managementApi } from '../../api/app.ts';
import { createApp } from '../compose.ts';
import { lambdaHandler } from './lambda-handler.ts';
import { openRegistry } from './open-registry.ts';

const registry = openRegistry(async () => (await import('../families/all.ts')).allFormats);

/** Handles requests for the management API. */
export const handler = lambdaHandler(
  createApp(registry, { formats: [], api: managementApi }),
  registry.settings.url,
);
