import type { Call } from '../../../http/call.ts';

/**
 * What npm shows whoever publishes (it prints the header `npm-notice` of an answer that is not from its cache), where
 * the host takes small files only. A gateway refuses larger ones itself, without a reason; npm 11 and later ask for the
 * package before they publish, and so their users are told in time.
 */
export function publishNotice({ method, headers }: Request, { registry }: Call) {
  const { hint } = registry.settings.bodyLimit;
  if (hint === '' || method !== 'GET' || headers.get('npm-command') !== 'publish') return undefined;
  return { 'npm-notice': hint.trim(), 'cache-control': 'no-store' };
}
