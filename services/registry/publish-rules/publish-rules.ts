import type { Key, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { type Items, readItems } from '../records/read-items.ts';
import { duplicates } from './duplicates.ts';
import { expectedDigests } from './expected-digests.ts';
import { newVersion } from './new-version.ts';
import type { Publication, PublishRule, RuleContext } from './rule.ts';

/** Every rule that may refuse a publish, in the order in which they are checked. */
const rules: readonly PublishRule[] = [newVersion, duplicates, expectedDigests];

/** The rules for one publish: the keys of the items they need, and the check. */
export interface PublishRules {
  readonly keys: readonly Key[];
  /** @throws RegistryError if a rule refuses the publish. */
  check(items: Items): Promise<void>;
  /** Returns the writes of the rules, for the transaction of the publish. */
  writes(items: Items): readonly Write[];
}

/** All rules, applied to one publish. */
export function publishRules(publication: Publication, registry: RuleContext): PublishRules {
  return {
    keys: rules.flatMap((rule) => rule.keys(publication)),
    async check(items) {
      for (const rule of rules) await rule.check(publication, items, registry);
    },
    writes: (items) => rules.flatMap((rule) => rule.writes?.(publication, items) ?? []),
  };
}

/**
 * Checks the rules ahead of the publish, for callers with expensive work to do first.
 * @throws RegistryError if a rule refuses the publish.
 */
export async function checkPublishRules(registry: Registry, publication: Publication): Promise<void> {
  const { keys, check } = publishRules(publication, registry);
  await check(await readItems(registry.table, keys));
}
