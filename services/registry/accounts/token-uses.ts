import type { Token } from '../../domain/accounts.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { findTokenById } from './list-tokens.ts';

/** How much later a use must be than the last recorded one to be recorded, in milliseconds: a write per hour. */
export const USE_INTERVAL = 3600 * 1000;

/** A use of a token that is worth recording: the digest of its secret, and when it was last used before. */
export interface TokenUse {
  readonly id: number;
  readonly sha256: string;
  readonly before: number | null;
}

/** Gets the uses of tokens. How they get into the table is up to the host; no request waits for that. */
export interface TokenUseRecorder {
  used(use: TokenUse, at: number): void;
}

/** A recorder that records nothing, for processes that serve nothing. */
export const noTokenUses: TokenUseRecorder = { used() {} };

/** Whether a use at `at` (milliseconds) is to be recorded. */
export function isWorthRecording({ lastUsedAt }: Token, at: number): boolean {
  return lastUsedAt === null || at - lastUsedAt >= USE_INTERVAL;
}

/** How many tokens may be waiting to be written. */
const MAX_PENDING = 50_000;

/** Uses in memory that the table does not have yet. What is not written is lost when the process is killed. */
export interface PendingTokenUses extends TokenUseRecorder {
  /** The uses to write, each token once. They are forgotten here. */
  take(): readonly (TokenUse & { readonly at: number })[];
}

/** Keeps the first use of each token until it is taken. */
export function pendingTokenUses(): PendingTokenUses {
  let pending = new Map<string, TokenUse & { readonly at: number }>();
  return {
    used(use, at) {
      if (!pending.has(use.sha256) && pending.size < MAX_PENDING) pending.set(use.sha256, { ...use, at });
    },
    take() {
      const taken = [...pending.values()];
      pending = new Map();
      return taken;
    },
  };
}

/** Records a use, unless another process has recorded one or the token is gone. */
export async function recordTokenUse({ table }: Registry, use: TokenUse, at: number): Promise<void> {
  try {
    await table.update(
      keys.token(use.sha256),
      { set: { lastUsedAt: at } },
      { exists: true, equals: { lastUsedAt: use.before } },
    );
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}

/** Records a use of a token by its id, which is all that is logged. */
export async function recordTokenUseById(registry: Registry, id: number, at: number): Promise<void> {
  const stored = await findTokenById(registry, id);
  if (!stored || !isWorthRecording(stored.token, at)) return;
  const { sha256, token } = stored;
  await recordTokenUse(registry, { id, sha256, before: token.lastUsedAt }, at);
}
