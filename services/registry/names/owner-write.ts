import type { Condition, Write } from '../../ports/table.ts';
import { itemOf, type NameOwner } from '../records/entities.ts';
import { indexes, inIndex1, keys } from '../records/keys.ts';

/** Returns the write of a name's owner. */
export function ownerWrite(owner: Omit<NameOwner, 'changedAt'>, now: number, when: Condition): Write {
  const { format, name } = owner;
  const index = inIndex1(indexes.ownedNames(format).pk, name);
  return { put: itemOf(keys.nameOwner(format, name), { ...owner, changedAt: now }, index), when };
}
