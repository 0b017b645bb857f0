import { catalog, type Family } from '../../catalog.ts';
import type { App } from '../../http/call.ts';
import { addressReader, pathOf } from '../../http/format/address.ts';
import { createApp } from '../compose.ts';
import { familyApp } from './family-handler.ts';
import { lambdaHandler } from './lambda-handler.ts';
import { openRegistry } from './open-registry.ts';

const registry = openRegistry(async () => (await import('../families/all.ts')).allFormats);

/** Loads the app of each part of the registry on its first request. */
const load: Readonly<Record<Family | 'api', () => Promise<App>>> = {
  files: async () => familyApp(registry, (await import('../families/files.ts')).formats),
  containers: async () => familyApp(registry, (await import('../families/containers.ts')).formats),
  dotnet: async () => familyApp(registry, (await import('../families/dotnet.ts')).formats),
  js: async () => familyApp(registry, (await import('../families/js.ts')).formats),
  jvm: async () => familyApp(registry, (await import('../families/jvm.ts')).formats),
  python: async () => familyApp(registry, (await import('../families/python.ts')).formats),
  api: async () =>
    createApp(registry, { formats: [], api: (await import('../../api/app.ts')).managementApi }),
};

const apps = new Map<Family | 'api', Promise<App>>();

const readAddress = addressReader(catalog);

/** Handles any request: the gateway sends here what its routes can't distinguish. */
export const handler = lambdaHandler(async (request, host) => {
  const format = readAddress(host.path ?? pathOf(request.url))?.format;
  const part = catalog.find((entry) => entry.id === format)?.family ?? 'api';
  const app = apps.get(part) ?? load[part]();
  apps.set(part, app);
  return (await app)(request, host);
}, registry.settings.url);
