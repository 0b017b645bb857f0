import type { Key } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { type Items, readItems } from '../records/read-items.ts';
import { duplicates } from './duplicates.ts';
import type { Publication, PublishRule } from './rule.ts';

/** Every rule that may refuse a publish, in the order in which they are asked. */
const rules: readonly PublishRule[] = [duplicates];

/** The rules of one publish: the keys of what they decide by, and the decision. */
export interface PublishRules {
  readonly keys: readonly Key[];
  /** @throws RegistryError when a rule refuses */
  check(items: Items): Promise<void>;
}

/** What the rules must read, and how they decide on it. */
export function publishRules(publication: Publication): PublishRules {
  return {
    keys: rules.flatMap((rule) => rule.keys(publication)),
    async check(items) {
      for (const rule of rules) await rule.check(publication, items);
    },
  };
}

/**
 * Asks the rules ahead of the publish, for callers with much to do before it.
 * @throws RegistryError when a rule refuses
 */
export async function checkPublishRules(registry: Registry, publication: Publication): Promise<void> {
  const { keys, check } = publishRules(publication);
  await check(await readItems(registry.table, keys));
}
