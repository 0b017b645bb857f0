/** Shared by the resources of tokens: expiry, scopes, and the filters of their lists. */
import * as z from 'zod';
import { accessTokenScopes } from '../domain/access.ts';
import { type AccessToken, isActive, type Token } from '../domain/accounts.ts';
import { RegistryError } from '../domain/errors.ts';
import type { Walk } from '../registry/accounts/list-accounts.ts';
import type { StoredToken } from '../registry/accounts/list-tokens.ts';
import { type PageOf, pageOf, paging, rowsById, sortedRows } from './paginate.ts';
import { day, filledText, flag, listOf, moment, text } from './params.ts';
import type { ApiContext, SignedIn } from './request.ts';

const DAY = 24 * 3600 * 1000;

/** The maximum lifetime of an access token, in days. */
const MAX_LIFETIME = 365;

/** The default lifetime of a rotated token, in days. */
const ROTATED_LIFETIME = 7;

const sorts = ['created', 'expires', 'last_used', 'name'].flatMap((by) => [`${by}_asc`, `${by}_desc`]);

/** A list of at least one scope, without duplicates. */
export function scopeList<const T extends readonly string[]>(scopes: T) {
  const list = listOf(z.enum(scopes)).refine((values) => values.length > 0, 'is empty');
  return list.transform((values) => [...new Set(values)]);
}

/** The parameters of a new access token. `independent`: it does not end with the token it is made with. */
export const newAccessToken = {
  name: filledText,
  description: text.optional(),
  scopes: scopeList(accessTokenScopes),
  expires_at: day.optional(),
  independent: flag.default(false),
};

/**
 * The token that a new token is made with and ends with. Undefined for one that is to be independent of it, which only
 * an administrator may ask for, with a token of their own.
 * @throws RegistryError `forbidden` for anybody else
 */
export function parentOf(principal: SignedIn, independent: boolean): Token | undefined {
  const { token, user, impersonator = user } = principal;
  if (!independent) return token;
  if (impersonator.admin && token.kind === 'personal') return undefined;
  throw new RegistryError(
    'forbidden',
    'Forbidden - only administrators can make tokens that do not end with the one they are made with',
  );
}

/** The parameters of a rotation. */
export const rotation = z.object({ expires_at: day.optional() });

/** The parameters of lists of access tokens. */
export const tokenListParams = z.object({
  ...paging,
  state: z.enum(['active', 'inactive']).optional(),
  revoked: flag.optional(),
  search: text.optional(),
  created_after: moment.optional(),
  created_before: moment.optional(),
  expires_after: moment.optional(),
  expires_before: moment.optional(),
  last_used_after: moment.optional(),
  last_used_before: moment.optional(),
  sort: z.enum(sorts).default('created_asc'),
});

type TokenListParams = z.infer<typeof tokenListParams>;

/**
 * Returns when a new token expires, in milliseconds since the epoch: at midnight UTC of the given day, by default
 * as late as allowed.
 * @throws RegistryError when the day is in the past or too far in the future
 */
export function expiryOf(c: ApiContext, requestedDay: string | null | undefined): number {
  return checkedExpiry(c, requestedDay, MAX_LIFETIME);
}

/** Like `expiryOf`, for a token that a user makes for themselves: by default at the end of the day. */
export function ownExpiryOf(c: ApiContext, requestedDay: string | null | undefined): number {
  return checkedExpiry(c, requestedDay, 1);
}

/** Like `expiryOf`, for a rotated token: by default in a week. */
export function rotatedExpiryOf(c: ApiContext, requestedDay: string | null | undefined): number {
  return checkedExpiry(c, requestedDay, ROTATED_LIFETIME);
}

function checkedExpiry(c: ApiContext, requestedDay: string | null | undefined, defaultDays: number): number {
  const now = c.env.registry.clock.now();
  const today = now - (now % DAY);
  if (requestedDay === null || requestedDay === undefined) return today + defaultDays * DAY;
  const time = Date.parse(requestedDay);
  if (time <= now) throw invalidExpiry('must be in the future');
  if (time > today + MAX_LIFETIME * DAY) throw invalidExpiry(`must be at most ${MAX_LIFETIME} days from now`);
  return time;
}

function invalidExpiry(reason: string): RegistryError {
  return new RegistryError('invalidRequest', `expires_at ${reason}`, { fields: { expires_at: [reason] } });
}

/** The requested page of access tokens that pass the filters. In the order of creation, only the page is read. */
export function tokenPage(
  c: ApiContext,
  params: TokenListParams,
  walk: (walk: Walk) => AsyncIterable<StoredToken>,
  isWanted: (stored: StoredToken) => stored is StoredToken<AccessToken>,
): Promise<PageOf<AccessToken>> {
  const now = c.env.registry.clock.now();
  async function* passing(each: Walk = {}): AsyncGenerator<AccessToken> {
    for await (const stored of walk(each)) {
      if (isWanted(stored) && passes(stored.token, params, now)) yield stored.token;
    }
  }
  const order = params.sort.replace(/_(?:asc|desc)$/, '');
  const descending = params.sort.endsWith('_desc');
  const id = (token: AccessToken) => token.id;
  const rows =
    order === 'created'
      ? rowsById(params, descending, id, passing)
      : sortedRows(passing(), { by: (token) => orderValue(token, order), id, descending });
  return pageOf(c, params, rows);
}

function passes(token: AccessToken, params: TokenListParams, now: number): boolean {
  const { state, revoked, search } = params;
  if (state !== undefined && (state === 'active') !== isActive(token, now)) return false;
  if (revoked !== undefined && token.revoked !== revoked) return false;
  if (search !== undefined && !token.name.toLowerCase().includes(search.toLowerCase())) return false;
  return (
    within(token.createdAt, params.created_after, params.created_before) &&
    within(token.expiresAt, params.expires_after, params.expires_before) &&
    within(token.lastUsedAt, params.last_used_after, params.last_used_before)
  );
}

function within(time: number | null, after: number | undefined, before: number | undefined): boolean {
  if (after === undefined && before === undefined) return true;
  return time !== null && (after === undefined || time > after) && (before === undefined || time < before);
}

function orderValue(token: AccessToken, order: string): string | number {
  if (order === 'name') return token.name;
  if (order === 'expires') return token.expiresAt ?? Number.MAX_SAFE_INTEGER;
  return token.lastUsedAt ?? 0;
}
