import type { PendingTokenUses } from '../../registry/accounts/token-uses.ts';
import { recordTokenUse } from '../../registry/accounts/token-uses.ts';
import type { Registry } from '../../registry/context.ts';

/** Writes the uses of tokens. After a failure, the rest waits for the next flush, and the tokens' next uses. */
export async function flushTokenUses(registry: Registry, pending: PendingTokenUses): Promise<void> {
  const uses = [...pending.take()];
  try {
    for (let use = uses.pop(); use; use = uses.pop()) {
      try {
        await recordTokenUse(registry, use, use.at);
      } catch (error) {
        uses.push(use);
        throw error;
      }
    }
  } finally {
    for (const use of uses) pending.used(use, use.at);
  }
}
