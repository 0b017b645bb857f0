import type { PackageRef, Tag } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { entityOf } from '../records/entities.ts';
import { ranges, tagPosition } from '../records/keys.ts';

/** A page of the tags of a package, in the order of their UTF-8 bytes. */
export interface TagPage {
  readonly tags: readonly Tag[];
  /** Whether further tags follow. */
  readonly more: boolean;
}

/** Lists tags after a text, which need not be a tag. One round trip, whatever the number of tags. */
export async function listTags(
  { table }: Pick<Registry, 'table'>,
  ref: PackageRef,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined },
): Promise<TagPage> {
  const { items, more } = await table.query({
    ...ranges.tags(ref),
    limit,
    ...(after !== undefined && { after: tagPosition(after) }),
  });
  return { tags: items.map((item) => entityOf<Tag>(item)), more };
}
