import type { Call } from '../../../http/call.ts';

/**
 * A notice about the size limit for clients that are about to publish, if the host accepts only small files: a
 * gateway refuses larger ones without a reason. npm 11 and later request the packument before they publish, and
 * print the `npm-notice` header of a response that is not from their cache.
 */
export function publishNotice({ method, headers }: Request, { registry }: Call) {
  const { hint } = registry.settings.bodyLimit;
  if (hint === '' || method !== 'GET' || headers.get('npm-command') !== 'publish') return undefined;
  return { 'npm-notice': hint.trim(), 'cache-control': 'no-store' };
}
