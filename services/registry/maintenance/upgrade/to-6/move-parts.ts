import type { Tag } from '../../../../domain/packages.ts';
import type { Write } from '../../../../ports/table.ts';
import { entityOf, itemOf } from '../../../records/entities.ts';
import { keys, ranges } from '../../../records/keys.ts';
import { queryAll } from '../../../records/query-all.ts';
import type { VersionMove } from './version-move.ts';

/** Returns the writes that move the readme of a version, unless there is one under the normalized text. */
export async function readmeMove({ registry, ref, from, to }: VersionMove): Promise<Write[]> {
  const [own, other] = await registry.table.getMany([keys.readme(ref, from), keys.readme(ref, to)]);
  if (!own) return [];
  const put = itemOf(keys.readme(ref, to), { text: String(own.text) });
  return [{ delete: keys.readme(ref, from) }, ...(other ? [] : [{ put }])];
}

/** Returns the writes that set the tags of a version to the normalized text. */
export async function tagMoves({ registry, ref, from, to }: VersionMove): Promise<Write[]> {
  const items = await queryAll(registry.table, ranges.tags(ref));
  return items
    .filter((item) => entityOf<Tag>(item).version === from)
    .map(({ pk, sk }) => ({ update: { pk, sk }, set: { version: to }, when: { equals: { version: from } } }));
}
