import type { ReplyHeaders } from './reply.ts';

/**
 * A header that says that a search did not find all packages that match, because there are too many. No package
 * protocol has a field for this.
 */
export function searchCompleteness({ complete }: { readonly complete: boolean }): ReplyHeaders {
  return complete ? {} : { 'x-incomplete-results': 'true' };
}
