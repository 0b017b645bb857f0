import { RegistryError } from '../../domain/errors.ts';
import { isAbandoned } from '../packages/claim-version.ts';
import type { StoredVersion } from '../records/entities.ts';
import { newVersionKey, type PublishRule } from './rule.ts';

/**
 * A version that must be new is refused if it exists, or is being made by another publish. An abandoned publish is no
 * obstacle: the next one undoes it.
 */
export const newVersion: PublishRule = {
  keys(publication) {
    const key = newVersionKey(publication);
    return key ? [key] : [];
  },
  check(publication, items, { clock }) {
    const key = newVersionKey(publication);
    const existing = key && items.get<StoredVersion>(key);
    if (existing && !isAbandoned({ clock }, existing)) throw new RegistryError('duplicateVersion');
  },
};
