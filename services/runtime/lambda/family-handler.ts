import { RegistryError } from '../../domain/errors.ts';
import type { App } from '../../http/call.ts';
import type { Format } from '../../http/format/format.ts';
import type { Registry } from '../../registry/context.ts';
import { createApp } from '../compose.ts';
import { type HttpHandler, lambdaHandler } from './lambda-handler.ts';
import { openRegistry } from './open-registry.ts';

/** The handler of a function that serves only these formats. */
export function familyHandler(formats: readonly Format[]): HttpHandler {
  const registry = openRegistry(async () => formats);
  return lambdaHandler(familyApp(registry, formats), registry.settings.url);
}

/**
 * The app of a function that serves only these formats. Other paths arrive here only if no function handles them.
 */
export function familyApp(registry: Registry, formats: readonly Format[]): App {
  // The core asks for the rules of the formats whose packages it changes.
  const own = { ...registry, formats: async () => formats };
  return createApp(own, {
    formats,
    api() {
      throw new RegistryError('routeNotFound');
    },
  });
}
