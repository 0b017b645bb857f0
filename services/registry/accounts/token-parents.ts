/** A token that was made with another one ends with it. Its parent is not a token but a lineage, so rotation keeps it. */
import { lineageOf, type Token } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import { ConditionFailed, type Key, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import type { Items } from '../records/read-items.ts';

/** When a lineage ends. Stored once a token has been made with one of its tokens, or one was rotated or revoked. */
interface LineageRecord {
  readonly revoked?: boolean;
  /** The expiry of its latest token, in milliseconds since the epoch; null if that does not expire. */
  readonly endsAt?: number | null;
  /** Whether its tokens were made independent of their own parents, and with them what they made. */
  readonly released?: boolean;
}

/** How many tokens may have made each other in a row. */
const MAX_PARENTS = 8;

/** The keys of a token's parents, for `endOf` and `withParents`. */
export function parentKeys({ parents = [] }: Pick<Token, 'parents'>): Key[] {
  return parents.map((id) => keys.lineage(id));
}

/**
 * A token as it counts: also revoked when a parent is, and expiring when the first of them does. Its parents are those
 * on which it still depends. `items` are those under `parentKeys`.
 */
export function withParents<T extends Token>(token: T, items: Items): T {
  let { revoked, expiresAt } = token;
  const parents: number[] = [];
  for (const id of (token.parents ?? []).toReversed()) {
    const parent = items.get<LineageRecord>(keys.lineage(id));
    parents.unshift(id);
    if (!parent || parent.revoked) revoked = true;
    const endsAt = parent?.endsAt ?? null;
    if (endsAt !== null) expiresAt = Math.min(endsAt, expiresAt ?? endsAt);
    if (parent?.released) break;
  }
  return { ...token, revoked, expiresAt, ownExpiresAt: token.expiresAt, ...(token.parents && { parents }) };
}

/** When a token itself expires, whatever its parents do. */
function ownEndOf({ ownExpiresAt, expiresAt }: Token): number | null {
  return ownExpiresAt === undefined ? expiresAt : ownExpiresAt;
}

/** What a new token made with another one stores, and the check that the other one has not been revoked meanwhile. */
export interface Parentage {
  readonly parents?: readonly number[];
  readonly writes: readonly Write[];
}

/** Prepares a token made with `parent`; without one, it depends on no other token. */
export async function parentageOf(registry: Registry, parent: Token | undefined): Promise<Parentage> {
  if (!parent) return { writes: [] };
  const { parents = [] } = parent;
  if (parents.length >= MAX_PARENTS) {
    throw new RegistryError('forbidden', 'Forbidden - too many tokens in a row have made each other');
  }
  const lineage = lineageOf(parent);
  // Its own parents can get other ends, and end the new token as well.
  await storeLineage(registry, lineage, ownEndOf(parent));
  const check = { check: keys.lineage(lineage), when: { exists: true, equals: { revoked: undefined } } };
  return { parents: [...parents, lineage], writes: [check] };
}

/** A token just made with `parent`, as it counts: it expires no later than that. */
export function endingWith<T extends Token>(token: T, parent: Token | undefined): T {
  const endsAt = parent?.expiresAt ?? null;
  return endsAt === null ? token : { ...token, expiresAt: Math.min(endsAt, token.expiresAt ?? endsAt) };
}

/** Stores a lineage that is not stored yet. One that is may have been rotated since the caller read its token. */
async function storeLineage({ table }: Registry, lineage: number, endsAt: number | null): Promise<void> {
  try {
    await table.write([{ put: { ...keys.lineage(lineage), endsAt }, when: { exists: false } }]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}

/** The write that ends everything that was made with a token. */
export function lineageRevoked(token: Token): Write {
  return { update: keys.lineage(lineageOf(token)), set: { revoked: true } };
}

/** The write that lets everything that was made with a token live as long as its successor. Fails if it was revoked. */
export function lineageRotated(token: Token, endsAt: number): Write {
  const key = keys.lineage(lineageOf(token));
  return { update: key, set: { endsAt }, when: { equals: { revoked: undefined } } };
}

/**
 * The write that makes what was made with a token depend on it alone, no longer on the token's own parents. Fails if it
 * was revoked.
 */
export function lineageReleased(token: Token): Write {
  const set = { released: true, endsAt: ownEndOf(token) };
  return { update: keys.lineage(lineageOf(token)), set, when: { equals: { revoked: undefined } } };
}
